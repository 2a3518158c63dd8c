//! The work of a reader thread on PostgreSQL.

use std::sync::Arc;

use chat::Fault;

use super::cluster::Cluster;
use super::connection::PostgresConnection;
use crate::readers::{Read, ReaderPool};
use crate::sql::{Db, SqlResult};
use crate::threads::Worker;

/// A reader thread with its connection; none after a failure, until the next read.
struct Reader {
    cluster: Arc<Cluster>,
    connection: Option<PostgresConnection>,
}

/// Starts the threads that read.
pub(super) fn start(cluster: &Arc<Cluster>, threads: usize) -> Result<ReaderPool, Fault> {
    ReaderPool::start((0..threads).map(|_| Reader { cluster: Arc::clone(cluster), connection: None }))
}

/// A reader thread whose connection is in one transaction from its first read to its end. It ends if the connection is
/// lost: another one would see another state.
struct SnapshotReader {
    cluster: Arc<Cluster>,
    connection: Option<PostgresConnection>,
}

/// The longest pause between two reads of a snapshot, during which the caller writes what it has read.
const SNAPSHOT: &str = "SET idle_in_transaction_session_timeout = '10min'; SET statement_timeout = '60s'";

/// Starts a thread that reads in one transaction.
pub(super) fn snapshot(cluster: &Arc<Cluster>) -> Result<ReaderPool, Fault> {
    ReaderPool::start([SnapshotReader { cluster: Arc::clone(cluster), connection: None }])
}

impl Worker for SnapshotReader {
    type Job = Box<dyn Read>;

    fn work(&mut self, mut job: Self::Job) {
        let begun = match &self.connection {
            Some(_) => Ok(()),
            None => self.begin(),
        };
        if let (Ok(()), Some(connection)) = (&begun, &self.connection) {
            job.read(Db::postgres(connection));
        }
        job.answer(begun);
    }

    fn end(self) -> Result<(), Fault> {
        if let Some(connection) = self.connection {
            // A connection that is lost has no transaction.
            let _ = connection.end("ROLLBACK");
        }
        Ok(())
    }
}

impl SnapshotReader {
    fn begin(&mut self) -> SqlResult<()> {
        let connection = self.cluster.connect()?;
        connection.batch(SNAPSHOT)?;
        connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        self.connection = Some(connection);
        Ok(())
    }
}

impl Worker for Reader {
    type Job = Box<dyn Read>;

    fn work(&mut self, mut job: Self::Job) {
        match self.read(&mut *job) {
            Ok(connection) => {
                // The caller does not wait for the end of the transaction.
                job.answer(Ok(()));
                self.connection = connection.end("COMMIT").is_ok().then_some(connection);
            }
            Err(error) => job.answer(Err(error)),
        }
    }

    fn end(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Reader {
    /// Reads in a transaction that sees one state of the database.
    fn read(&mut self, job: &mut dyn Read) -> SqlResult<PostgresConnection> {
        let connection = match self.connection.take().filter(PostgresConnection::is_open) {
            Some(connection) => connection,
            None => self.cluster.connect()?,
        };
        connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        job.read(Db::postgres(&connection));
        Ok(connection)
    }
}
