//! The browser's APIs as function pointers: clock, storage, clipboard, layout, requests.

use std::any::Any;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::web_sys::{Element, FileList};
use wire::{Timestamp, Topic, UserId};

use crate::client::ChatClient;
use crate::failure::Failure;
use crate::zone::{Local, Served};

/// The browser's APIs for the app; `frontend` provides it as a context. On the server there is none.
#[derive(Clone, Copy)]
pub struct Browser {
    /// Starts to drive a [`ChatClient`]: opens the socket and keeps it open.
    pub start: fn(ChatClient),
    /// Wakes the driver: effects are due.
    pub wake: fn(),
    /// Returns the current time, in milliseconds since 1970-01-01 UTC.
    pub now: fn() -> f64,
    /// Converts a time to the viewer's zone.
    pub local: fn(Timestamp) -> Local,
    /// Returns the time and the zone with which the server rendered this page.
    pub served: fn() -> Option<Served>,
    /// Sends the viewer's zone to the server with every later request.
    pub send_zone: fn(),
    /// Calls the function when the clock or the zone may have changed: every few seconds, and when the page becomes
    /// visible again.
    pub on_tick: fn(Box<dyn Fn(f64)>),
    /// Calls the function, until the returned watch is dropped, after every change of an element's content or size,
    /// before it is painted.
    pub watch_layout: fn(&Element, Box<dyn Fn()>) -> LayoutWatch,
    /// Waits for this time, in milliseconds.
    pub pause: fn(u32) -> Pause,
    /// Navigates to a page by loading it.
    pub go_to: fn(&str),
    /// Returns ten random bytes, for a new id.
    pub random: fn() -> [u8; wire::ID_BYTES],
    /// Stores a text under a key, across reloads; an empty text deletes it.
    pub keep: fn(&str, &str),
    /// Returns the text stored under a key.
    pub kept: fn(&str) -> Option<String>,
    /// Deletes everything that is stored for other users than this one; for all users if there is none.
    pub forget_others: fn(Option<UserId>),
    /// Adds files to the draft of a conversation, and uploads them.
    pub attach: fn(&ChatClient, &Topic, &FileList),
    /// Copies a text to the clipboard; false if the browser refuses.
    pub copy: fn(String) -> Pin<Box<dyn Future<Output = bool>>>,
    /// Sends a form's fields to a server function while the page is being closed.
    pub beacon: fn(&'static str, &str),
    /// Sends a form's fields to a server function.
    pub submit: fn(&'static str, String) -> Submitted,
}

/// The result of a form: the address to go to, if any, or a refusal.
pub type Submitted = Pin<Box<dyn Future<Output = Result<Option<String>, Failure>>>>;

/// A watch of the layout, which ends when it is dropped.
pub type LayoutWatch = Box<dyn Any>;

/// A future that ends after a delay.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Returns the browser, if this is one and it has hydrated.
pub(crate) fn use_browser() -> Option<Browser> {
    use_context()
}

/// Wakes the browser's driver: effects are due.
pub(crate) fn wake() {
    if let Some(browser) = use_browser() {
        (browser.wake)();
    }
}

/// Reloads the page.
pub(crate) fn reload() {
    // An error would mean that the page is being unloaded already.
    let _ = window().location().reload();
}
