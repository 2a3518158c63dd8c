//! The Leptos app: pages and components, on the server and in the browser.
//!
//! Pages and components render on the server first and work there as plain HTML with forms and links; in the browser
//! the same components hydrate, and [`ChatClient`] takes over: the browser's state, fed by the documented socket.
//! Server functions (`server_fns/`) return page data and take forms; each makes one call to `chat`.
//!
//! It must never know sockets, storage or timers: `frontend` drives [`ChatClient`] and provides the browser as a
//! [`Browser`]. Nor axum, cookies beyond one header, or SQL. Rules are in `chat`.
//!
//! Start reading at [`App`], then `pages/hydrated/conversation.rs`, then [`ChatClient`].

mod browser;
#[cfg(feature = "ssr")]
mod busy;
pub mod client;
mod clock;
mod components;
mod failure;
mod i18n;
mod letter_case;
mod outage;
mod page_data;
mod page_kind;
#[cfg(feature = "ssr")]
mod page_queries;
mod page_session;
mod pages;
mod returned;
#[expect(missing_docs, reason = "the arguments of a server function become fields that its own docs explain")]
pub mod server_fns;
#[cfg(feature = "ssr")]
mod shell;
mod site;
mod zone;

pub use browser::{Browser, Pause, Submitted};
#[cfg(feature = "ssr")]
pub use busy::busy_page;
pub use client::ChatClient;
pub use failure::Failure;
pub use i18n::Texts;
#[cfg(feature = "ssr")]
pub use i18n::{accepted, english, texts_file, texts_path};
#[cfg(feature = "ssr")]
pub use page_kind::Root;
pub use page_kind::is_hydrated;
#[cfg(feature = "ssr")]
pub use pages::server_only::ServerOnlyPage;
#[cfg(feature = "ssr")]
pub use returned::{PagePath, Returned, ShownOnce};
#[cfg(feature = "ssr")]
pub use server_fns::{ServerOrigin, SessionCookie};
#[cfg(feature = "ssr")]
pub use shell::{Assets, shell};
pub use site::App;
pub use zone::{Local, Served, ZONE_COOKIE, Zone};
