//! The SQL store: [`SqliteStore`] keeps all durable data in one file of a data folder.
//!
//! Each database has its folder, and the folders mirror each other file by file: opening, commits, logs, groups. The
//! rows are private, so that the schema never freezes the protocol. The crate must never know rules or sockets: the
//! suite in `chat::testing` holds it to the contract of [`chat::Store`].
//!
//! Start reading at `sqlite/mod.rs`, then `sqlite/commit.rs`; the checks of a data folder are in `sqlite/life/`.

mod sqlite;

pub use sqlite::{Backup, BackupRequest, Inspection, SqliteStore, Verified, restore};
