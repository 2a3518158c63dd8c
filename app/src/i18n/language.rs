//! A language with its plural rules: tag, direction and texts.

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};

use super::refusal_texts::RefusalTexts;
use super::server_texts::{SERVER_TEXTS, ServerTexts};
use super::table::{PluralRule, Table};
use super::texts::{PAGE_TEXTS, PageTexts};

/// A language of the pages, as a file of this folder defines it.
pub(super) struct Language {
    /// The language tag (BCP 47).
    pub(super) tag: &'static str,
    pub(super) direction: Direction,
    /// The separator of thousands.
    pub(super) group_separator: &'static str,
    pub(super) page: PageTexts,
    pub(super) server: ServerTexts,
    pub(super) refusals: RefusalTexts,
}

/// The writing direction of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    /// Returns it as the value of the attribute `dir`.
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

impl Language {
    /// Returns the texts as a table, those of hydrated pages first.
    pub(super) fn table(&self) -> Table {
        let mut texts = Vec::with_capacity(PAGE_TEXTS + SERVER_TEXTS);
        texts.extend(self.page.list());
        texts.extend(self.server.list());
        Table {
            texts,
            named: self.refusals.list(),
            group_separator: self.group_separator,
            plural: plural_rule(self.tag),
        }
    }
}

/// Returns the plural rule of a language, from CLDR; that of English if the tag is not known.
pub(super) fn plural_rule(tag: &'static str) -> PluralRule {
    Box::new(move |number| {
        // The rules are static data; a handle to them costs next to nothing, and stays in its thread.
        let category = match plural_rules(tag) {
            Some(rules) => rules.category_for(number),
            None if number == 1 => PluralCategory::One,
            None => PluralCategory::Other,
        };
        name_of(category).into()
    })
}

/// Returns the CLDR rules of a language.
pub(super) fn plural_rules(tag: &str) -> Option<PluralRules> {
    let locale = Locale::try_from_str(tag).ok()?;
    PluralRules::try_new(locale.into(), icu_plurals::PluralRulesOptions::default()).ok()
}

/// Returns the name of a plural category, as templates have it.
pub(super) const fn name_of(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}
