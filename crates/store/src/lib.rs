//! The SQL store: [`SqliteStore`] keeps all durable data in one file of a data folder, [`PostgresStore`] in a database
//! that several servers share.
//!
//! The statements in `tables/` are written once and run on both databases, through the interface in `sql/`; opening,
//! transactions and all that concerns files are in `sqlite/`, connections and locks in `postgres/`. The rows are
//! private, so that the schema never freezes the protocol. The crate must never know rules or sockets: the suite in
//! `chat::testing` holds both stores to the contract of [`chat::Store`].
//!
//! Start reading at `store.rs`, then `tables/commit.rs`; the checks of a data folder are in `sqlite/life/`.

mod move_data;
mod postgres;
mod readers;
mod sql;
mod sqlite;
mod store;
mod tables;
mod threads;

pub use move_data::{MoveRequest, Moved, move_to_postgres};
pub use postgres::{
    Examination, Failover, LongTransaction, NodeFolder, OpenError, PostgresConfig, PostgresStore, Schema,
    Step, StepKind,
};
pub use sqlite::{Backup, BackupRequest, Inspection, SqliteStore, Verified, restore};
pub use store::{Engine, SqlStore};
