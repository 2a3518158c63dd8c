//! Imports of archives: started, watched and cancelled by the operator, and carried out by a job.
//!
//! An import makes users without an account, under keys that begin with `import/`, and conversations of its own. It writes
//! into no other conversation, since dates never run backwards in a log. Every message has an id made of the format and
//! the archive's ids, so a repeat adds nothing.

mod commit;
mod control;
mod conversation;
mod files;
pub(super) mod ids;
mod importer;
mod job;
mod link;
mod message;
mod names;
mod people;
mod place;
mod reader;
mod state;
mod texts;
mod users;

pub use control::{ImportError, ImportRequest};
pub use link::ImportLinkError;
pub use state::{ImportCounts, ImportState};
