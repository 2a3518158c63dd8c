//! The Leptos app: what people see and use, on the server and in the browser.
//!
//! Pages and components render on the server first and work there as plain HTML with forms and links; in the
//! browser the same components hydrate, and [`Live`] takes over: the browser's state, fed by the documented
//! socket. Server functions (`calls/`) bring page data and take forms; each makes one call to `chat`.
//!
//! It must never know of sockets, storage or timers: `frontend` drives [`Live`] and lends what a browser can
//! do as a [`Browser`]. Nor of axum, cookies beyond one header, or SQL. Rules live in `chat`.
//!
//! Start reading at [`App`], then `pages/conversation.rs`, then [`Live`].

mod browser;
#[cfg(feature = "ssr")]
mod busy;
#[expect(missing_docs, reason = "a server function's arguments become fields that its own docs tell of")]
pub mod calls;
mod desk;
mod failure;
pub mod live;
mod outage;
mod page_data;
mod pages;
mod returned;
#[cfg(feature = "ssr")]
mod shell;
mod site;
#[cfg(feature = "ssr")]
mod still;
mod text;
mod views;
mod zone;

pub use browser::{Browser, Pause, Submitted};
#[cfg(feature = "ssr")]
pub use busy::busy_page;
pub use failure::Failure;
pub use live::Live;
#[cfg(feature = "ssr")]
pub use returned::{PagePath, Returned, ShownOnce};
#[cfg(feature = "ssr")]
pub use shell::{Assets, Root, ServerOrigin, SessionCookie, shell};
pub use site::{App, is_live};
#[cfg(feature = "ssr")]
pub use still::Still;
pub use zone::{Local, Served, ZONE_COOKIE, Zone};
