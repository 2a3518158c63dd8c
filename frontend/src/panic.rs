//! The panic handler of the page.

use app::Texts;
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Installs a panic hook. A panic ends the script for good, so it must not end in silence: the console gets the
/// message, and the page a bar with a reload button. Text that was typed is in the outbox or still in its field.
pub(crate) fn show_a_way_out(texts: Texts) {
    let [says, reload] = texts.crash();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        show_bar(says, reload);
    }));
}

/// Shows the bar. Every step may fail on a page that is already broken; then there is no bar.
fn show_bar(says: &str, label: &str) -> Option<()> {
    let document = document();
    let bar = document.create_element("p").ok()?;
    bar.set_class_name("crash");
    bar.set_attribute("role", "alert").ok()?;
    bar.set_text_content(Some(&format!("{says} ")));
    let button = document.create_element("button").ok()?;
    button.set_class_name("button button-small");
    button.set_text_content(Some(label));
    let reload = Closure::<dyn FnMut()>::new(|| {
        let _ = window().location().reload();
    });
    button.add_event_listener_with_callback("click", reload.as_ref().unchecked_ref()).ok()?;
    reload.forget();
    bar.append_child(&button).ok()?;
    document.body()?.append_child(&bar).ok()?;
    Some(())
}
