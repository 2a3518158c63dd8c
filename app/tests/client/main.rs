//! The browser's state, turn by turn, without a browser.

mod passing;
mod resuming;
mod sending;
mod fixtures;
mod timeline;
