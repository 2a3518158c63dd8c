use crate::shell::Assets;
use crate::text;

/// The document of the page that is shown while the server has too many pages to make. It needs no work worth counting,
/// and looks as the others do that say what went wrong.
#[must_use]
pub fn busy_page(assets: &Assets) -> String {
    let (css, title, hint, reload) = (&assets.css, text::BUSY, text::BUSY_HINT, text::RELOAD);
    // An address that is empty is that of the page itself.
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{css}\">\
         <title>{title}</title></head><body><main class=\"plain\" id=\"main\"><h1>{title}</h1><p>{hint}</p>\
         <p><a class=\"button\" href=\"\">{reload}</a></p></main></body></html>"
    )
}
