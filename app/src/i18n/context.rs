//! The texts of the page being rendered, from context.

use leptos::prelude::use_context;

#[cfg(feature = "ssr")]
use super::languages::english;
use super::texts::Texts;

/// Returns the texts of this page: the server provides those of the language that it chose for the request, and the
/// browser's script those that it was started with. Without either, such as in a test, a text is English on the server
/// and empty in a browser. Every component calls it, so it is a call and not a copy.
#[inline(never)]
pub(crate) fn use_texts() -> Texts {
    #[cfg(feature = "ssr")]
    let none = english;
    #[cfg(not(feature = "ssr"))]
    let none = || Texts::read(String::new(), |_| String::new());
    use_context().unwrap_or_else(none)
}
