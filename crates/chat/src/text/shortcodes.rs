//! Shortcodes: the names of emoji, such as `:tada:`.

use wire::{Block, Inline, RichText};

use super::words::is_in_word;

/// The most suggestions.
const MOST: usize = 8;

/// The suggestions before anything is typed.
const COMMON: [&str; 32] = [
    "thumbsup",
    "heart",
    "joy",
    "tada",
    "open_mouth",
    "cry",
    "eyes",
    "white_check_mark",
    "smile",
    "grin",
    "wink",
    "sweat_smile",
    "thinking",
    "pray",
    "clap",
    "wave",
    "fire",
    "rocket",
    "100",
    "ok_hand",
    "muscle",
    "raised_hands",
    "sunglasses",
    "sob",
    "rage",
    "sleeping",
    "coffee",
    "cake",
    "beers",
    "bulb",
    "warning",
    "x",
];

/// An emoji and its name.
pub type Named = (String, String);

/// Returns emoji whose names contain these words, names that begin with them first; common ones without words. Source
/// of the names: GitHub's gemoji.
pub(crate) fn find(words: &str) -> Vec<Named> {
    let words = words.trim().to_lowercase();
    if words.is_empty() {
        let common =
            COMMON.iter().filter_map(|name| emojis::get_by_shortcode(name).map(|emoji| (emoji, *name)));
        return common.map(named).collect();
    }
    let mut found: Vec<(usize, &emojis::Emoji, &str)> = emojis::iter()
        .flat_map(|emoji| emoji.shortcodes().map(move |name| (emoji, name)))
        .filter_map(|(emoji, name)| Some((name.find(&words)?.min(1) * 100 + name.len(), emoji, name)))
        .collect();
    found.sort_by_key(|(rank, _, name)| (*rank, *name));
    found.dedup_by_key(|(_, emoji, _)| emoji.as_str());
    found.into_iter().take(MOST).map(|(_, emoji, name)| named((emoji, name))).collect()
}

/// Returns the emoji with a name.
pub(crate) fn named_emoji(name: &str) -> Option<&'static str> {
    emojis::get_by_shortcode(name).map(emojis::Emoji::as_str)
}

/// Replaces each `:name:` that is the name of an emoji and a word of its own. In code, links, words, numbers and paths
/// a colon stays a colon.
pub(crate) fn replace(said: &mut RichText) {
    blocks(&mut said.blocks);
}

fn named((emoji, name): (&emojis::Emoji, &str)) -> Named {
    (emoji.as_str().to_owned(), name.to_owned())
}

fn blocks(of: &mut [Block]) {
    for block in of {
        match block {
            Block::P(of) => inlines(of),
            Block::Quote(of) => blocks(of),
            Block::List { items, .. } => items.iter_mut().for_each(|item| blocks(item)),
            Block::Code { .. } => {}
        }
    }
}

fn inlines(of: &mut [Inline]) {
    for inline in of {
        match inline {
            Inline::T(text) if text.contains(':') => *text = with_emoji(text),
            Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) => inlines(of),
            _ => {}
        }
    }
}

fn with_emoji(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    // A name may follow the colon that ends another.
    let mut follows_emoji = false;
    while let Some((before, after)) = rest.split_once(':') {
        done.push_str(before);
        let begins = follows_emoji && before.is_empty() || !ends_in_word(&done);
        match emoji_name(after).filter(|_| begins) {
            Some((emoji, after)) => {
                done.push_str(emoji.as_str());
                (rest, follows_emoji) = (after, true);
            }
            None => {
                done.push(':');
                (rest, follows_emoji) = (after, false);
            }
        }
    }
    done.push_str(rest);
    done
}

/// Returns the emoji whose name is at the beginning of a text, and the rest after its colon, which must not continue a
/// word, a number or a path.
fn emoji_name(text: &str) -> Option<(&'static emojis::Emoji, &str)> {
    let (emoji, after) = closed_name(text)?;
    let ends = match after.strip_prefix(':') {
        Some(next) => closed_name(next).is_some(),
        None => !after.starts_with(|next| is_in_word(next) || matches!(next, '_' | '/' | '\\')),
    };
    ends.then_some((emoji, after))
}

fn closed_name(text: &str) -> Option<(&'static emojis::Emoji, &str)> {
    let is_part = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(b);
    let name = &text[..text.bytes().take_while(is_part).count()];
    let after = text[name.len()..].strip_prefix(':')?;
    Some((emojis::get_by_shortcode(name)?, after))
}

/// Returns true if a colon after this text belongs to a word, a number or a path.
fn ends_in_word(text: &str) -> bool {
    text.ends_with(|last| is_in_word(last) || matches!(last, '_' | '/' | '\\' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Named, read};

    fn said(text: &str) -> RichText {
        read(text, &Named::default())
    }

    #[test]
    fn a_name_between_colons_is_its_emoji() {
        for (text, shown) in [
            ("well done :tada:!", "well done 🎉!"),
            (":+1::+1:", "👍👍"),
            ("(:tada:)", "(🎉)"),
            ("做得好:tada:谢谢", "做得好🎉谢谢"),
            ("great.:tada:", "great.🎉"),
            ("warning: :fire:", "warning: 🔥"),
        ] {
            assert_eq!(said(text), RichText::plain(shown), "{text}");
        }
    }

    #[test]
    fn a_colon_in_a_word_a_number_or_an_address_stays_one() {
        for text in [
            "12:30:45",
            "10:100:45",
            "a:smile:b",
            "é:smile:",
            ":smile:é",
            "2001:db8:100::1",
            "fe80::100:1",
            "::100:1",
            "std::fire::x",
            "::fire::",
            "/users/:id:/edit",
            "x_:x:",
            ":x:_",
            "a :no_such_name: b",
            "::",
            ":",
            "see: this",
        ] {
            assert_eq!(said(text), RichText::plain(text), "{text}");
        }
        for text in ["`:tada:`", "```\n:tada:\n```", "https://a.example/:tada:/x"] {
            assert!(!format!("{:?}", said(text)).contains('🎉'), "{text}");
        }
    }

    #[test]
    fn emoji_are_found_by_the_beginning_of_their_name_first() {
        let names = |words: &str| find(words).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("tada"), ["tada"]);
        assert!(names("smil").iter().all(|name| name.contains("smil")));
        assert_eq!(names("smil")[0], "smile");
        assert_eq!(names("").len(), COMMON.len(), "every common one has a name");
        assert!(names("no such emoji").is_empty());
    }
}
