//! The clock and the time zone of the browser.

use std::cell::RefCell;

use app::{Local, Served};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Intl, Object, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wire::Timestamp;

/// The interval of the clock, in milliseconds.
const EVERY: u32 = 5_000;
/// The lifetime of the time zone cookie, in seconds: a year.
const ZONE_FOR: u32 = 365 * 24 * 60 * 60;

thread_local! {
    /// The time zone that was last sent to the server, if any.
    static SENT: RefCell<Option<String>> = const { RefCell::new(None) };
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
pub(crate) fn local(at: Timestamp) -> Local {
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    // The local time, read as if it were UTC, has the local date.
    #[expect(clippy::cast_possible_truncation, reason = "an offset is a few hundred minutes")]
    let offset = date.get_timezone_offset() as i64;
    Local::utc(Timestamp(at.0 - offset * 60_000))
}

/// Returns the time at which the server rendered this page, and the time zone it used.
pub(crate) fn served() -> Option<Served> {
    document().document_element()?.get_attribute("data-served")?.parse().ok()
}

/// Puts the IANA name of the time zone into a cookie, so that the server shows times as this browser does. The name is
/// no secret, and the cookie is removed on sign-out.
pub(crate) fn send_zone() {
    let options = Intl::DateTimeFormat::new(&js_sys::Array::new(), &Object::new()).resolved_options();
    let zone = Reflect::get(&options, &"timeZone".into()).ok().and_then(|zone| zone.as_string());
    let Some(zone) = zone else { return };
    if SENT.with_borrow(|sent| sent.as_ref() == Some(&zone)) {
        return;
    }
    set_cookie(&zone, ZONE_FOR);
    SENT.set(Some(zone));
}

/// Removes the cookie; this page sends no time zone any more.
pub(crate) fn forget_zone() {
    SENT.set(None);
    set_cookie("", 0);
}

fn set_cookie(zone: &str, seconds: u32) {
    let secure = if window().location().protocol().is_ok_and(|protocol| protocol == "https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{}={zone}; Path=/; SameSite=Lax; Max-Age={seconds}{secure}", app::ZONE_COOKIE);
    // A browser that forbids cookies has no session either.
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// Calls back at every tick for as long as the page lives.
pub(crate) fn on_tick(tick: Box<dyn Fn(f64)>) {
    let tick: &'static dyn Fn(f64) = Box::leak(tick);
    let look = move || {
        if SENT.with_borrow(Option::is_some) {
            send_zone();
        }
        tick(Date::now());
    };
    // Browsers throttle the timers of a hidden page, so the callback also runs when it is visible again.
    let back = Closure::<dyn FnMut()>::new(look);
    let listener = back.as_ref().unchecked_ref();
    // An error would mean that the page accepts no listeners; the timer still ticks.
    let _ = document().add_event_listener_with_callback("visibilitychange", listener);
    let _ = window().add_event_listener_with_callback("focus", listener);
    back.forget();
    leptos::task::spawn_local(async move {
        loop {
            TimeoutFuture::new(EVERY).await;
            look();
        }
    });
}
