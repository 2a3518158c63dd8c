//! Visible text: tells invisible characters apart.

/// Returns true if a text shows anything on a screen: it has a character that is neither white space nor invisible.
///
/// Invisible are control characters, everything with the Unicode property `Default_Ignorable_Code_Point` (zero-width
/// and direction characters, soft hyphens, variation selectors, tags, Hangul fillers), and a few that are drawn as
/// nothing. Source: `DerivedCoreProperties.txt` of Unicode 17.
#[must_use]
pub fn has_visible_text(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Returns true if a character is drawn as something. White space and invisible characters are not.
#[must_use]
pub fn is_visible(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_graphic();
    }
    !letter.is_whitespace() && !letter.is_control() && !is_ignorable(letter) && !is_blank(letter)
}

/// Returns true if a character has the property `Default_Ignorable_Code_Point`.
#[must_use]
pub const fn is_ignorable(letter: char) -> bool {
    matches!(
        letter as u32,
        0xad | 0x34f
            | 0x61c
            | 0x115f..=0x1160
            | 0x17b4..=0x17b5
            | 0x180b..=0x180f
            | 0x200b..=0x200f
            | 0x202a..=0x202e
            | 0x2060..=0x206f
            | 0x3164
            | 0xfe00..=0xfe0f
            | 0xfeff
            | 0xffa0
            | 0xfff0..=0xfff8
            | 0x1_bca0..=0x1_bca3
            | 0x1_d173..=0x1_d17a
            | 0xe_0000..=0xe_0fff
    )
}

/// Braille without dots, annotation marks, hieroglyph joiners, the Khitan filler and the musical null notehead are drawn
/// as nothing; so are the noncharacters.
const fn is_blank(letter: char) -> bool {
    let code = letter as u32;
    matches!(code, 0x2800 | 0xfff9..=0xfffb | 0x1_3430..=0x1_343f | 0x1_6fe4 | 0x1_d159 | 0xfdd0..=0xfdef)
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_nothing() {
        for nothing in [
            "",
            " \n\t",
            "\u{a0}\u{3000}\u{2003}\u{2028}",
            "\u{200b}\u{200d}\u{2060}\u{feff}",
            "\u{2800}",
            "\u{3164}\u{115f}\u{1160}\u{ffa0}",
            "\u{fe0f}\u{e0100}\u{180b}",
            "\u{e0041}\u{e007f}",
            "\u{ad}\u{34f}\u{61c}\u{202e}\u{2069}",
            "\u{0}\u{7f}\u{9f}",
            "\u{1d159}\u{fffb}\u{fdd0}\u{10ffff}",
        ] {
            assert!(!has_visible_text(nothing), "{}", nothing.escape_unicode());
        }
    }

    #[test]
    fn what_is_drawn_is_something() {
        for something in
            ["x", "\u{200b}.\u{200b}", "茶", "שלום", "❤\u{fe0f}", "\u{2801}", "ㅤ!", "\u{301}", "\u{e000}"]
        {
            assert!(has_visible_text(something), "{}", something.escape_unicode());
        }
    }
}
