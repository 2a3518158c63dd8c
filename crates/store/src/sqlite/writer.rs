use std::sync::Arc;

use chat::Fault;
use chat::store::{Outcome, Write};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::checkpoint::{self, Checkpointer};
use super::commit;
use super::open::Connect;
use super::threads::{Threads, Worker};

/// The one thread that writes.
pub(super) struct Writer {
    threads: Threads<Commit>,
    checkpointer: Arc<Checkpointer>,
}

/// A batch that shall become facts.
struct Commit {
    writes: Arc<[Write]>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Fault>>,
}

/// The committer makes one call at a time; a few more may come from elsewhere, and wait their turn.
const WAITING: usize = 16;

impl Writer {
    pub(super) fn start(connection: Connection, connect: Connect) -> Result<Self, Fault> {
        let checkpointer = Arc::new(Checkpointer::start(Arc::clone(&connect))?);
        let desk = Desk {
            connection: Some(connection),
            connect,
            checkpointer: Arc::clone(&checkpointer),
            truncate_at: checkpoint::TRUNCATE_PAGES,
        };
        Ok(Self { threads: Threads::start("store-writer", WAITING, [desk])?, checkpointer })
    }

    pub(super) async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault> {
        let (answer, answered) = oneshot::channel();
        self.threads.hand_over(Commit { writes, answer }).await?;
        answered.await.unwrap_or_else(|_| Err(Fault::new("store.commit", "the writer has ended")))
    }

    /// Commits what was taken, empties the write-ahead log and lets go of the file.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        // First: as long as it has the file open, the write-ahead log cannot go.
        let checkpointer = self.checkpointer.close().await;
        self.threads.close().await.and(checkpointer)
    }
}

/// What the thread has.
struct Desk {
    /// None after a failure, until the next batch comes.
    connection: Option<Connection>,
    connect: Connect,
    checkpointer: Arc<Checkpointer>,
    /// At which length the write-ahead log is emptied at any price.
    truncate_at: i64,
}

impl Worker for Desk {
    type Job = Commit;

    fn work(&mut self, Commit { writes, answer }: Commit) {
        // Who no longer waits finds the message by its SendId.
        let _ = answer.send(self.commit(&writes));
        self.tidy();
    }

    fn end(self) -> Result<(), Fault> {
        self.connection.map_or(Ok(()), checkpoint::close)
    }
}

impl Desk {
    /// Commits a batch. After any error the connection is given up and a new one is opened for the next
    /// batch: once a flush has failed, what the old one would say is worth nothing.
    fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Fault> {
        let mut db = match self.connection.take() {
            Some(db) => db,
            None => (self.connect)()?,
        };
        let outcomes = commit::commit(&mut db, writes).map_err(|error| Fault::new("store.commit", error))?;
        self.connection = Some(db);
        Ok(outcomes)
    }

    /// Keeps the write-ahead log short. A checkpoint flushes too, so its failure counts like that of a
    /// commit.
    fn tidy(&mut self) {
        let Some(db) = self.connection.take() else { return };
        match self.checkpointer.shorten(&db, self.truncate_at) {
            Ok(truncate_at) => {
                self.truncate_at = truncate_at;
                self.connection = Some(db);
            }
            // There is nobody to tell but the log, and a fault has written that by being made.
            Err(error) => drop(Fault::new("store.checkpoint", error)),
        }
    }
}
