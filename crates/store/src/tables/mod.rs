//! Tables: the statements that read and write them, on either database. A read is a function of a [`Db`](crate::sql::Db),
//! a write one of a [`Scope`](scope::Scope).

mod accounts;
mod append;
mod application_data;
mod application_reader;
pub(crate) mod applications;
mod attempts;
mod changes;
pub(crate) mod commit;
mod conversations;
mod damaged;
pub(crate) mod ended_sessions;
mod files;
mod groups;
mod guests;
pub(crate) mod hooks;
mod horizon;
mod inbox;
pub(crate) mod jobs;
mod keyed;
mod locks;
pub(crate) mod logs;
mod marks;
mod members;
pub(crate) mod messages;
mod names;
mod open_log;
mod people;
mod receipts;
mod restricted;
pub(crate) mod scope;
pub(crate) mod sessions;
pub(crate) mod slices;
pub(crate) mod tokens;
mod trim;
mod unread;
mod usage;
mod user_tokens;
mod users;
pub(crate) mod values;

pub(crate) use append::{LogHead, MovedHead};
pub(crate) use application_reader::ApplicationReader;
pub(crate) use conversations::direct_standing;
pub(crate) use groups::member_standing;
pub(crate) use locks::{Lock, Locks};
pub(crate) use unread::UnreadCounts;
