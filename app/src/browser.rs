use std::any::Any;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::web_sys::Element;
use wire::{Timestamp, UserId};

use crate::client::ChatClient;
use crate::failure::Failure;
use crate::zone::{Local, Served};

/// What a browser can do for the app; `frontend` provides it as a context. On the server there is none.
#[derive(Clone, Copy)]
pub struct Browser {
    /// Begins to drive a [`Live`]: opens the socket and keeps it open.
    pub start: fn(ChatClient),
    /// Wakes the driver: there is something to send.
    pub wake: fn(),
    /// Now, in milliseconds since 1970-01-01 UTC.
    pub now: fn() -> f64,
    /// A moment in the viewer's time zone.
    pub local: fn(Timestamp) -> Local,
    /// When and in which zone the server made this page.
    pub served: fn() -> Option<Served>,
    /// Tells the server the viewer's zone with every later request.
    pub send_zone: fn(),
    /// Calls this whenever the clock or the zone may have moved on: every few seconds, and when somebody looks again.
    pub on_tick: fn(Box<dyn Fn(f64)>),
    /// Calls this, until the answer is dropped, after every change of what an element holds or how large it is, before
    /// it is painted.
    pub watch_layout: fn(&Element, Box<dyn Fn()>) -> LayoutWatch,
    /// Waits, so many milliseconds.
    pub pause: fn(u32) -> Pause,
    /// Goes to a page by loading it.
    pub go_to: fn(&str),
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

/// Ends a watch of the layout when it is dropped.
pub type LayoutWatch = Box<dyn Any>;

/// The end of a wait.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The browser, if this is one and it has hydrated.
pub(crate) fn use_browser() -> Option<Browser> {
    use_context()
}
