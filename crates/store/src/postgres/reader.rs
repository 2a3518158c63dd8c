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
