//! The chat client, step by step, without a browser.

mod fixtures;
mod passing;
mod resuming;
mod sending;
mod timeline;
mod uploading;
