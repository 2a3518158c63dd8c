//! Hubbub's own format: a ZIP file with `data.jsonl`, one [record](crate::Record) a line, and the contents of files in
//! `files/`.
//!
//! The form is canonical: the header, the users, and then each conversation with its members, files and messages, each
//! line with its keys sorted and without optional ones. So an export of what was imported is the same but for its header.
//!
//! Users are in the order of their ids, and so are conversations and the members of each. Files are numbered in the order
//! of their messages.

mod read;
mod write;

pub(crate) use read::{Own, unpacked};
pub use write::Writer;

/// The version of the format.
pub const VERSION: u32 = 1;
/// The id of the application itself, as the author of messages and as one who reacts or deletes. No user has it.
pub const APPLICATION: &str = "application";
/// The file with the records.
pub(crate) const DATA: &str = "data.jsonl";
/// The folder of the contents.
pub(crate) const FILES: &str = "files/";

/// Returns the path of the content of a file with an id.
#[must_use]
pub fn path(id: &str) -> String {
    format!("{FILES}{id}")
}
