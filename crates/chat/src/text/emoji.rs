//! Emoji: the canonical spelling of each.

use std::collections::HashMap;
use std::sync::LazyLock;

use wire::{Emoji, Refusal};

/// The fully-qualified form of each emoji by its form without variation selectors. The table of the library confuses
/// some skin tones.
static KEYS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let tones = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten().chain([emoji]);
    emojis::iter().flat_map(tones).map(|emoji| (bare(emoji.as_str()), emoji.as_str())).collect()
});

/// Returns the canonical spelling of an emoji: the fully-qualified form of `emoji-test.txt`. Forms without a variation
/// selector, or with that for text, are the same emoji; skin tones are others.
///
/// # Errors
/// [`Refusal::EmojiBad`] for anything that is not listed there, such as letters, arrows and single parts of emoji.
pub(crate) fn canonical(emoji: &Emoji) -> Result<Emoji, Refusal> {
    Emoji::new(KEYS.get(&bare(emoji.as_str())).ok_or(Refusal::EmojiBad)?)
}

/// Returns true if two are one emoji in two spellings.
pub(crate) fn is_same(one: &Emoji, other: &Emoji) -> bool {
    one == other || canonical(one).is_ok_and(|one| canonical(other).is_ok_and(|other| one == other))
}

fn bare(emoji: &str) -> String {
    emoji.replace(['\u{fe0e}', '\u{fe0f}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        Emoji::new(text).and_then(|emoji| canonical(&emoji)).ok().map(|emoji| emoji.to_string())
    }

    #[test]
    fn every_listed_emoji_is_its_own_key_however_it_is_spelled() {
        for emoji in emojis::iter().flat_map(|emoji| emoji.skin_tones().into_iter().flatten().chain([emoji]))
        {
            let full = emoji.as_str();
            assert_eq!(key(full).as_deref(), Some(full), "{full}");
            assert_eq!(key(&bare(full)).as_deref(), Some(full), "{full} without its selector");
            assert_eq!(key(&full.replace('\u{fe0f}', "\u{fe0e}")).as_deref(), Some(full), "{full} as text");
        }
    }

    #[test]
    fn skin_tones_are_emoji_of_their_own_and_what_is_none_is_refused() {
        assert_ne!(key("👍🏽"), key("👍"));
        assert_eq!(key("❤"), key("❤\u{fe0f}"));
        for none in [
            "\u{2800}",
            "→",
            "·",
            "1",
            "a",
            "日",
            "🏽",
            "🇩",
            "👍👍",
            "👍\u{200d}",
            "\u{fe0f}",
            "ⓐ",
            "√",
            "�",
            "𝄞",
        ] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
