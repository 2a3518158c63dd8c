//! The lightbox: a dialog that shows the pictures of the messages in full.
//!
//! The server renders it beside the app, empty, and the handlers here fill it: nothing of it is hydrated, which makes
//! the wasm smaller.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent, MouseEvent};

use super::dynamic::dyn_listen;
use super::keys::key;
use crate::browser::use_browser;

/// The links to pictures in full.
const PICTURES: &str = "#messages .attachment-picture";

/// Renders the lightbox. Escape or a press beside the picture closes it, and the focus goes back to the picture.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Lightbox() -> impl IntoView {
    let t = crate::i18n::use_texts();
    view! {
        <dialog class="lightbox" id="lightbox" aria-labelledby="lightbox-name">
            <form method="dialog">
                <bdi class="name" id="lightbox-name" aria-live="polite"></bdi>
                <a class="button-icon" id="lightbox-file" download="" aria-label=t.download()>
                    <svg aria-hidden="true"><use href="/icons.svg#download"></use></svg>
                </a>
                <button class="button-icon" aria-label=t.close()>
                    <svg aria-hidden="true"><use href="/icons.svg#close"></use></svg>
                </button>
            </form>
            <button class="button-icon lightbox-back" type="button" aria-label=t.previous()>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </button>
            <img id="lightbox-picture" alt=""/>
            <button class="button-icon lightbox-on" type="button" aria-label=t.next()>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </button>
        </dialog>
    }
}

/// Opens pictures in the lightbox in place of their links, as long as the page is shown.
pub(crate) fn open_pictures() {
    if use_browser().is_none() {
        return;
    }
    dyn_listen("click", |event| press(event).unwrap_or_default());
    dyn_listen("keydown", |event| press_key(event).unwrap_or_default());
    on_cleanup(|| close().unwrap_or_default());
}

/// Closes the lightbox and lets go of its picture.
fn close() -> Option<()> {
    dialog()?.close();
    part("lightbox-picture")?.remove_attribute("src").ok()
}

fn press(event: &MouseEvent) -> Option<()> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let is_on = |selector: &str| target.closest(selector).ok().flatten();
    if let Some(link) = is_on(PICTURES) {
        // With a key the browser opens the link in another tab, or saves it.
        if !event.ctrl_key() && !event.meta_key() && !event.shift_key() && !event.alt_key() {
            event.prevent_default();
            return show(&link);
        }
    } else if is_on(".lightbox-back").is_some() {
        return go(-1);
    } else if is_on(".lightbox-on").is_some() {
        return go(1);
    } else if target.id() == "lightbox" {
        // The dialog fills the window: beside the picture it is pressed itself.
        dialog()?.close();
    }
    None
}

fn press_key(event: &KeyboardEvent) -> Option<()> {
    dialog().filter(HtmlDialogElement::open)?;
    // With a key an arrow is the browser's: Alt and the left one go back.
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let is_mirrored = document().document_element()?.get_attribute("dir")? == "rtl";
    let on = if is_mirrored { -1 } else { 1 };
    match key(event)?.as_str() {
        "ArrowRight" => go(on),
        "ArrowLeft" => go(-on),
        _ => None,
    }
}

/// Shows the picture that is so many links after the shown one.
fn go(by: i32) -> Option<()> {
    show(&beside(by)?)
}

/// Shows the picture of a link.
fn show(link: &Element) -> Option<()> {
    let (href, name) = (link.get_attribute("href")?, link.get_attribute("title")?);
    let alt = link.first_element_child()?.get_attribute("alt")?;
    let picture = part("lightbox-picture")?;
    // Until the new picture is there, nothing is shown instead of the one before.
    picture.remove_attribute("src").ok()?;
    picture.set_attribute("src", &href).ok()?;
    picture.set_attribute("alt", &alt).ok()?;
    part("lightbox-file")?.set_attribute("href", &href).ok()?;
    part("lightbox-name")?.set_text_content(Some(&name));
    let dialog = dialog()?;
    let mut loses_focus = false;
    for (class, by) in [(".lightbox-back", -1), (".lightbox-on", 1)] {
        let button = dialog.query_selector(class).ok()??;
        let is_end = beside(by).is_none();
        loses_focus |= is_end && button.matches(":focus").ok()?;
        button.toggle_attribute_with_force("disabled", is_end).ok()?;
    }
    if loses_focus {
        // The other button: the picture before this one is beside it.
        let other: HtmlElement = dialog.query_selector("#lightbox > :enabled").ok()??.unchecked_into();
        other.focus().ok()?;
    }
    // An error would mean that it is shown already.
    let _ = dialog.show_modal();
    Some(())
}

/// Returns the link that is so many links after the shown one.
fn beside(by: i32) -> Option<Element> {
    let href = part("lightbox-file")?.get_attribute("href")?;
    let links = document().query_selector_all(PICTURES).ok()?;
    let link = |at| links.item(at)?.dyn_into::<Element>().ok();
    let is_shown = |link: Element| link.get_attribute("href").as_ref() == Some(&href);
    let at = (0..links.length()).find(|at| link(*at).is_some_and(is_shown))?;
    link(at.checked_add_signed(by)?)
}

fn dialog() -> Option<HtmlDialogElement> {
    part("lightbox")?.dyn_into().ok()
}

fn part(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}
