use std::pin::Pin;

use leptos::prelude::*;
use wire::{Timestamp, UserId};

use crate::failure::Failure;
use crate::live::Live;

/// What a browser can do for the app; `frontend` provides it as a context. On the server there is none.
#[derive(Clone, Copy)]
pub struct Browser {
    /// Begins to drive a [`Live`]: opens the socket and keeps it open.
    pub start: fn(Live),
    /// Wakes the driver: there is something to send.
    pub wake: fn(),
    /// Now, in milliseconds since 1970-01-01 UTC.
    pub now: fn() -> f64,
    /// A moment in the viewer's time zone.
    pub local: fn(Timestamp) -> Local,
    /// Ten random bytes, for a new id.
    pub random: fn() -> [u8; wire::ID_BYTES],
    /// Keeps a text under a name, across reloads; an empty text forgets it.
    pub keep: fn(&str, &str),
    /// The text kept under a name.
    pub kept: fn(&str) -> Option<String>,
    /// Forgets everything that is kept for other users than this one; for everybody if there is none.
    pub forget_others: fn(Option<UserId>),
    /// Puts a text on the clipboard; false if the browser refuses.
    pub copy: fn(String) -> Pin<Box<dyn Future<Output = bool>>>,
    /// Sends a form's fields to a server function while the page goes away.
    pub beacon: fn(&'static str, &str),
    /// Sends a form's fields to a server function.
    pub submit: fn(&'static str, String) -> Submitted,
}

/// What becomes of a form: where to go, if anywhere, or why not.
pub type Submitted = Pin<Box<dyn Future<Output = Result<Option<String>, Failure>>>>;

/// A moment as a clock on the viewer's wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01 on that wall's calendar.
    pub day: i64,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
}

/// How moments are shown: in UTC until the browser has said where the viewer is.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    /// A moment in this zone.
    pub local: fn(Timestamp) -> Local,
    /// The viewer's day, once it is known.
    pub today: Option<i64>,
}

impl Zone {
    /// What the server shows.
    pub const UTC: Self = Self { local: Local::utc, today: None };
}

impl Local {
    /// A moment in UTC.
    #[must_use]
    pub fn utc(at: Timestamp) -> Self {
        let (hour, minute, ..) = at.time_of_day();
        let small = |n: i64| u8::try_from(n).unwrap_or_default();
        Self { day: at.day(), hour: small(hour), minute: small(minute) }
    }
}

/// The zone of this page, as a signal that changes once, after hydration.
pub(crate) fn use_zone() -> RwSignal<Zone> {
    use_context().unwrap_or_else(|| RwSignal::new(Zone::UTC))
}

/// The browser, if this is one and it has hydrated.
pub(crate) fn use_browser() -> Option<Browser> {
    use_context()
}
