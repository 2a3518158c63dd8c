//! The writer thread: batches of writes to commits.

use std::sync::Arc;
use std::time::Duration;

use chat::Fault;
use chat::store::{Commit, Committed, Write};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;
use tokio::time::Instant;
use wire::Seq;

use super::checkpoint::{self, Checkpointer};
use super::life::{Begun, Life};
use super::meta;
use super::open::Connect;
use crate::sql::{Db, SqlError};
use crate::tables::scope::Positions;
use crate::tables::{Locks, commit, ended_sessions, jobs};
use crate::threads::{Threads, Worker};

/// The only thread that writes.
pub(super) struct Writer {
    threads: Threads<Job>,
    checkpointer: Arc<Checkpointer>,
}

/// A batch that is to be committed.
struct Job {
    commits: Vec<Commit>,
    /// True if to commit something even if the batch is empty.
    probe: bool,
    /// The position after which revocations are returned.
    revocations_after: Seq,
    answer: oneshot::Sender<Result<Committed, Fault>>,
}

/// The most queued batches: the committer makes one call at a time, and a few more may come from elsewhere.
const WAITING: usize = 16;
/// The age of the last mark from which a commit sets a new one, which costs a page of the write-ahead log.
const MARK_EVERY: Duration = Duration::from_secs(1);
/// The position past all revocations.
const NONE: Seq = Seq(u64::MAX);

impl Writer {
    pub(super) fn start(begun: Begun, connect: Connect) -> Result<(Self, Arc<Life>), Fault> {
        let life = Arc::new(begun.life);
        let checkpointer = Arc::new(Checkpointer::start(Arc::clone(&connect), Arc::clone(&life))?);
        let positions = Positions::default();
        positions.catch_up(Db::sqlite(&begun.connection)).map_err(|error| Fault::new("store", error))?;
        // On a full disk the server starts all the same, and the leases of an earlier process expire.
        if let Err(error) = jobs::release_all(Db::sqlite(&begun.connection)) {
            drop(Fault::new("store.jobs", error));
        }
        let desk = WriterThread {
            connection: Some(begun.connection),
            connect,
            checkpointer: Arc::clone(&checkpointer),
            truncate_at: checkpoint::TRUNCATE_PAGES,
            life: Arc::clone(&life),
            positions,
            mark: begun.mark,
            marked: None,
            is_marked: true,
        };
        Ok((Self { threads: Threads::start("store-writer", WAITING, [desk])?, checkpointer }, life))
    }

    pub(super) async fn commit(
        &self,
        commits: Vec<Commit>,
        revocations_after: Seq,
    ) -> Result<Committed, Fault> {
        self.work(commits, false, revocations_after).await
    }

    /// Commits something invisible, to learn whether commits work.
    pub(super) async fn probe(&self) -> Result<(), Fault> {
        self.work(Vec::new(), true, NONE).await.map(|_| ())
    }

    async fn work(
        &self,
        commits: Vec<Commit>,
        probe: bool,
        revocations_after: Seq,
    ) -> Result<Committed, Fault> {
        let (answer, answered) = oneshot::channel();
        self.threads.hand_over(Job { commits, probe, revocations_after, answer }).await?;
        answered.await.unwrap_or_else(|_| Err(Fault::new("store.commit", "the writer has ended")))
    }

    /// Commits queued batches, empties the write-ahead log and closes the file.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        // First: while it has the file open, the write-ahead log cannot be removed.
        let checkpointer = self.checkpointer.close().await;
        self.threads.close().await.and(checkpointer)
    }
}

impl Writer {
    /// As [`Writer::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        self.checkpointer.end();
        self.threads.end();
    }
}

/// The state of the thread.
struct WriterThread {
    /// None after a failure, until the next batch.
    connection: Option<Connection>,
    connect: Connect,
    checkpointer: Arc<Checkpointer>,
    /// The length at which the write-ahead log is truncated at any price.
    truncate_at: i64,
    life: Arc<Life>,
    positions: Positions,
    /// The last mark, and the time it was set.
    mark: u64,
    marked: Option<Instant>,
    /// True if nothing was committed since.
    is_marked: bool,
}

impl Worker for WriterThread {
    type Job = Job;

    fn work(&mut self, Job { commits, probe, revocations_after, answer }: Job) {
        if commits.iter().any(|commit| matches!(commit.write, Write::Sweep(_))) {
            // Text that was edited or deleted must not stay in the log.
            self.truncate_at = 1;
        }
        let is_due = probe || self.marked.is_none_or(|marked| marked.elapsed() >= MARK_EVERY);
        // A caller that no longer waits finds the message by its SendId.
        let _ = answer.send(self.commit(commits, is_due, revocations_after));
        self.tidy();
    }

    fn end(mut self) -> Result<(), Fault> {
        if !self.is_marked {
            // Without the mark, the last commits are durable all the same.
            drop(self.commit(Vec::new(), true, NONE));
        }
        self.connection.map_or(Ok(()), |db| checkpoint::close(db, &self.life))
    }
}

impl WriterThread {
    /// Commits a batch. After any error the connection is dropped and a new one is opened for the next batch: once a
    /// flush has failed, nothing the old one reports can be trusted.
    fn commit(
        &mut self,
        commits: Vec<Commit>,
        with_mark: bool,
        revocations_after: Seq,
    ) -> Result<Committed, Fault> {
        let mut db = match self.connection.take() {
            Some(db) => db,
            None => {
                let db = (self.connect)()?;
                // The failed batch may have been committed all the same, and another program may have written since.
                self.positions.catch_up(Db::sqlite(&db)).map_err(|error| Fault::new("store", error))?;
                Fault::over("store");
                db
            }
        };
        let mark = with_mark.then_some(self.mark + 1);
        let committed = transact(&mut db, commits, &self.positions, mark, revocations_after)
            .map_err(|error| Fault::new("store.commit", error))?;
        Fault::over("store.commit");
        self.connection = Some(db);
        self.is_marked = with_mark;
        if let Some(mark) = mark {
            self.mark = mark;
            self.marked = Some(Instant::now());
            // The file may be behind the database, never ahead of it: it is written after the commit, and if that fails
            // the next commit repairs it.
            match self.life.committed(mark) {
                Ok(()) => Fault::over("store.life"),
                Err(error) => drop(Fault::new("store.life", error)),
            }
        }
        Ok(committed)
    }

    /// Keeps the write-ahead log short. A checkpoint flushes too, so its failure counts like that of a commit.
    fn tidy(&mut self) {
        let Some(db) = self.connection.take() else { return };
        // A failure has no caller to report to, and creating the fault has logged it.
        if let Ok(truncate_at) = self.checkpointer.shorten(&db, self.truncate_at) {
            self.truncate_at = truncate_at;
            self.connection = Some(db);
        }
    }
}

/// Commits a batch of writes in one transaction, with a mark if there is one.
fn transact(
    db: &mut Connection,
    commits: Vec<Commit>,
    positions: &Positions,
    mark: Option<u64>,
    revocations_after: Seq,
) -> Result<Committed, SqlError> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let db = Db::sqlite(&transaction);
    let mut committed = commit::carry_out_all(db, commits, positions, &Locks::default(), false)?;
    committed.revocations = ended_sessions::after(db, revocations_after)?;
    if let Some(mark) = mark {
        meta::set_mark(&transaction, mark)?;
    }
    transaction.commit()?;
    Ok(committed)
}
