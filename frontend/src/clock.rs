use std::cell::RefCell;

use app::{Local, Served};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Intl, Object, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wire::Timestamp;

/// How often the clock is looked at, in milliseconds.
const EVERY: u32 = 5_000;
/// How long the server is told the zone, in seconds: a year.
const ZONE_FOR: u32 = 365 * 24 * 60 * 60;

thread_local! {
    /// The zone that the server was told last; none before it is told any.
    static SENT: RefCell<Option<String>> = const { RefCell::new(None) };
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
pub(crate) fn local(at: Timestamp) -> Local {
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    // What the clock on the wall shows, read as if it were UTC, gives the day on the wall's calendar.
    #[expect(clippy::cast_possible_truncation, reason = "an offset is a few hundred minutes")]
    let offset = date.get_timezone_offset() as i64;
    Local::utc(Timestamp(at.0 - offset * 60_000))
}

/// When and in which zone the server made this page.
pub(crate) fn served() -> Option<Served> {
    document().document_element()?.get_attribute("data-served")?.parse().ok()
}

/// Puts the IANA name of the zone into a cookie, so that the server shows times as this browser does. Its name is no
/// secret of anybody, and it goes when they sign out.
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

/// Takes the cookie away, and sends no zone from this page any more.
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
    // Where cookies are forbidden there is no session either.
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// Looks at the clock for as long as the page lives.
pub(crate) fn on_tick(tick: Box<dyn Fn(f64)>) {
    let tick: &'static dyn Fn(f64) = Box::leak(tick);
    let look = move || {
        if SENT.with_borrow(Option::is_some) {
            send_zone();
        }
        tick(Date::now());
    };
    // A page that was out of sight had its timers slowed down.
    let back = Closure::<dyn FnMut()>::new(look);
    let listener = back.as_ref().unchecked_ref();
    // An error would mean that the page takes no listeners; the timer still looks.
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
