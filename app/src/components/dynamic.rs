//! Dynamic views, texts, attributes, effects and event handlers, each kind with one type. With a closure's own type for
//! every part, the page's wasm was more than 10 KB larger as transferred.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Event, KeyboardEvent, MouseEvent};

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

/// Runs in the browser, once what is rendered is on the page, and again whenever a signal in it changes.
pub(crate) fn dyn_effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_| run());
}

/// Listens to an event of the window, as long as the component is shown. `E` is the type of the event.
pub(crate) fn dyn_listen<E: JsCast + 'static>(event: &str, run: impl Fn(&E) + 'static) {
    let run: Box<dyn Fn(Event)> = Box::new(move |event| run(event.unchecked_ref()));
    let listener = window_event_listener_untyped(event, run);
    on_cleanup(move || listener.remove());
}

/// Creates a handler of clicks.
pub(crate) fn dyn_click(run: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(run)
}

/// Creates a handler of keys.
pub(crate) fn dyn_key(run: impl FnMut(KeyboardEvent) + 'static) -> Box<dyn FnMut(KeyboardEvent)> {
    Box::new(run)
}

/// Creates a handler of events that have no type of their own: `input`, `change`, `close`.
pub(crate) fn dyn_event(run: impl FnMut(Event) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(run)
}
