//! Invisible characters: the check that refuses them in names.

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_properties::UnicodeEmoji;
use unicode_script::{Script, UnicodeScript};
use wire::Refusal;

/// Refuses invisible characters, but those that join or select what is beside them: joiners in scripts that need them
/// and in emoji (RFC 5892 A.1 and A.2), variation selectors of emoji and ideographs, tags of flags.
pub(super) fn check(name: &str) -> Result<(), Refusal> {
    let mut before = Before::default();
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        if is_private(c) || is_ignorable(c) && !before.allows(c, rest.peek().copied()) {
            return Err(Refusal::NameHasControls);
        }
        before.note(c);
    }
    Ok(())
}

/// Returns true for invisible characters: `Default_Ignorable_Code_Point` of Unicode 16 (`DerivedCoreProperties.txt`),
/// and the empty braille pattern.
pub(super) const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns true for private-use characters: fonts differ in what they show for these, if anything.
const fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

const JOINER: char = '\u{200d}';

/// The part of a name before a character.
#[derive(Default)]
struct Before {
    last: Option<char>,
    /// The last character that is not a combining mark.
    base: Option<char>,
    /// The last visible character.
    ink: Option<char>,
}

impl Before {
    fn note(&mut self, c: char) {
        self.last = Some(c);
        if !is_combining_mark(c) {
            self.base = Some(c);
        }
        if !is_ignorable(c) {
            self.ink = Some(c);
        }
    }

    /// Returns true if an invisible character has an effect between what is before it and what is next.
    fn allows(&self, c: char, next: Option<char>) -> bool {
        let Some(last) = self.last else { return false };
        match c {
            '\u{200c}' | JOINER => {
                canonical_combining_class(last) == VIRAMA
                    || self.base.is_some_and(joins) && next.is_some_and(joins)
                    || c == JOINER && self.ink.is_some_and(is_emoji) && next.is_some_and(is_emoji)
            }
            '\u{fe0e}' | '\u{fe0f}' => is_emoji(last) || next == Some('\u{20e3}'),
            '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => last.script() == Script::Han,
            '\u{180b}'..='\u{180f}' => last.script() == Script::Mongolian,
            '\u{e0020}'..='\u{e007f}' => self.ink == Some('🏴'),
            _ => false,
        }
    }
}

/// The canonical combining class of viramas (Unicode Character Database, table 5.7.4).
const VIRAMA: u8 = 9;

/// Returns true for letters whose shape depends on their neighbours.
fn joins(c: char) -> bool {
    matches!(
        c.script(),
        Script::Arabic
            | Script::Syriac
            | Script::Mandaic
            | Script::Nko
            | Script::Mongolian
            | Script::Phags_Pa
            | Script::Manichaean
            | Script::Adlam
            | Script::Hanifi_Rohingya
            | Script::Sogdian
    )
}

/// Returns true for emoji; digits and signs of ASCII are emoji only before U+20E3.
fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_stand_only_where_they_join() {
        for honest in [
            "Zoë 👩‍💻",
            "❤️ ann",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Fiona",
            "می‌خواهم",
            "क्‍ष",
            "श्रीमान्‌जी",
            "葛\u{e0100}城",
            "#️⃣ one",
            "👩🏽‍🚀",
            "🏳️‍🌈",
        ] {
            assert_eq!(check(honest), Ok(()), "{honest:?}");
        }
        for bad in [
            "Mark\u{200b}",
            "\u{200b}Mark",
            "Ma\u{200d}rk",
            "Ma\u{200c}rk",
            "Mark\u{feff}",
            "Mark\u{ad}",
            "Mark\u{2060}",
            "Mark\u{3164}",
            "Mark\u{2800}",
            "Mark\u{fe0f}",
            "Mark1\u{fe0f}",
            "Mark\u{e0041}",
            "Mark\u{180e}",
            "Mark\u{34f}",
            "山\u{200d}田",
            "سارا\u{200c}",
            "Mark \u{200d}👩",
            "Mark\u{e000}",
            "\u{200d}\u{200d}",
        ] {
            assert_eq!(check(bad), Err(Refusal::NameHasControls), "{bad:?}");
        }
    }
}
