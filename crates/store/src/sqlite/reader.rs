//! The work of a reader thread on SQLite.

use chat::Fault;
use rusqlite::Connection;

use super::open::Connect;
use crate::readers::{Read, ReaderPool};
use crate::sql::{Db, SqlResult};
use crate::threads::Worker;

/// Reads are short; more threads than this only alternate on a small machine.
const THREADS: usize = 2;

/// A reader thread with its connection.
struct Reader(Connection);

/// Starts the threads that read.
pub(super) fn start(connect: &Connect) -> Result<ReaderPool, Fault> {
    let reader = |_| {
        let db = connect()?;
        db.pragma_update(None, "query_only", true).map_err(|error| Fault::new("store", error))?;
        Ok(Reader(db))
    };
    ReaderPool::start((0..THREADS).map(reader).collect::<Result<Vec<_>, Fault>>()?)
}

/// A reader thread whose connection is in one transaction from its first read to its end.
struct SnapshotReader {
    db: Connection,
    has_begun: bool,
}

/// Starts a thread that reads in one transaction. Until it ends, the write-ahead log grows.
pub(super) fn snapshot(connect: &Connect) -> Result<ReaderPool, Fault> {
    let db = connect()?;
    db.pragma_update(None, "query_only", true).map_err(|error| Fault::new("store", error))?;
    ReaderPool::start([SnapshotReader { db, has_begun: false }])
}

impl Worker for SnapshotReader {
    type Job = Box<dyn Read>;

    fn work(&mut self, mut job: Self::Job) {
        let mut read = || -> SqlResult<()> {
            if !self.has_begun {
                self.db.execute_batch("BEGIN")?;
                self.has_begun = true;
            }
            job.read(Db::sqlite(&self.db));
            Ok(())
        };
        let outcome = read();
        job.answer(outcome);
    }

    fn end(self) -> Result<(), Fault> {
        self.db.close().map_err(|(_, error)| Fault::new("store.close", error))
    }
}

impl Worker for Reader {
    type Job = Box<dyn Read>;

    fn work(&mut self, mut job: Self::Job) {
        let mut read = || -> SqlResult<()> {
            let transaction = self.0.transaction()?;
            job.read(Db::sqlite(&transaction));
            Ok(transaction.finish()?)
        };
        let outcome = read();
        job.answer(outcome);
    }

    fn end(self) -> Result<(), Fault> {
        self.0.close().map_err(|(_, error)| Fault::new("store.close", error))
    }
}
