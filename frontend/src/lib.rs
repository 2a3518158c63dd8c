//! The browser's side effects: hydration, the WebSocket, storage, uploads, the clock, the clipboard.
//!
//! It carries out the effects that [`app::ChatClient`] requests and reports events to it; every decision is made there.
//! It must never know the meaning of a message or the appearance of a page.
//!
//! Start reading at [`hydrate`], then `drive.rs`.

#[cfg(target_arch = "wasm32")]
mod clipboard;
#[cfg(target_arch = "wasm32")]
mod clock;
#[cfg(target_arch = "wasm32")]
mod drive;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod layout;
#[cfg(target_arch = "wasm32")]
mod panic;
#[cfg(target_arch = "wasm32")]
mod plural;
#[cfg(target_arch = "wasm32")]
mod storage;
#[cfg(target_arch = "wasm32")]
mod upload;

/// Hydrates the page that the server has sent. The page's script calls it once, with the texts in the page's language.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate(texts: String) {
    use leptos::prelude::*;

    let texts = app::Texts::read(texts, plural::category);
    panic::show_a_way_out(texts);
    leptos::mount::hydrate_body(move || {
        provide_context(texts);
        provide_context(host::browser());
        view! { <app::App/> }
    });
    if let Some(page) = document().document_element() {
        // An error would mean that an element accepts no attributes; nobody could be notified of it.
        let _ = page.set_attribute("data-hydrated", "");
    }
}
