//! Batches of writes to commits on PostgreSQL, by the threads that write.

use std::sync::Arc;
use std::time::Duration;

use chat::Fault;
use chat::store::{Commit, Committed, Revocation, RevocationSlice};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use wire::Seq;

use super::cluster::Cluster;
use super::connection::PostgresConnection;
use super::write_locks;
use crate::sql::{Db, OptionalExtension as _, SqlError, SqlResult};
use crate::tables::scope::Positions;
use crate::tables::{Lock, Locks, commit, ended_sessions};
use crate::threads::{Threads, Worker};

/// The threads that write, each with a connection of its own.
pub(super) struct Writers {
    threads: Threads<Job>,
    number: usize,
}

/// A batch that is to be committed.
struct Job {
    commits: Vec<Commit>,
    /// The position after which revocations are returned.
    revocations_after: Seq,
    answer: oneshot::Sender<Result<Committed, Fault>>,
}

/// The most queued batches.
const WAITING: usize = 16;
/// The time after which a batch that cannot be committed is given up; its senders try again.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause before a batch is tried again.
const PAUSE: Duration = Duration::from_millis(20);
/// The most attempts at a batch that others are in the way of.
const ATTEMPTS: u32 = 8;

impl Writers {
    pub(super) fn start(cluster: &Arc<Cluster>, node: [u8; 8], threads: usize) -> Result<Self, Fault> {
        let writer = |number: usize| {
            let mut id = [u8::try_from(number).unwrap_or(u8::MAX); 9];
            id[1..].copy_from_slice(&node);
            Writer { cluster: Arc::clone(cluster), id, transactions: 0, connection: None, checked: 0 }
        };
        Ok(Self {
            threads: Threads::start("store-writer", WAITING, (0..threads).map(writer))?,
            number: threads,
        })
    }

    /// Returns the number of threads.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    pub(super) async fn commit(
        &self,
        commits: Vec<Commit>,
        revocations_after: Seq,
    ) -> Result<Committed, Fault> {
        let (answer, answered) = oneshot::channel();
        self.threads.hand_over(Job { commits, revocations_after, answer }).await?;
        answered.await.unwrap_or_else(|_| Err(Fault::new("store.commit", "the writer has ended")))
    }

    /// Commits queued batches and closes the connections.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        self.threads.close().await
    }

    /// As [`Writers::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        self.threads.end();
    }
}

/// The state of a thread.
struct Writer {
    cluster: Arc<Cluster>,
    /// The id of its row in the table `writers`: that of the node, and its number.
    id: [u8; 9],
    /// The number of transactions that it has begun.
    transactions: i64,
    /// None after a failure, until the next attempt.
    connection: Option<PostgresConnection>,
    /// The number of next batches in which the ids of entries are looked up first: retries come in storms.
    checked: u32,
}

/// The number of batches that are checked after one with an id that was taken.
const CHECKED: u32 = 64;

/// The end of an attempt that has committed nothing, or of which that is not known.
enum Failed {
    /// Another transaction was in the way: nothing was committed.
    TryAgain(SqlError),
    /// The server was not there, or ended the connection: nothing was committed.
    Disconnected(SqlError),
    /// An entry has an id that is taken, perhaps by the same one: its sender tries again.
    SendIdTaken(SqlError),
    /// A lock has to be among the first.
    LockFirst(Lock),
    /// The connection was lost during the commit of the transaction with this number, which would have had this result.
    Unknown(i64, Box<Committed>),
    /// It would fail again.
    For(SqlError),
}

impl Worker for Writer {
    type Job = Job;

    fn work(&mut self, Job { commits, revocations_after, answer }: Job) {
        let committed = self.commit(&commits, revocations_after).map_err(|error| {
            self.connection = None;
            Fault::new("store.commit", error)
        });
        if committed.is_ok() {
            Fault::over("store.commit");
        }
        // A caller that no longer waits finds the message by its SendId.
        let _ = answer.send(committed);
    }

    fn end(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Writer {
    /// Commits a batch, in as many attempts as it takes; gives up after some seconds.
    fn commit(&mut self, commits: &[Commit], revocations_after: Seq) -> SqlResult<Committed> {
        let begun = Instant::now();
        let mut first = Vec::new();
        let mut attempts = 0;
        let (mut committed, head) = loop {
            attempts += 1;
            let error = match self.attempt(commits, &first) {
                Ok(committed) => break committed,
                Err(Failed::For(error)) => return Err(error),
                Err(Failed::LockFirst(lock)) => {
                    first.push(lock);
                    self.roll_back();
                    SqlError::LockFirst(lock.0)
                }
                Err(Failed::SendIdTaken(error)) => {
                    self.checked = CHECKED;
                    self.roll_back();
                    error
                }
                Err(Failed::TryAgain(error)) => {
                    self.roll_back();
                    std::thread::sleep(PAUSE);
                    error
                }
                Err(Failed::Disconnected(error)) => {
                    // However often it takes until the server is there again.
                    attempts -= 1;
                    self.connection = None;
                    std::thread::sleep(PAUSE);
                    error
                }
                Err(Failed::Unknown(transaction, committed)) => {
                    self.cluster.counters.outcome_unknown();
                    match self.is_committed(transaction, begun)? {
                        true => break (*committed, None),
                        false => {
                            self.checked = CHECKED;
                            continue;
                        }
                    }
                }
            };
            self.cluster.counters.retried();
            if attempts >= ATTEMPTS || begun.elapsed() > PATIENCE {
                return Err(error);
            }
        };
        self.checked = self.checked.saturating_sub(1);
        committed.revocations = match head {
            Some(head) if head <= revocations_after => {
                RevocationSlice { after: revocations_after, entries: Vec::new(), head }
            }
            _ => self.revocations(revocations_after, begun)?,
        };
        Ok(committed)
    }

    /// Reads the revocations after a position, in a snapshot after the commit: whatever was revoked before the entries of
    /// the commit is among them.
    fn revocations(&mut self, after: Seq, begun: Instant) -> SqlResult<RevocationSlice> {
        loop {
            let read = self.connected().and_then(|connection| {
                connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                let revocations = ended_sessions::after(Db::postgres(connection), after)?;
                connection.end("COMMIT")?;
                Ok(revocations)
            });
            match read {
                Ok(revocations) => return Ok(revocations),
                // The senders try again, and their entries are found.
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => {
                    self.connection = None;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    /// Returns what was committed, and the head of the revocation log after it, if it is known.
    fn attempt(&mut self, commits: &[Commit], first: &[Lock]) -> Result<(Committed, Option<Seq>), Failed> {
        let (cluster, checked, id) = (Arc::clone(&self.cluster), self.checked > 0, self.id);
        self.transactions += 1;
        let number = self.transactions;
        let connection = self.connected().map_err(sort)?;
        let carry_out = || -> SqlResult<Committed> {
            let locks = write_locks::of_batch(commits, first);
            connection.begin("BEGIN");
            let transaction = connection.begin_write(&locks, &id, number)?;
            let positions = Positions::after(cluster.before_positions(transaction));
            let locks = Locks::held(locks.into_iter().map(Lock));
            let db = Db::postgres(connection);
            if commits.is_empty() {
                // A probe: something that has to reach the disk.
                db.execute("UPDATE meta SET schema = schema", [])?;
            }
            commit::carry_out_all(db, commits.to_vec(), &positions, &locks, checked)
        };
        let committed = carry_out().map_err(sort)?;
        match connection.commit_and_read_head(&Revocation::log()) {
            Ok(head) => Ok((committed, head)),
            Err(error) => match sort(error) {
                Failed::Disconnected(_) => Err(Failed::Unknown(number, Box::new(committed))),
                other => Err(other),
            },
        }
    }

    /// Finds out if a transaction was committed whose commit was not answered. Waits for its lock on the writer's row as
    /// long as it is under way: the server ends it when it notices that the connection is gone.
    fn is_committed(&mut self, transaction: i64, begun: Instant) -> SqlResult<bool> {
        loop {
            self.connection = None;
            let id = self.id;
            let found = self.connected().and_then(|connection| {
                connection.begin("BEGIN");
                let found = Db::postgres(connection).query_row(
                    "SELECT committed FROM writers WHERE id = ? FOR UPDATE",
                    [id],
                    |row| row.get::<i64>(0),
                );
                let found = found.optional()?;
                connection.end("COMMIT")?;
                Ok(found)
            });
            match found {
                Ok(committed) => return Ok(committed == Some(transaction)),
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Ends the transaction of an attempt that failed, and keeps the connection with its prepared statements.
    fn roll_back(&mut self) {
        self.connection = self.connection.take().filter(|connection| connection.end("ROLLBACK").is_ok());
    }

    fn connected(&mut self) -> SqlResult<&PostgresConnection> {
        let open = self.connection.take().filter(PostgresConnection::is_open);
        let connection = match open {
            Some(connection) => connection,
            None => self.cluster.connect()?,
        };
        Ok(self.connection.insert(connection))
    }
}

/// Tells a failure that another attempt may get past from one that it would meet again.
fn sort(error: SqlError) -> Failed {
    match &error {
        SqlError::Unanswered => Failed::Disconnected(error),
        SqlError::LockFirst(lock) => Failed::LockFirst(Lock(*lock)),
        SqlError::Postgres(reported) => match reported.code() {
            // Lost, refused, or closed by the server.
            None => Failed::Disconnected(error),
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Failed::SendIdTaken(error),
            Some(code) if is_temporary(code) => Failed::TryAgain(error),
            Some(code) if is_disconnection(code) => Failed::Disconnected(error),
            Some(_) => Failed::For(error),
        },
        _ => Failed::For(error),
    }
}

/// Returns true for errors after which the server is there again: it restarts, ends the connection, or lacks resources.
fn is_disconnection(code: &SqlState) -> bool {
    *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        || ["08", "53", "57"].iter().any(|class| code.code().starts_with(class))
}

/// Returns true for errors of a transaction that another one was in the way of, or the state of the database.
fn is_temporary(code: &SqlState) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::DISK_FULL,
    ]
    .contains(code)
}
