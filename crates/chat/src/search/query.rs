//! Search queries: the typed text as words and phrases.

use wire::{Expected, Refusal};

use super::fold::fold;
use super::runs::{Kind, kind, runs};

/// The longest typed query, in characters.
pub const QUERY_CHARS: usize = 200;

/// The words of a query. A message matches if it has all of them. Without words every message does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    pub(super) words: Vec<QueryWord>,
}

/// A word, or a phrase in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryWord {
    /// The folded text.
    pub(super) text: String,
    /// True if it is found only at the beginning of a word: it has fewer than three letters, which stand in too many.
    pub(super) only_at_beginning: bool,
}

/// The reason that a query is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidQuery {
    /// It has no letter, digit or symbol.
    Empty,
    /// It has more than [`QUERY_CHARS`] characters.
    TooLong,
}

impl SearchQuery {
    /// Parses a typed query: words between blanks, and phrases between quotes. No character has a meaning of its own but
    /// the quotes.
    ///
    /// # Errors
    /// [`InvalidQuery`]; a search by filters alone needs none, and uses the default.
    pub fn parse(typed: &str) -> Result<Self, InvalidQuery> {
        if typed.chars().nth(QUERY_CHARS).is_some() {
            return Err(InvalidQuery::TooLong);
        }
        let mut words: Vec<QueryWord> = Vec::new();
        for (place, part) in typed.split(is_quote).enumerate() {
            let is_phrase = place % 2 == 1;
            let parts: Vec<&str> = if is_phrase { vec![part] } else { part.split_whitespace().collect() };
            for word in parts.into_iter().filter_map(QueryWord::new) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        if words.is_empty() { Err(InvalidQuery::Empty) } else { Ok(Self { words }) }
    }

    /// Returns true if it has no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl QueryWord {
    /// Returns the word; none if there is nothing in it to look for.
    fn new(typed: &str) -> Option<Self> {
        let folded = fold(typed);
        let text = folded.trim_matches(parts_sentences);
        let runs = runs(text);
        let only_at_beginning = match runs.as_slice() {
            [(Kind::Word, word)] => word.chars().count() < SHORT,
            runs if runs.iter().all(|(kind, _)| *kind == Kind::Separator) => return None,
            _ => false,
        };
        Some(Self { text: text.to_owned(), only_at_beginning })
    }
}

/// A word with fewer letters is short.
pub(super) const SHORT: usize = 3;

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '“' | '”' | '„' | '«' | '»')
}

/// Returns true for punctuation that stands beside a word and does not belong to it. Others do: `@ann`, `#42`, `-v`.
fn parts_sentences(letter: char) -> bool {
    kind(letter) == Kind::Separator && !matches!(letter, '@' | '#' | '&' | '%' | '*' | '/' | '\\' | '-' | '_')
}

impl From<InvalidQuery> for Refusal {
    fn from(_: InvalidQuery) -> Self {
        Self::FieldWrong { field: "q".into(), wants: Expected::SearchQuery }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<String> {
        let words = SearchQuery::parse(typed).map(|query| query.words).unwrap_or_default();
        words.into_iter().map(|word| word.text + if word.only_at_beginning { "…" } else { "" }).collect()
    }

    #[test]
    fn a_query_is_words_and_phrases() {
        for (typed, expected) in [
            ("Oolong tea", vec!["oolong", "tea"]),
            ("  TEA, tea; (tea)  ", vec!["tea"]),
            ("\"two  pots\" now", vec!["two pots", "now"]),
            ("„zwei Kannen” Tee", vec!["zwei kannen", "tee"]),
            ("an unfinished \"phrase of", vec!["an…", "unfinished", "phrase of"]),
            ("a 茶 ab", vec!["a…", "茶", "ab…"]),
            ("@ann #42 c++ foo-bar", vec!["@ann", "#42", "c++", "foo-bar"]),
            ("NEAR(a b) OR NOT x:y*", vec!["near(a", "b…", "or…", "not", "x:y*"]),
            ("👩\u{200d}🔬", vec!["👩🔬"]),
        ] {
            assert_eq!(words(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_query_without_anything_to_look_for_is_refused() {
        for nothing in ["", " ", "\"\"", "...", "- * /", "\u{200b}\u{202e}", "\0"] {
            assert_eq!(SearchQuery::parse(nothing), Err(InvalidQuery::Empty), "{nothing:?}");
        }
        assert!(SearchQuery::parse(&"茶".repeat(QUERY_CHARS)).is_ok());
        assert_eq!(SearchQuery::parse(&"茶".repeat(QUERY_CHARS + 1)), Err(InvalidQuery::TooLong));
        assert_eq!(SearchQuery::parse(&"word ".repeat(10_000)), Err(InvalidQuery::TooLong));
    }
}
