//! The browser's state, turn by turn, without a browser.

mod passing;
mod resuming;
mod sending;
mod tea;
mod timeline;
