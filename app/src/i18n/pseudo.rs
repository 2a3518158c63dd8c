//! Pseudo-locales for tests: languages made of English by rule.
//!
//! The accented one has accents, is a third longer and stands in brackets: a text that does not look like that on the
//! page does not come from the texts, and a layout in which it has no room has none for other languages. The mirrored one
//! runs from right to left.

use super::language::{Direction, plural_rule};
use super::table::Table;
use super::template::{braced, placeholder, variant};

/// A pseudo-language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pseudo {
    /// Accented, longer, in brackets.
    Accented,
    /// From right to left.
    Mirrored,
}

impl Pseudo {
    pub(super) const ALL: [Self; 2] = [Self::Accented, Self::Mirrored];

    /// Returns the tag of the pseudo-locale, as CLDR has it.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Accented => "en-XA",
            Self::Mirrored => "ar-XB",
        }
    }

    pub(super) const fn direction(self) -> Direction {
        match self {
            Self::Accented => Direction::LeftToRight,
            Self::Mirrored => Direction::RightToLeft,
        }
    }

    /// Makes the pseudo-language of English.
    pub(super) fn of(self, english: &Table) -> Table {
        let made = |text: &&'static str| -> &'static str { self.of_text(text).leak() };
        Table {
            texts: english.texts.iter().map(made).collect(),
            named: english.named.iter().map(|(name, text)| (*name, made(text))).collect(),
            group_separator: english.group_separator,
            plural: plural_rule("en"),
        }
    }

    /// Returns the marks before and after a text: brackets, or a right-to-left override and its end.
    const fn marks(self) -> [&'static str; 2] {
        match self {
            Self::Accented => ["⟦", "⟧"],
            Self::Mirrored => ["\u{200F}\u{202E}", "\u{202C}\u{200F}"],
        }
    }

    /// Makes a pseudo-text of a template. A text without words stays as it is.
    fn of_text(self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() * 2);
        let has_words = self.put(template, &mut out);
        let [before, after] = self.marks();
        if has_words { format!("{before}{out}{after}") } else { out }
    }

    /// Appends the pseudo-text of a template; returns true if it has words of its own.
    fn put(self, template: &str, out: &mut String) -> bool {
        let (mut rest, mut has_words) = (template, false);
        while let Some(at) = rest.find('{') {
            has_words |= self.put_words(&rest[..at], out);
            let (inside, after) = braced(&rest[at..]);
            has_words |= self.put_placeholder(inside, out);
            rest = after;
        }
        has_words | self.put_words(rest, out)
    }

    fn put_placeholder(self, inside: &str, out: &mut String) -> bool {
        let (name, kind, mut variants) = placeholder(inside);
        if !matches!(kind, "plural" | "select") {
            out.extend(["{", inside, "}"]);
            return false;
        }
        let mut has_words = false;
        out.extend(["{", name, ", ", kind, ","]);
        while let Some((key, text, rest)) = variant(variants) {
            out.extend([" ", key, " {"]);
            has_words |= self.put(text, out);
            out.push('}');
            variants = rest;
        }
        out.push('}');
        has_words
    }

    fn put_words(self, words: &str, out: &mut String) -> bool {
        let mut has_words = false;
        for c in words.chars() {
            has_words |= c.is_alphabetic();
            match self {
                Self::Accented => put_accented(c, out),
                Self::Mirrored => out.push(c),
            }
        }
        has_words
    }
}

/// Appends a letter with an accent; a small vowel twice.
fn put_accented(c: char, out: &mut String) {
    let accented = match c {
        'a' => "áá",
        'e' => "éé",
        'i' => "îî",
        'o' => "öö",
        'u' => "üü",
        'A' => "Å",
        'E' => "É",
        'I' => "Î",
        'O' => "Ö",
        'U' => "Û",
        'c' => "ç",
        'd' => "ð",
        'g' => "ĝ",
        'k' => "ķ",
        'l' => "ļ",
        'n' => "ñ",
        'r' => "ŕ",
        's' => "š",
        't' => "ţ",
        'w' => "ŵ",
        'y' => "ý",
        'z' => "ž",
        'C' => "Ç",
        'D' => "Ð",
        'N' => "Ñ",
        'R' => "Ŕ",
        'S' => "Š",
        'T' => "Ţ",
        'Y' => "Ý",
        c => return out.push(c),
    };
    out.push_str(accented);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudo_text_keeps_its_placeholders_and_nothing_else() {
        assert_eq!(Pseudo::Accented.of_text("Sign in"), "⟦Šîîĝñ îîñ⟧");
        assert_eq!(Pseudo::Accented.of_text("{by} left {group}."), "⟦{by} ļééfţ {group}.⟧");
        assert_eq!(
            Pseudo::Accented.of_text("{count, plural, one {# use} other {# uses of {name}}} left"),
            "⟦{count, plural, one {# üüšéé} other {# üüšééš ööf {name}}} ļééfţ⟧"
        );
        assert_eq!(Pseudo::Accented.of_text("{max, kib}, {name}"), "{max, kib}, {name}");
    }

    #[test]
    fn a_mirrored_text_is_overridden_as_a_whole() {
        assert_eq!(Pseudo::Mirrored.of_text("Sign in"), "\u{200F}\u{202E}Sign in\u{202C}\u{200F}");
    }

    #[test]
    fn a_pseudo_text_is_longer_than_the_english_one() {
        let text = "You're not in any groups yet. Create one, browse groups, or open an invite link.";
        let (english, pseudo) = (text.chars().count(), Pseudo::Accented.of_text(text).chars().count());
        assert!(pseudo * 10 >= english * 12, "{english} and {pseudo}");
    }
}
