//! The pages: hydrated ones, which are live in the browser, and server-only ones.

mod broken;
mod hydrated;
mod not_found;
#[cfg(feature = "ssr")]
pub(crate) mod server_only;

#[cfg(feature = "ssr")]
pub(crate) use broken::Broken;
pub(crate) use hydrated::{ConversationPage, Landing};
pub(crate) use not_found::NotFound;
