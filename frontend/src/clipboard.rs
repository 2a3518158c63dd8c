//! The clipboard of the browser.

use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Clipboard, Document, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement};

/// Copies a text to the clipboard. Returns false if the browser does not let scripts do that.
///
/// Only pages over https and on this machine have the asynchronous clipboard; elsewhere, and where it is refused, the
/// older command copies a selection.
pub(crate) async fn copy(text: String) -> bool {
    if let Some(clipboard) = clipboard()
        && JsFuture::from(clipboard.write_text(&text)).await.is_ok()
    {
        return true;
    }
    copy_selected(&text).unwrap_or(false)
}

fn clipboard() -> Option<Clipboard> {
    let found = Reflect::get(&window().navigator(), &JsValue::from_str("clipboard")).ok()?;
    (!found.is_undefined() && !found.is_null()).then(|| found.unchecked_into())
}

/// Selects the text in a temporary field, and copies the selection.
fn copy_selected(text: &str) -> Option<bool> {
    let document: HtmlDocument = window().document()?.dyn_into().ok()?;
    let focused = document.active_element();
    let holder = holder(&document, focused.as_ref())?;
    let field: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_class_name("visually-hidden");
    field.set_value(text);
    holder.append_child(&field).ok()?;
    field.select();
    let copied = document.exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(focused) = focused.and_then(|focused| focused.dyn_into::<HtmlElement>().ok()) {
        let _ = focused.focus();
    }
    Some(copied)
}

/// Returns the element to which the field is added so that it can be focused: nothing outside an open dialog can.
fn holder(document: &Document, focused: Option<&Element>) -> Option<Element> {
    let dialog = focused.and_then(|focused| focused.closest("dialog, [popover]").ok().flatten());
    dialog.or_else(|| document.body().map(Into::into))
}
