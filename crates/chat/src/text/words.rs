//! Words: boundaries and folding, for scripts with and without spaces.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use unicase::UniCase;
use wire::is_ignorable;

/// Returns true if a letter or digit belongs to a script whose words are separated by spaces, so that an adjacent one
/// is part of the same word.
pub(super) fn is_in_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter.is_alphanumeric() && !is_unspaced(letter)
}

/// Returns true if a word that ends with `last` continues in `next`: `@ann` stops before `处`, `さん` and `님`, and does
/// not stop before `ie`.
pub(super) fn goes_on(last: char, next: &str) -> bool {
    let mut letters = next.chars().filter(|letter| !is_ignorable(*letter));
    let Some(first) = letters.next() else { return false };
    if is_mark(first) || is_jamo(first) {
        return true;
    }
    if first == '_' {
        return letters.next().is_some_and(char::is_alphanumeric);
    }
    let follows_word = last.is_alphanumeric() || last == '_' || is_mark(last);
    first.is_alphanumeric() && follows_word && !is_unspaced(first) && !is_unspaced(last)
}

/// Splits a text after each letter with its marks: each part comes with its form without case and without differences
/// of encoding. Forms of parts, joined, are the form of the whole.
pub(super) fn folded_letters(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let classes = CanonicalCombiningClassMapBorrowed::new();
        let mut ends = rest.char_indices().skip(1);
        let is_start = |letter| classes.get_u8(letter) == 0;
        let end = ends.find(|(_, letter)| is_start(*letter)).map_or(rest.len(), |(end, _)| end);
        let (letter, after) = rest.split_at(end);
        rest = after;
        (!letter.is_empty()).then(|| (letter, fold(letter)))
    })
}

/// Returns the folded form of a whole name, as [`folded_letters`] returns its parts.
pub(super) fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    folded_letters(name).map(|(_, form)| form).collect()
}

/// Applies full case folding and compatibility decomposition: `Straße` is `STRASSE`, and full-width letters are
/// letters.
fn fold(letter: &str) -> String {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    if letter.chars().all(is_ignorable) {
        return String::new();
    }
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let decomposed = normalizer.normalize(letter);
    normalizer.normalize(&UniCase::unicode(decomposed.as_ref()).to_folded_case()).into_owned()
}

/// Returns true for scripts that are written without spaces between words, and for Hangul, whose particles follow a
/// name without one.
pub(crate) fn is_unspaced(letter: char) -> bool {
    if letter.is_ascii() {
        return false;
    }
    [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Bopomofo,
        Script::Hangul,
        Script::Yi,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
        Script::Tibetan,
        Script::Javanese,
        Script::Balinese,
        Script::TaiLe,
        Script::NewTaiLue,
        Script::TaiTham,
    ]
    .contains(&CodePointMapData::<Script>::new().get(letter))
        || letter == 'ー'
}

/// Returns true for a mark that joins the letter before it.
pub(super) fn is_mark(letter: char) -> bool {
    !letter.is_ascii()
        && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(letter))
}

/// Returns true for vowels and finals that join the Hangul syllable before them.
const fn is_jamo(letter: char) -> bool {
    matches!(letter, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_in_one_normal_form() {
        for (one, other) in [
            ("Zoë", "zoe\u{308}"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Ａｎｎ", "ann"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("Zoë"), folded("Zoe"));
    }

    #[test]
    fn a_word_goes_on_only_in_its_own_kind_of_script() {
        for (last, next, on) in [
            ('n', "ie", true),
            ('n', "2", true),
            ('n', "_x", true),
            ('n', "_ ", false),
            ('n', "'s", false),
            ('n', "处理", false),
            ('n', "さん", false),
            ('n', "님", false),
            ('n', "ครับ", false),
            ('伟', "处", false),
            ('伟', "abc", false),
            ('n', "\u{301}", true),
            ('म', "ा", true),
            ('\u{1161}', "\u{11a8}", true),
            ('*', "x", false),
            ('_', "x", true),
            ('n', "\u{200b}ie", true),
            ('n', "", false),
        ] {
            assert_eq!(goes_on(last, next), on, "{last} {next}");
        }
    }
}
