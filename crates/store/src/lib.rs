//! The facts in SQL: [`SqliteStore`] keeps them in one file of a data folder.
//!
//! Each database has its folder, and the folders mirror each other file by file: how it is opened, what a
//! commit does, how logs and groups are read. The rows are private, so that the schema never freezes what
//! crosses the network. The crate must never know rules or sockets: it is held to the contract of
//! [`chat::Store`] by the suite in `chat::testing`.
//!
//! Start reading at `sqlite/mod.rs`, then `sqlite/commit.rs`; what a data folder must be like stands in `sqlite/life/`.

mod sqlite;

pub use sqlite::{Backup, BackupRequest, Inspection, SqliteStore, Verified, restore};
