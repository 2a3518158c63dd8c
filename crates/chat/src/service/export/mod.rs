//! Exports: an application as an archive in Hubbub's own format, read from one snapshot of the store.
//!
//! Ids are the same in every export, also in one of what was imported from another: a user, a conversation or a message that
//! came from an export has its id there, and any other one an id of this server. Memory is bounded by the users and
//! conversations of the application, the members of one group, and 24 bytes for each file.
//!
//! An archive has no passwords, tokens, sessions, keys, webhooks and audit logs, and no text of a message that is deleted or
//! no longer kept.

mod conversation;
mod exporter;
mod files;
mod message;
mod names;
mod users;

pub use exporter::Exported;
