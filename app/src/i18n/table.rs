//! The texts of one language as a list, in the order in which they are declared.

use std::borrow::Cow;

/// The texts of one language: those of pages by their place, and those of refusals by their name.
pub(crate) struct Table {
    pub(super) texts: Vec<&'static str>,
    /// Templates by name: the codes of refusals, and parts of their sentences.
    pub(super) named: Vec<(&'static str, &'static str)>,
    /// The separator of thousands.
    pub(super) group_separator: &'static str,
    pub(super) plural: PluralRule,
}

/// Returns the plural category of a whole number, as CLDR names it: `zero`, `one`, `two`, `few`, `many` or `other`.
pub(crate) type PluralRule = Box<dyn Fn(u64) -> Cow<'static, str> + Send + Sync>;

impl Table {
    /// Parses the file of a language: one text a line, after the separator of thousands; then the named ones.
    pub(super) fn parse(file: &'static str, count: usize, plural: PluralRule) -> Self {
        let mut lines = file.split('\n');
        let group_separator = lines.next().unwrap_or_default();
        let texts = lines.by_ref().take(count).collect();
        let named = lines.filter_map(|line| line.split_once('=')).collect();
        Self { texts, named, group_separator, plural }
    }

    /// Returns the file of the first texts and all named ones.
    #[cfg(feature = "ssr")]
    pub(super) fn to_file(&self, count: usize) -> String {
        let mut file = self.group_separator.to_owned();
        for text in &self.texts[..count] {
            file.push('\n');
            file.push_str(text);
        }
        for (name, text) in &self.named {
            file.push('\n');
            file.push_str(name);
            file.push('=');
            file.push_str(text);
        }
        file
    }

    /// Returns the text at a place; nothing if the file was too short.
    pub(super) fn text(&self, place: usize) -> &'static str {
        self.texts.get(place).copied().unwrap_or_default()
    }

    /// Returns the template with this name.
    pub(super) fn named(&self, name: &str) -> Option<&'static str> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Appends a whole number, with its thousands separated.
    pub(super) fn put_number(&self, number: u64, out: &mut String) {
        let digits = number.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push_str(self.group_separator);
            }
            out.push(digit);
        }
    }
}
