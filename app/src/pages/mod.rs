//! The pages: one file each.

mod broken;
mod group;
mod join;
mod landing;
mod not_found;

#[cfg(feature = "ssr")]
pub(crate) use broken::Broken;
pub(crate) use group::{GroupPage, wake};
pub(crate) use landing::Landing;
pub(crate) use not_found::NotFound;
