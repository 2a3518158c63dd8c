//! The languages of the server, and the choice among them for a request.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use super::en::EN;
use super::language::{Direction, Language};
use super::pseudo::Pseudo;
use super::table::Table;
use super::texts::{PAGE_TEXTS, Texts};

/// The languages, English first: it is for those who understand none of them, and for developers.
static LANGUAGES: &[&Language] = &[&EN];

/// A language that is ready to be served.
pub(super) struct Served {
    pub(super) tag: &'static str,
    pub(super) direction: Direction,
    pub(super) table: Table,
    /// The texts of hydrated pages, as the browser gets them.
    file: String,
    /// The path of that file. It contains a hash of its content.
    path: String,
}

/// The language of a page: for the document, and for the browser's script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageLanguage {
    /// The language tag.
    pub(crate) tag: &'static str,
    /// The writing direction, as the attribute `dir`.
    pub(crate) direction: &'static str,
    /// The path of the file with the texts of hydrated pages.
    pub(crate) file: &'static str,
}

static SERVED: LazyLock<Vec<Served>> = LazyLock::new(|| {
    let english = EN.table();
    let pseudo = Pseudo::ALL.map(|pseudo| Served::new(pseudo.tag(), pseudo.direction(), pseudo.of(&english)));
    let real = LANGUAGES.iter().map(|language| {
        let Language { tag, direction, .. } = language;
        Served::new(tag, *direction, language.table())
    });
    real.chain(pseudo).collect()
});

impl Served {
    fn new(tag: &'static str, direction: Direction, table: Table) -> Self {
        let file = table.to_file(PAGE_TEXTS);
        let mut hasher = DefaultHasher::new();
        file.hash(&mut hasher);
        let path = format!("/texts/{tag}.{:016x}.txt", hasher.finish());
        Self { tag, direction, table, file, path }
    }
}

/// Returns all languages, the default first and the pseudo-languages last.
pub(super) fn all() -> &'static [Served] {
    &SERVED
}

/// Returns the texts in English: for developers, in the answers to programs.
#[must_use]
pub fn english() -> Texts {
    Texts::of(&all()[0].table)
}

/// Returns the texts for a request, and the tag of their language, from the ranges of its `Accept-Language` in the order
/// of preference. A range that matches no language is shortened from its end (RFC 4647, section 3.4).
#[must_use]
pub fn accepted<'a>(ranges: impl IntoIterator<Item = &'a str>) -> (Texts, &'static str) {
    let served = ranges.into_iter().find_map(lookup).unwrap_or(&all()[0]);
    (Texts::of(&served.table), served.tag)
}

fn lookup(range: &str) -> Option<&'static Served> {
    let mut range = range;
    loop {
        if let Some(found) = all().iter().find(|served| served.tag.eq_ignore_ascii_case(range)) {
            return Some(found);
        }
        range = range.rsplit_once('-')?.0;
    }
}

/// Returns the language of these texts.
pub(crate) fn language_of(texts: Texts) -> PageLanguage {
    let served = all().iter().find(|served| texts.is(&served.table)).unwrap_or(&all()[0]);
    PageLanguage { tag: served.tag, direction: served.direction.value(), file: &served.path }
}

/// Returns the path of the file with these texts.
#[must_use]
pub fn texts_path(texts: Texts) -> &'static str {
    language_of(texts).file
}

/// Returns the file with the texts of hydrated pages at this path; none if there is none, or no longer.
#[must_use]
pub fn texts_file(path: &str) -> Option<&'static str> {
    all().iter().find(|served| served.path == path).map(|served| served.file.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_gets_the_first_language_that_they_ask_for_and_the_server_has() {
        let tag = |ranges: &[&str]| accepted(ranges.iter().copied()).1;
        assert_eq!(tag(&[]), "en");
        assert_eq!(tag(&["en-GB"]), "en");
        assert_eq!(tag(&["zh-Hant-TW", "EN-xa", "en"]), "en-XA");
        assert_eq!(tag(&["en-XA-x-private"]), "en-XA");
        assert_eq!(tag(&["ar-XB"]), "ar-XB");
        assert_eq!(tag(&["*"]), "en");
        assert_eq!(tag(&["tlh", "e", ""]), "en");
    }

    #[test]
    fn the_file_of_a_language_has_what_its_pages_say() {
        for served in all() {
            let page = language_of(Texts::of(&served.table));
            assert_eq!(
                (page.tag, page.direction),
                (served.tag, if served.tag == "ar-XB" { "rtl" } else { "ltr" })
            );
            let file = texts_file(page.file).unwrap();
            let read = Texts::read(file.to_owned(), |_| "one".into());
            let told = Texts::of(&served.table);
            assert_eq!(read.slogan(), told.slogan());
            assert_eq!(read.member_count(1usize), told.member_count(1usize));
            let refused = wire::Refused::from(&wire::Refusal::Muted { minutes: 1 });
            assert_eq!(read.refusal(&refused), told.refusal(&refused));
            // Every visitor loads it once: less than half of it as sent. Only tests load pseudo-locales, which are longer.
            let most = if served.tag == "en" { 18 * 1024 } else { 40 * 1024 };
            assert!(file.len() <= most, "{} has {} bytes", served.tag, file.len());
            assert!(!file.contains(told.settings()), "texts of server-only pages stay on the server");
        }
        assert_eq!(texts_file("/texts/en.txt"), None);
    }
}
