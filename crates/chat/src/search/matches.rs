//! Matches: the one definition of a hit, for all stores.

use std::ops::Range;

use super::fold::{Folded, fold};
use super::query::{QueryWord, SearchQuery};
use super::runs::{Kind, kind};

impl SearchQuery {
    /// Returns true if a text has every word of the query: anywhere, also within words; one with fewer than three
    /// letters only at the beginning of a word.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let folded = fold(text);
        self.words.iter().all(|word| word.hits(&folded).next().is_some())
    }

    /// Returns the ranges of a text that the words of the query match, in order and apart.
    pub(super) fn hits(&self, folded: &Folded) -> Vec<Range<usize>> {
        let hits = self.words.iter().flat_map(|word| word.hits(&folded.text));
        let mut hits: Vec<Range<usize>> = hits.map(|hit| folded.origin(hit)).collect();
        hits.sort_by_key(|hit| (hit.start, hit.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(hits.len());
        for hit in hits {
            match apart.last_mut() {
                Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
                _ => apart.push(hit),
            }
        }
        apart
    }
}

impl QueryWord {
    /// Returns the ranges of a folded text that it matches.
    fn hits<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let hits = folded.match_indices(self.text.as_str());
        let begins_word =
            |at: usize| folded[..at].chars().next_back().is_none_or(|before| kind(before) != Kind::Word);
        hits.filter(move |(at, _)| !self.only_at_beginning || begins_word(*at))
            .map(|(at, hit)| at..at + hit.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_anywhere_and_short_ones_where_a_word_begins() {
        for (query, text, found) in [
            ("tea", "Steady now", true),
            ("te", "steady now", false),
            ("te", "a (tea) pot", true),
            ("t", "a pot", false),
            ("t", "two", true),
            ("茶", "我喜欢喝茶。", true),
            ("喝茶", "我喜欢喝茶。", true),
            ("茶喝", "我喜欢喝茶。", false),
            ("コーヒー", "ｺｰﾋｰを飲む", true),
            ("국", "한국어", true),
            ("tea pot", "a pot of tea", true),
            ("\"tea pot\"", "a pot of tea", false),
            ("\"pot of\"", "a pot\nof tea", true),
            ("creme", "Crème brûlée", true),
            ("brulée", "Crème brûlée", true),
            ("👍", "good 👍🏽", true),
            ("c++", "in C++ or C", true),
            ("@ann", "ask @Ann", true),
            ("tea coffee", "tea", false),
        ] {
            assert_eq!(SearchQuery::parse(query).unwrap().matches(text), found, "{query} in {text}");
        }
        assert!(SearchQuery::default().matches("anything"));
    }

    #[test]
    fn hits_that_touch_are_one() {
        let hits = |query, text: &str| SearchQuery::parse(query).unwrap().hits(&Folded::new(text));
        assert_eq!(hits("tea eap", "a teapot, Tea"), [2..6, 10..13]);
        assert_eq!(hits("te", "te ate te"), [0..2, 7..9]);
    }
}
