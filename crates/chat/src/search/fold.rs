//! Folding for search: texts that people read as the same become the same, and every hit leads back to the original.

use std::ops::Range;

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use unicase::UniCase;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use wire::is_ignorable;

/// A folded text, and the place in the original that each part of it comes from.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// In normal form KC, without case, invisible characters and apostrophes, every white space one blank. Marks are
    /// stripped in scripts that people search without them.
    pub(crate) text: String,
    /// The end of each cluster in the folded text, and its range in the original, in order.
    clusters: Vec<(usize, Range<usize>)>,
}

/// The scripts whose marks are stripped. In others they are letters of their own.
const STRIPPED: [Script; 5] =
    [Script::Latin, Script::Greek, Script::Cyrillic, Script::Arabic, Script::Hebrew];

/// Returns the folded text.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    each_cluster(text, |cluster, _| push(&mut folded, cluster));
    folded
}

impl Folded {
    /// Folds a text and keeps the way back.
    pub(crate) fn new(text: &str) -> Self {
        let mut folded = Self::default();
        each_cluster(text, |cluster, range| {
            push(&mut folded.text, cluster);
            folded.clusters.push((folded.text.len(), range));
        });
        folded
    }

    /// Returns the range of the original that a range of the folded text comes from: whole clusters.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let first = self.clusters.partition_point(|(end, _)| *end <= range.start);
        let last = self.clusters.partition_point(|(end, _)| *end < range.end);
        let start = self.clusters.get(first).map_or(0, |(_, origin)| origin.start);
        start..self.clusters.get(last).map_or(start, |(_, origin)| origin.end)
    }

    /// Returns the beginnings of the clusters in the original, where it may be cut.
    pub(crate) fn cuts(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.clusters.iter().map(|(_, origin)| origin.start)
    }
}

/// Calls back for each cluster of a text with its range: a character and what may combine with it. Folding each cluster
/// folds the whole.
fn each_cluster(text: &str, mut take: impl FnMut(&str, Range<usize>)) {
    let mut start = 0;
    for (at, letter) in text.char_indices() {
        if at > start && begins_cluster(letter) {
            take(&text[start..at], start..at);
            start = at;
        }
    }
    if start < text.len() {
        take(&text[start..], start..text.len());
    }
}

/// Returns true if no normal form joins a character with the one before it.
fn begins_cluster(letter: char) -> bool {
    // No character before the first combining mark joins another.
    if letter < '\u{300}' {
        return letter != '\u{ad}';
    }
    if is_ignorable(letter) {
        return false;
    }
    let first = std::iter::once(letter).nfkd().next().unwrap_or(letter);
    canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) != IsNormalized::Maybe
}

/// Appends a folded cluster.
fn push(folded: &mut String, cluster: &str) {
    if let [letter] = cluster.as_bytes() {
        return push_letter(folded, char::from(letter.to_ascii_lowercase()));
    }
    let mut base = None;
    let mut bare = String::with_capacity(cluster.len());
    for letter in cluster.chars().filter(|letter| !is_ignorable(*letter)).nfkd() {
        if is_combining_mark(letter) {
            if base.is_some_and(|base| STRIPPED.contains(&base)) {
                continue;
            }
        } else {
            base = Some(CodePointMapData::<Script>::new().get(letter));
        }
        bare.push(letter);
    }
    for letter in UniCase::unicode(bare).to_folded_case().nfkc() {
        push_letter(folded, letter);
    }
}

fn push_letter(folded: &mut String, letter: char) {
    if letter.is_whitespace() {
        if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    } else if !letter.is_control() && !is_apostrophe(letter) {
        folded.push(letter);
    }
}

/// Returns true for an apostrophe, which is typed in several ways or left out, and parts no words: `don’t`.
const fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{2bc}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_people_read_as_the_same_fold_alike() {
        for (one, other) in [
            ("Crème BRÛLÉE", "creme brulee"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("Ёлка", "елка"),
            ("ＡＢＣ１２３", "abc123"),
            ("ｶﾞｷﾞｸﾞ", "ガギグ"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("كِتَابٌ", "كتاب"),
            ("שָׁלוֹם", "שלום"),
            ("a\u{ad}b\u{200b}c\u{202e}d", "abcd"),
            ("👩\u{200d}🔬\u{fe0f}", "👩🔬"),
            ("one\n\t two", "one two"),
            ("don\u{2019}t", "DON'T"),
            ("don't", "dont"),
            ("ﬁn", "FIN"),
            ("e\u{34f}\u{301}", "E"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("कि"), fold("क"), "a vowel sign is a letter");
        assert_ne!(fold("が"), fold("か"));
    }

    #[test]
    fn a_hit_leads_back_to_whole_letters_of_the_original() {
        let text = "Die Stra\u{df}e, e\u{301}tude";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "die strasse, etude");
        let hit = |part: &str| {
            let at = folded.text.find(part).unwrap();
            &text[folded.origin(at..at + part.len())]
        };
        assert_eq!(hit("strasse"), "Stra\u{df}e");
        assert_eq!(hit("stras"), "Stra\u{df}", "half a letter is the whole of it");
        assert_eq!(hit("et"), "e\u{301}t");
    }

    proptest! {
        #[test]
        fn any_text_folds_and_every_part_leads_back(text in any::<String>()) {
            let folded = Folded::new(&text);
            prop_assert_eq!(&folded.text, &fold(&text));
            for (at, letter) in folded.text.char_indices() {
                let origin = folded.origin(at..at + letter.len_utf8());
                prop_assert!(text.get(origin.clone()).is_some_and(|part| !part.is_empty()), "{:?}", origin);
            }
        }

        #[test]
        fn a_text_and_its_normal_forms_fold_alike(text in any::<String>()) {
            let composed: String = text.nfc().collect();
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(fold(&composed), fold(&decomposed));
        }
    }
}
