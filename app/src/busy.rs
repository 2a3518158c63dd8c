//! The overload page, served when too many pages are being rendered.

use crate::i18n::{PageLanguage, Texts, language_of};
use crate::shell::Assets;

/// Returns the document of the overload page, for requests beyond the limit of pages being rendered. It costs next to
/// nothing to make, and looks like the other error pages.
#[must_use]
pub fn busy_page(assets: &Assets, texts: Texts) -> String {
    let PageLanguage { tag, direction, .. } = language_of(texts);
    let (css, title, hint, reload) = (&assets.css, texts.server_busy(), texts.busy_hint(), texts.reload());
    // An empty address is that of the page itself.
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{css}\">\
         <title>{title}</title></head><body><main class=\"centered-page\" id=\"main\"><h1>{title}</h1><p>{hint}</p>\
         <p><a class=\"button\" href=\"\">{reload}</a></p></main></body></html>"
    )
}
