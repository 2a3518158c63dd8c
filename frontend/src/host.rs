use app::{Browser, Failure, Local};
use gloo_net::http::Request;
use js_sys::Date;
use leptos::prelude::window;
use wasm_bindgen::JsValue;
use wire::{ID_BYTES, Timestamp};

use crate::drive;

/// What this browser can do.
pub(crate) fn browser() -> Browser {
    Browser {
        start: drive::start,
        wake: drive::wake,
        now: Date::now,
        local,
        random,
        keep,
        kept,
        copy,
        submit: |action, fields| Box::pin(submit(action, fields)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
fn local(at: Timestamp) -> Local {
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    // What the clock on the wall shows, read as if it were UTC, gives the day on the wall's calendar.
    #[expect(clippy::cast_possible_truncation, reason = "an offset is a few hundred minutes")]
    let offset = date.get_timezone_offset() as i64;
    Local::utc(Timestamp(at.0 - offset * 60_000))
}

fn random() -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    let filled = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        // Every browser that runs wasm has it; the clock and the weak source still make ids that differ.
        for (place, byte) in bytes.iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any byte will do")]
            let mixed = (js_sys::Math::random() * 256.0) as u8 ^ (Date::now() as u64 >> place) as u8;
            *byte = mixed;
        }
    }
    bytes
}

/// Storage may be full or forbidden; the page works without it.
pub(crate) fn keep(name: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = if text.is_empty() { storage.remove_item(name) } else { storage.set_item(name, text) };
    }
}

/// Every text kept under a name that begins like this.
pub(crate) fn kept_under(prefix: &str) -> Vec<String> {
    let Ok(Some(storage)) = window().local_storage() else { return Vec::new() };
    let names = (0..storage.length().unwrap_or_default()).filter_map(|at| storage.key(at).ok().flatten());
    names
        .filter(|name| name.starts_with(prefix))
        .filter_map(|name| storage.get_item(&name).ok().flatten())
        .collect()
}

pub(crate) fn kept(name: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(name).ok().flatten()
}

fn copy(text: &str) {
    // Without permission nothing is copied; the text stays selectable in its field.
    let _ = window().navigator().clipboard().write_text(text);
}

/// Sends a form as a browser would, but asks for an answer that a script can read.
async fn submit(action: &'static str, fields: String) -> Result<Option<String>, Failure> {
    let request = Request::post(action)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Accept", "application/json")
        .body(fields)
        .map_err(|_| Failure::unreachable())?;
    let response = request.send().await.map_err(|_| Failure::unreachable())?;
    if response.ok() {
        return Ok(response.headers().get("location"));
    }
    let body = response.text().await.map_err(|_| Failure::unreachable())?;
    Err(Failure::read(&body))
}
