//! The pages: one file each.

mod broken;
mod conversation;
mod join;
mod landing;
mod not_found;
mod place;

#[cfg(feature = "ssr")]
pub(crate) use broken::Broken;
pub(crate) use conversation::{ConversationPage, wake};
pub(crate) use landing::{Landing, reload};
pub(crate) use not_found::NotFound;
