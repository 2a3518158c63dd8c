//! Reader threads: transactions that only read.

use std::sync::atomic::{AtomicU64, Ordering};

use chat::Fault;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::open::Connect;
use super::threads::{Threads, Worker};

/// The threads that read.
pub(super) struct ReaderPool {
    threads: Threads<Job>,
    reads: AtomicU64,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Reads are short; more threads than this only alternate on a small machine.
const THREADS: usize = 2;
/// The most queued reads; later ones wait for room.
const WAITING: usize = 256;

impl ReaderPool {
    pub(super) fn start(connect: &Connect) -> Result<Self, Fault> {
        let desk = |_| {
            let db = connect()?;
            db.pragma_update(None, "query_only", true).map_err(|error| Fault::new("store", error))?;
            Ok(ReaderThread(db))
        };
        let desks = (0..THREADS).map(desk).collect::<Result<Vec<_>, Fault>>()?;
        Ok(Self { threads: Threads::start("store-reader", WAITING, desks)?, reads: AtomicU64::new(0) })
    }

    /// Reads in one transaction, so that the result is consistent.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let result = db.transaction().and_then(|transaction| {
                let result = read(&transaction)?;
                transaction.finish()?;
                Ok(result)
            });
            // An error is a caller that no longer waits.
            let _ = answer.send(result);
        });
        self.threads.hand_over(job).await?;
        match answered.await {
            Ok(result) => result.map_err(|error| Fault::new(what, error)),
            Err(_) => Err(Fault::new(what, "a reader of the store has ended")),
        }
    }

    /// As [`ReaderPool::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        self.threads.end();
    }

    /// Returns the number of reads so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Finishes queued reads and closes the file.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        self.threads.close().await
    }
}

/// The state of each thread.
struct ReaderThread(Connection);

impl Worker for ReaderThread {
    type Job = Job;

    fn work(&mut self, job: Job) {
        job(&mut self.0);
    }

    fn end(self) -> Result<(), Fault> {
        self.0.close().map_err(|(_, error)| Fault::new("store.close", error))
    }
}
