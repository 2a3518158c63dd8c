//! Exports of chats as one stream of [records](Record): of Slack, of Mattermost, and Hubbub's own format.
//!
//! An archive is read by [`Archive`]: it yields users before conversations, each conversation with its members before
//! its messages, and the messages of a conversation in order of time. [`own::Writer`] writes Hubbub's own format.
//!
//! An archive comes from outside, so nothing in it is trusted: [`limits`] bounds its size, and `source.rs` checks its
//! paths. Nothing is ever unpacked to the file system under a name that the archive chose. Memory is bounded by the
//! users, conversations and memberships of the archive and by one day of one conversation; for Mattermost, whose messages
//! are in no order, by 40 bytes for each message.
//!
//! The crate knows nothing of the product: no rules, no store. Start with `record.rs` and `archive.rs`.

mod archive;
mod error;
pub mod limits;
mod lines;
mod mattermost;
pub mod own;
mod record;
mod slack;
mod source;

pub use archive::{Archive, Format};
pub use error::ArchiveError;
pub use record::{
    Conversation, Entry, File, FileContent, Header, Kind, LeftOut, Member, Reaction, Record, Text, User,
};
