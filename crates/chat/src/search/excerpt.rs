//! Excerpts: the part of a message around the first hit, with the hits marked.

use std::ops::Range;

use super::fold::Folded;
use super::query::SearchQuery;

/// A part of a text in one line: pieces in order, and whether each is a hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(pub Vec<(String, bool)>);

/// The most characters of an excerpt.
const CHARS: usize = 200;
/// The most characters before the first hit.
const BEFORE: usize = 60;

impl Excerpt {
    /// Returns the part of a text around the first hit of a query; its beginning if the query has no words.
    #[must_use]
    pub fn new(text: &str, query: &SearchQuery) -> Self {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = Folded::new(&text);
        let hits = query.hits(&folded);
        let shown = shown(&folded, &text, hits.first().map_or(0, |hit| hit.start));
        let mut pieces = Vec::new();
        if shown.start > 0 {
            pieces.push(("…".to_owned(), false));
        }
        let mut at = shown.start;
        for hit in hits {
            let (start, end) = (hit.start.clamp(at, shown.end), hit.end.min(shown.end));
            if start < end {
                pieces.push((text[at..start].to_owned(), false));
                pieces.push((text[start..end].to_owned(), true));
                at = end;
            }
        }
        pieces.push((text[at..shown.end].to_owned(), false));
        if shown.end < text.len() {
            pieces.push(("…".to_owned(), false));
        }
        pieces.retain(|(piece, _)| !piece.is_empty());
        Self(pieces)
    }

    /// Returns the text without marks.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|(piece, _)| piece.as_str()).collect()
    }
}

/// Returns the range that is shown if the first hit is at a place. It begins at a word, if one is near, and is cut
/// between letters.
fn shown(folded: &Folded, text: &str, first: usize) -> Range<usize> {
    let start = folded.cuts().take_while(|cut| *cut <= first).collect::<Vec<_>>();
    let start = start.iter().rev().take(BEFORE + 1);
    let earliest = start.clone().next_back().copied().unwrap_or_default();
    let after_blank = |cut: &&usize| text[..**cut].ends_with(' ');
    let start = if earliest == 0 { 0 } else { start.rev().find(after_blank).copied().unwrap_or(earliest) };
    let end = folded.cuts().skip_while(|cut| *cut < start).nth(CHARS).unwrap_or(text.len());
    start..end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, query: &str) -> String {
        let query = SearchQuery::parse(query).unwrap_or_default();
        let piece = |(piece, is_hit): (String, bool)| if is_hit { format!("[{piece}]") } else { piece };
        Excerpt::new(text, &query).0.into_iter().map(piece).collect()
    }

    #[test]
    fn an_excerpt_is_the_line_around_the_first_hit() {
        assert_eq!(shown("Crème\n brûlée", "BRULEE cr"), "[Cr]ème [brûlée]");
        assert_eq!(shown("我喜欢喝茶", "喝茶"), "我喜欢[喝茶]");
        assert_eq!(shown("no words", ""), "no words");
        let long = format!("{}the oolong tea {}", "one ".repeat(50), "two ".repeat(100));
        let excerpt = shown(&long, "oolong");
        assert!(excerpt.starts_with("…one one") && excerpt.ends_with('…'), "{excerpt}");
        assert!(excerpt.contains(" the [oolong] tea two "), "{excerpt}");
        assert!((150..=204).contains(&excerpt.chars().count()), "{excerpt}");
        assert_eq!(
            shown(&"茶".repeat(500), "茶").chars().count(),
            CHARS + 3,
            "one hit from the beginning on"
        );
    }

    proptest! {
        #[test]
        fn an_excerpt_of_any_text_is_a_part_of_it(text in any::<String>(), query in any::<String>()) {
            let query = SearchQuery::parse(&query).unwrap_or_default();
            let excerpt = Excerpt::new(&text, &query).plain();
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let part = excerpt.trim_start_matches('…').trim_end_matches('…');
            prop_assert!(line.contains(part), "{excerpt}");
        }
    }
}
