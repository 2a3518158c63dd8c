//! Sentences with isolated names, for mixed writing directions.

use leptos::prelude::*;
use wire::{GroupName, Person, PersonName};

use super::table::Table;

/// First strong isolate (U+2068): the text after it has a direction of its own.
const ISOLATE: char = '\u{2068}';
/// Pop directional isolate (U+2069): the end of an isolate.
const END: char = '\u{2069}';
/// Object replacement character (U+FFFC): the place of an element in a sentence.
const SLOT: char = '\u{FFFC}';

/// A sentence of the page with names in it. The sentence keeps its own direction and each name is isolated, so that a
/// name in the other direction does not turn "سارا made داود an admin" into its opposite. Only templates and
/// [`Sentence::name`] create one, so a name cannot get into it without being isolated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence(String);

/// A value for a placeholder of a template.
pub(crate) trait SentencePart {
    /// Appends it to the sentence.
    fn put(&self, table: &Table, out: &mut String);

    /// Returns it as a number, by which a template chooses a plural form.
    fn number(&self) -> Option<u64> {
        None
    }

    /// Returns it as a word, by which a template chooses among its variants.
    fn word(&self) -> Option<&str> {
        None
    }
}

/// A text of the page, in the language of the sentence.
pub(crate) struct Words<'a>(pub(crate) &'a str);

/// A number as it is written, such as a year.
pub(crate) struct Digits(pub(crate) i64);

/// A count up to a maximum, which is shown as `99+`.
pub(crate) struct UpTo99(pub(crate) u32);

/// The place of an element in a sentence, such as a time.
pub(crate) struct Slot;

impl Sentence {
    /// Creates a sentence of a filled template, whose names are isolated.
    pub(super) const fn of(filled: String) -> Self {
        Self(filled)
    }

    /// Creates a sentence that is only a name.
    pub(crate) fn name(name: &str) -> Self {
        let mut out = String::new();
        isolate(&mut out, name);
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

    /// Returns the parts before and after its [`Slot`].
    pub(crate) fn around(self) -> (String, String) {
        let (before, after) = self.0.split_once(SLOT).unwrap_or((&self.0, ""));
        (before.to_owned(), after.to_owned())
    }
}

/// Fixed words have no name in them.
impl From<&'static str> for Sentence {
    fn from(words: &'static str) -> Self {
        Self(words.to_owned())
    }
}

impl From<Sentence> for String {
    fn from(sentence: Sentence) -> Self {
        sentence.0
    }
}

fn isolate(out: &mut String, text: &str) {
    out.push(ISOLATE);
    // An isolate inside a name would end ours.
    out.extend(text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')));
    out.push(END);
}

impl SentencePart for &str {
    fn put(&self, _: &Table, out: &mut String) {
        isolate(out, self);
    }
}

impl SentencePart for &String {
    fn put(&self, _: &Table, out: &mut String) {
        isolate(out, self);
    }
}

impl SentencePart for &Person {
    fn put(&self, _: &Table, out: &mut String) {
        isolate(out, self.name.as_str());
    }
}

impl SentencePart for &PersonName {
    fn put(&self, _: &Table, out: &mut String) {
        isolate(out, self.as_str());
    }
}

impl SentencePart for &GroupName {
    fn put(&self, _: &Table, out: &mut String) {
        isolate(out, self.as_str());
    }
}

impl SentencePart for Words<'_> {
    fn put(&self, _: &Table, out: &mut String) {
        out.push_str(self.0);
    }

    fn word(&self) -> Option<&str> {
        Some(self.0)
    }
}

/// A part of a sentence that is a sentence itself: its names are isolated already.
impl SentencePart for Sentence {
    fn put(&self, _: &Table, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl SentencePart for u64 {
    fn put(&self, table: &Table, out: &mut String) {
        table.put_number(*self, out);
    }

    fn number(&self) -> Option<u64> {
        Some(*self)
    }
}

impl SentencePart for usize {
    fn put(&self, table: &Table, out: &mut String) {
        table.put_number(u64::try_from(*self).unwrap_or(u64::MAX), out);
    }

    fn number(&self) -> Option<u64> {
        u64::try_from(*self).ok()
    }
}

impl SentencePart for u32 {
    fn put(&self, table: &Table, out: &mut String) {
        table.put_number(u64::from(*self), out);
    }

    fn number(&self) -> Option<u64> {
        Some(u64::from(*self))
    }
}

impl SentencePart for Digits {
    fn put(&self, _: &Table, out: &mut String) {
        out.push_str(&self.0.to_string());
    }
}

impl UpTo99 {
    /// Returns it as text, also where there is no sentence.
    pub(crate) fn text(&self) -> String {
        let max = wire::limits::MAX_UNREAD;
        if self.0 < max { self.0.to_string() } else { format!("{}+", max - 1) }
    }
}

impl SentencePart for UpTo99 {
    fn put(&self, _: &Table, out: &mut String) {
        out.push_str(&self.text());
    }

    fn number(&self) -> Option<u64> {
        Some(u64::from(self.0))
    }
}

impl SentencePart for Slot {
    fn put(&self, _: &Table, out: &mut String) {
        out.push(SLOT);
    }
}
