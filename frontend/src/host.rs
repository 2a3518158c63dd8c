//! The browser APIs that the app uses, as one struct of functions.

use app::{Browser, Failure};
use gloo_net::http::Request;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use leptos::prelude::window;
use send_wrapper::SendWrapper;
use wire::ID_BYTES;

use crate::{clipboard, clock, drive, layout, storage, upload};

/// Returns the functions of this browser.
pub(crate) fn browser() -> Browser {
    Browser {
        start: drive::start,
        wake: drive::wake,
        now: Date::now,
        local: clock::local,
        served: clock::served,
        send_zone: clock::send_zone,
        on_tick: clock::on_tick,
        watch_layout: layout::watch,
        pause: |millis| Box::pin(SendWrapper::new(TimeoutFuture::new(millis))),
        go_to,
        random,
        keep: storage::keep,
        kept: storage::kept,
        attach: upload::attach,
        copy: |text| Box::pin(clipboard::copy(text)),
        forget_others: storage::forget_others,
        beacon,
        submit: |action, fields| Box::pin(submit(action, fields)),
    }
}

pub(crate) fn random() -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    let filled = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        // Every browser that runs wasm has `crypto`; the clock and the weak source still make ids that differ.
        for (place, byte) in bytes.iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any byte will do")]
            let mixed = (js_sys::Math::random() * 256.0) as u8 ^ (Date::now() as u64 >> place) as u8;
            *byte = mixed;
        }
    }
    bytes
}

/// Sends a form's fields to a server function while the page is being closed; nobody waits for the response.
fn beacon(action: &'static str, fields: &str) {
    // An error would mean that the browser accepts no more beacons; then the action is not done, and nothing is lost.
    let fields = web_sys::UrlSearchParams::new_with_str(fields);
    let _ = fields
        .map(|fields| window().navigator().send_beacon_with_opt_url_search_params(action, Some(&fields)));
}

fn go_to(address: &str) {
    // An error would mean that this is not an address; it came from a link of the page.
    let _ = window().location().set_href(address);
}

/// Submits a form as a browser would, but asks for a response that a script can read.
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
