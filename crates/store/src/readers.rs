//! Reader threads: transactions that only read.

use std::sync::atomic::{AtomicU64, Ordering};

use chat::Fault;
use tokio::sync::oneshot;

use crate::sql::{Db, SqlResult};
use crate::threads::{Threads, Worker};

/// The threads that read.
pub struct ReaderPool {
    threads: Threads<Box<dyn Read>>,
    reads: AtomicU64,
}

/// A read that waits for a thread.
pub(crate) trait Read: Send {
    /// Reads, in a transaction.
    fn read(&mut self, db: Db<'_>);

    /// Answers the caller. The outcome is that of the transaction.
    fn answer(self: Box<Self>, outcome: SqlResult<()>);
}

/// The most queued reads; later ones wait for room.
const WAITING: usize = 256;

impl ReaderPool {
    /// Starts a thread for each worker.
    pub(crate) fn start<W>(workers: impl IntoIterator<Item = W>) -> Result<Self, Fault>
    where
        W: Worker<Job = Box<dyn Read>>,
    {
        Ok(Self { threads: Threads::start("store-reader", WAITING, workers)?, reads: AtomicU64::new(0) })
    }

    /// Reads in one transaction, so that the result is consistent.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(Db<'_>) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, Fault> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.threads.hand_over(Box::new(Waiting { read: Some(read), result: None, answer })).await?;
        match answered.await {
            Ok(result) => result.map_err(|error| Fault::new(what, error)),
            Err(_) => Err(Fault::new(what, "a reader of the store has ended")),
        }
    }

    /// As [`ReaderPool::close`], for callers that cannot await it.
    pub(crate) fn end(&self) {
        self.threads.end();
    }

    /// Returns the number of reads so far.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Finishes queued reads and closes the connections.
    pub(crate) async fn close(&self) -> Result<(), Fault> {
        self.threads.close().await
    }
}

/// A read, its result and the caller who waits for it.
struct Waiting<T, F> {
    read: Option<F>,
    result: Option<SqlResult<T>>,
    answer: oneshot::Sender<SqlResult<T>>,
}

impl<T, F> Read for Waiting<T, F>
where
    T: Send,
    F: FnOnce(Db<'_>) -> SqlResult<T> + Send,
{
    fn read(&mut self, db: Db<'_>) {
        self.result = self.read.take().map(|read| read(db));
    }

    fn answer(self: Box<Self>, outcome: SqlResult<()>) {
        let result = match (outcome, self.result) {
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            // Nothing was read, so the caller hears that the reader has ended.
            (Ok(()), None) => return,
        };
        // An error is a caller that no longer waits.
        let _ = self.answer.send(result);
    }
}
