//! Sentences with isolated names, for mixed writing directions.

use leptos::prelude::*;
use wire::{GroupName, Person, PersonName};

/// First strong isolate (U+2068): the text after it has a direction of its own.
const ISOLATE: char = '\u{2068}';
/// Pop directional isolate (U+2069): the end of an isolate.
const END: char = '\u{2069}';

/// A sentence of the page with names in it. The sentence keeps its own direction and each name is isolated, so that a
/// name in the other direction does not turn "سارا made داود an admin" into its opposite. Only [`sentence!`] creates
/// one, so a name cannot get into it without being isolated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentence(String);

/// A part of a sentence.
pub(crate) trait SentencePart {
    /// Appends it to the sentence.
    fn put(&self, out: &mut String);
}

/// Fixed words, in the language of the sentence.
pub(crate) struct Words(pub(crate) &'static str);

/// Creates a [`Sentence`]: each `{}` stands for one of the parts that follow.
macro_rules! sentence {
    ($words:literal $(, $part:expr)* $(,)?) => {
        $crate::text::Sentence::of($words, &[$(&$part as &dyn $crate::text::SentencePart),*])
    };
}
pub(crate) use sentence;

impl Sentence {
    /// Puts the parts into the placeholders of the words.
    pub(crate) fn of(words: &str, parts: &[&dyn SentencePart]) -> Self {
        let mut out = String::with_capacity(words.len() + 24 * parts.len());
        let mut parts = parts.iter();
        for (place, between) in words.split("{}").enumerate() {
            if place > 0
                && let Some(part) = parts.next()
            {
                part.put(&mut out);
            }
            out.push_str(between);
        }
        Self(out)
    }

    /// Renders it as HTML: each name in a `<bdi>`.
    pub(crate) fn view(self) -> AnyView {
        let pieces = self.0.split([ISOLATE, END]).enumerate().filter(|(_, piece)| !piece.is_empty());
        let piece = |(place, piece): (usize, &str)| {
            let piece = piece.to_owned();
            if place % 2 == 0 { piece.into_any() } else { view! { <bdi>{piece}</bdi> }.into_any() }
        };
        pieces.map(piece).collect::<Vec<_>>().into_any()
    }

    /// Returns it as plain text, where there is no markup: titles, labels, placeholders. Names stand between
    /// isolates.
    pub(crate) fn plain(self) -> String {
        self.0
    }
}

/// Fixed words have no name in them.
impl From<&'static str> for Sentence {
    fn from(words: &'static str) -> Self {
        Self(words.to_owned())
    }
}

fn isolate(out: &mut String, text: &str) {
    out.push(ISOLATE);
    // An isolate inside a name would end ours.
    out.extend(text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')));
    out.push(END);
}

impl SentencePart for &str {
    fn put(&self, out: &mut String) {
        isolate(out, self);
    }
}

impl SentencePart for String {
    fn put(&self, out: &mut String) {
        isolate(out, self);
    }
}

impl SentencePart for &Person {
    fn put(&self, out: &mut String) {
        isolate(out, self.name.as_str());
    }
}

impl SentencePart for PersonName {
    fn put(&self, out: &mut String) {
        isolate(out, self.as_str());
    }
}

impl SentencePart for GroupName {
    fn put(&self, out: &mut String) {
        isolate(out, self.as_str());
    }
}

impl SentencePart for Words {
    fn put(&self, out: &mut String) {
        out.push_str(self.0);
    }
}

/// A part of a sentence that is a sentence itself: its names are isolated already.
impl SentencePart for Sentence {
    fn put(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl SentencePart for usize {
    fn put(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_in_a_sentence_stands_between_isolates() {
        let made = sentence!("{} made {} an admin", "سارا", "داود");
        assert_eq!(made.plain(), "\u{2068}سارا\u{2069} made \u{2068}داود\u{2069} an admin");
        assert_eq!(
            sentence!("{} and {} more", "Kim Lee", 3usize).plain(),
            "\u{2068}Kim Lee\u{2069} and 3 more"
        );
        assert_eq!(sentence!("{}", Words("only words")).plain(), "only words");
    }

    #[test]
    fn a_name_cannot_end_its_isolate() {
        assert_eq!(sentence!("{}!", "a\u{2069}b\u{2068}c").plain(), "\u{2068}abc\u{2069}!");
    }
}
