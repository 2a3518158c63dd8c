//! Parts of the page that follow signals, each kind with one type: with a closure's own type for every part the
//! page's wasm was 10 KB larger as it is sent.

use leptos::prelude::*;

/// A part of the page that is drawn anew when a signal in it changes.
pub(crate) fn dyn_view<V: IntoView + 'static>(
    draw: impl Fn() -> V + Send + Sync + 'static,
) -> Box<dyn Fn() -> AnyView + Send + Sync> {
    Box::new(move || draw().into_any())
}

/// A text that follows signals.
pub(crate) fn dyn_text<S: Into<String>>(
    words: impl Fn() -> S + Send + Sync + 'static,
) -> Box<dyn Fn() -> String + Send + Sync> {
    Box::new(move || words().into())
}

/// The value of an attribute that follows signals; without one the attribute is not there.
pub(crate) fn dyn_attr(
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Box<dyn Fn() -> Option<String> + Send + Sync> {
    Box::new(value)
}

/// Something that is so or not, as signals say.
pub(crate) fn dyn_bool(
    flag: impl Fn() -> bool + Send + Sync + 'static,
) -> Box<dyn Fn() -> bool + Send + Sync> {
    Box::new(flag)
}
