//! Plural categories of numbers, as the browser knows them.

use js_sys::Intl::PluralRules;
use js_sys::{Array, Object};
use leptos::prelude::document;

thread_local! {
    /// The rules for the language of the page.
    static RULES: PluralRules = {
        let language = document().document_element().and_then(|page| page.get_attribute("lang"));
        PluralRules::new(&Array::of1(&language.unwrap_or_default().into()), &Object::new())
    };
}

/// Returns the plural category of a whole number, as CLDR names it.
pub(crate) fn category(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a count on a page is exact in an f64")]
    let number = number as f64;
    RULES.with(|rules| rules.select(number).into())
}
