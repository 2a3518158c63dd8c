//! Dynamic views, texts and attributes: parts of the page that follow signals, each kind with one type. With a
//! closure's own type for every part, the page's wasm was 10 KB larger as transferred.

use leptos::prelude::*;

/// Creates a view that is rendered again when a signal in it changes.
pub(crate) fn dyn_view<V: IntoView + 'static>(
    draw: impl Fn() -> V + Send + Sync + 'static,
) -> Box<dyn Fn() -> AnyView + Send + Sync> {
    Box::new(move || draw().into_any())
}

/// Creates a text that follows signals.
pub(crate) fn dyn_text<S: Into<String>>(
    words: impl Fn() -> S + Send + Sync + 'static,
) -> Box<dyn Fn() -> String + Send + Sync> {
    Box::new(move || words().into())
}

/// Creates the value of an attribute that follows signals; none removes the attribute.
pub(crate) fn dyn_attr(
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Box<dyn Fn() -> Option<String> + Send + Sync> {
    Box::new(value)
}

/// Creates a boolean that follows signals.
pub(crate) fn dyn_bool(
    flag: impl Fn() -> bool + Send + Sync + 'static,
) -> Box<dyn Fn() -> bool + Send + Sync> {
    Box::new(flag)
}
