//! The search index in SQLite: a full-text table (FTS5) in a file of its own, with threads of its own.
//!
//! The file is derived data. If it is missing, damaged, of another epoch or of other terms, it is made anew, and the
//! indexer fills it from position 0.

mod expression;
mod file;
mod reader;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chat::Fault;
use chat::search_index::{CandidateRequest, IndexUpdate, SearchIndex};
use chat::store::Position;
use tokio::sync::{OnceCell, oneshot};
use wire::{ApplicationId, Epoch};

pub(super) use self::file::files;
use self::reader::{Failed, IndexReader};
use self::writer::IndexWriter;
use crate::threads::Threads;

/// The index in `search.db` of a data folder. The file is opened at the first use.
pub(crate) struct SqliteIndex {
    shared: Arc<Shared>,
    threads: OnceCell<(Threads<writer::Job>, Threads<reader::Job>)>,
}

/// The state that both threads share.
struct Shared {
    file: PathBuf,
    /// The epoch of the store.
    epoch: Epoch,
    /// The number of files that were made since the start. A connection to an earlier one is closed.
    files: AtomicU64,
}

/// The most queued updates and searches.
const WAITING: usize = 64;

impl SqliteIndex {
    pub(crate) fn new(file: PathBuf, epoch: Epoch) -> Self {
        let shared = Shared { file, epoch, files: AtomicU64::new(0) };
        Self { shared: Arc::new(shared), threads: OnceCell::new() }
    }

    async fn threads(&self) -> Result<&(Threads<writer::Job>, Threads<reader::Job>), Fault> {
        self.threads
            .get_or_try_init(async || {
                let writer = Threads::start("search-writer", WAITING, [IndexWriter::new(&self.shared)])?;
                // The file is there before anything reads it.
                let (answer, opened) = oneshot::channel();
                writer.hand_over(writer::Job::Position(answer)).await?;
                answered(opened).await?;
                let reader = Threads::start("search-reader", WAITING, [IndexReader::new(&self.shared)])?;
                Ok((writer, reader))
            })
            .await
    }

    /// As [`SearchIndex::close`], for callers that cannot await it.
    pub(crate) fn end(&self) {
        if let Some((writer, reader)) = self.threads.get() {
            reader.end();
            writer.end();
        }
    }
}

#[async_trait]
impl SearchIndex for SqliteIndex {
    async fn position(&self) -> Result<Position, Fault> {
        let (answer, position) = oneshot::channel();
        self.threads().await?.0.hand_over(writer::Job::Position(answer)).await?;
        answered(position).await
    }

    async fn apply(&self, update: IndexUpdate) -> Result<bool, Fault> {
        let (answer, applied) = oneshot::channel();
        self.threads().await?.0.hand_over(writer::Job::Apply(update, answer)).await?;
        answered(applied).await
    }

    async fn remove_application(&self, application: ApplicationId) -> Result<(), Fault> {
        loop {
            let (answer, removed) = oneshot::channel();
            self.threads().await?.0.hand_over(writer::Job::RemoveApplication(application, answer)).await?;
            if answered(removed).await? {
                return Ok(());
            }
        }
    }

    async fn candidates(&self, request: CandidateRequest) -> Result<Vec<Position>, Fault> {
        let (writer, reader) = self.threads().await?;
        let (answer, found) = oneshot::channel();
        reader.hand_over(reader::Job { request, answer }).await?;
        let found =
            found.await.map_err(|_| Fault::new("search", "the reader of the search index has ended"))?;
        match found {
            Ok(found) => Ok(found),
            Err(Failed { fault, damaged }) => {
                if let Some(number) = damaged {
                    writer.hand_over(writer::Job::Rebuild(number)).await?;
                }
                Err(fault)
            }
        }
    }

    fn rebuilds(&self) -> u64 {
        self.shared.files.load(Ordering::Relaxed)
    }

    async fn close(&self) -> Result<(), Fault> {
        let Some((writer, reader)) = self.threads.get() else { return Ok(()) };
        // The reader first: while it has the file open, the write-ahead log cannot be removed.
        let reader = reader.close().await;
        writer.close().await.and(reader)
    }
}

/// Waits for the answer of a thread.
async fn answered<T>(answer: oneshot::Receiver<Result<T, Fault>>) -> Result<T, Fault> {
    answer.await.unwrap_or_else(|_| Err(Fault::new("search", "a thread of the search index has ended")))
}
