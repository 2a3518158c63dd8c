//! The chat client, step by step, without a browser.

mod passing;
mod resuming;
mod sending;
mod fixtures;
mod timeline;
