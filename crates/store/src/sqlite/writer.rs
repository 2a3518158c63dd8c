use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use chat::Fault;
use chat::store::{Outcome, Write};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{commit, open};

/// The one thread that writes.
pub(super) struct Writer {
    jobs: mpsc::SyncSender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Job {
    Commit { writes: Arc<[Write]>, answer: oneshot::Sender<Result<Vec<Outcome>, Fault>> },
    Close { answer: oneshot::Sender<Result<(), Fault>> },
}

/// The committer makes one call at a time; a few more may come from elsewhere.
const WAITING: usize = 16;
/// Past so many pages in the write-ahead log (64 MiB) it is emptied at any price; before, as far as no
/// reader is in the way.
const TRUNCATE_PAGES: i64 = 16 * 1024;
/// From so many pages on (4 MiB) it is worth moving them into the file.
const CHECKPOINT_PAGES: i64 = 1_024;

impl Writer {
    pub(super) fn start(file: PathBuf, connection: Connection) -> Result<Self, Fault> {
        let (jobs, inbox) = mpsc::sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("store-writer".into());
        let thread = thread
            .spawn(move || run(&inbox, &file, Some(connection)))
            .map_err(|error| Fault::new("store", format!("the system gives no thread: {error}")))?;
        Ok(Self { jobs, thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Job::Commit { writes, answer })?;
        answered.await.map_err(|_| gone())?
    }

    /// Empties the write-ahead log and lets go of the file.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        let (answer, answered) = oneshot::channel();
        if self.hand_over(Job::Close { answer }).is_err() {
            // Closed already.
            return Ok(());
        }
        let closed = answered.await.map_err(|_| gone())?;
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It has answered, so it is past its last line.
            let _ = thread.join();
        }
        closed
    }

    fn hand_over(&self, job: Job) -> Result<(), Fault> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => Fault::new("store", "more commits wait than the store takes"),
            mpsc::TrySendError::Disconnected(_) => gone(),
        })
    }
}

fn gone() -> Fault {
    Fault::new("store", "the store is closed")
}

fn run(inbox: &mpsc::Receiver<Job>, file: &std::path::Path, mut connection: Option<Connection>) {
    while let Ok(job) = inbox.recv() {
        match job {
            Job::Commit { writes, answer } => {
                let committed = commit_with(&mut connection, file, &writes);
                // Who no longer waits finds the message by its SendId.
                let _ = answer.send(committed);
                if let Some(db) = &connection {
                    checkpoint(db);
                }
            }
            Job::Close { answer } => {
                let closed = match connection.take() {
                    Some(db) => close(db),
                    None => Ok(()),
                };
                let _ = answer.send(closed);
                return;
            }
        }
    }
}

/// Commits a batch. After any error the connection is given up and a new one is opened for the next batch:
/// once a flush has failed, what the old one would say is worth nothing.
fn commit_with(
    connection: &mut Option<Connection>,
    file: &std::path::Path,
    writes: &[Write],
) -> Result<Vec<Outcome>, Fault> {
    let mut db = match connection.take() {
        Some(db) => db,
        None => open::connection(file)?,
    };
    match commit::commit(&mut db, writes) {
        Ok(outcomes) => {
            *connection = Some(db);
            Ok(outcomes)
        }
        Err(error) => Err(Fault::new("store.commit", error)),
    }
}

/// Moves what the write-ahead log has into the file, so that it does not grow without end. A reader in the
/// way only delays it.
fn checkpoint(db: &Connection) {
    let in_log =
        db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, i64>(1)).unwrap_or_default();
    let mode = match in_log {
        TRUNCATE_PAGES.. => "PRAGMA wal_checkpoint(TRUNCATE)",
        CHECKPOINT_PAGES.. => "PRAGMA wal_checkpoint(PASSIVE)",
        _ => return,
    };
    if let Err(error) = db.query_row(mode, [], |_| Ok(())) {
        tracing::warn!(error = %error, "checkpoint put off");
    }
}

fn close(db: Connection) -> Result<(), Fault> {
    let fault = |error: rusqlite::Error| Fault::new("store.close", error);
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(fault)?;
    db.close().map_err(|(_, error)| fault(error))
}
