//! Runs of a folded text: words, and writing without blanks between words.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use crate::text::is_unspaced;

/// The kind of the characters of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, digits and marks: a word.
    Word,
    /// Ideographs, kana, Hangul and other writing without blanks between words; symbols and emoji, too.
    Dense,
    /// Blanks and punctuation: between words.
    Separator,
}

/// Returns the runs of a folded text: each as long as possible, with all characters of one kind.
pub(crate) fn runs(folded: &str) -> Vec<(Kind, &str)> {
    let mut runs = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, letter) in folded.char_indices() {
        let kind = kind(letter);
        if let Some(before) = last.filter(|before| *before != kind) {
            runs.push((before, &folded[start..at]));
            start = at;
        }
        last = Some(kind);
    }
    runs.extend(last.map(|kind| (kind, &folded[start..])));
    runs
}

/// Returns the kind of a character of a folded text.
pub(crate) fn kind(letter: char) -> Kind {
    if letter.is_ascii_alphanumeric() {
        return Kind::Word;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    let is_in = |group: GeneralCategoryGroup| group.contains(category);
    if is_in(GeneralCategoryGroup::Punctuation) || is_in(GeneralCategoryGroup::Separator) {
        return Kind::Separator;
    }
    let is_of_word = [GeneralCategoryGroup::Letter, GeneralCategoryGroup::Mark, GeneralCategoryGroup::Number]
        .into_iter()
        .any(is_in);
    // Symbols, private characters, and emoji that are newer than the tables are dense as well.
    if is_of_word && !is_unspaced(letter) { Kind::Word } else { Kind::Dense }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_dense_writing_and_separators_are_told_apart() {
        use Kind::{Dense, Separator, Word};
        for (text, expected) in [
            ("ab, c1", vec![(Word, "ab"), (Separator, ", "), (Word, "c1")]),
            ("iphone手机", vec![(Word, "iphone"), (Dense, "手机")]),
            ("コーヒー。", vec![(Dense, "コーヒー"), (Separator, "。")]),
            ("สวัสดี", vec![(Dense, "สวัสดี")]),
            ("한국어", vec![(Dense, "한국어")]),
            ("人々〇ー", vec![(Dense, "人々〇ー")]),
            ("བོད་", vec![(Dense, "བོད"), (Separator, "་")]),
            ("ꦧꦱ", vec![(Dense, "ꦧꦱ")]),
            ("c++", vec![(Word, "c"), (Dense, "++")]),
            ("हिन्दी", vec![(Word, "हिन्दी")]),
            ("👍👍 ok", vec![(Dense, "👍👍"), (Separator, " "), (Word, "ok")]),
            ("", vec![]),
        ] {
            assert_eq!(runs(text), expected, "{text}");
        }
    }
}
