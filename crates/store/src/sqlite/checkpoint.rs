//! WAL checkpoints: moves the write-ahead log into the file, so that it does not grow without end. A thread moves most of
//! it while commits continue; the log restarts once all of it was moved, for which the writer moves the few pages that
//! were committed meanwhile.

use std::sync::Arc;

use chat::Fault;
use rusqlite::Connection;

use super::life::Life;
use super::open::Connect;
use crate::threads::{Threads, Worker};

/// The length, in pages (64 MiB), beyond which the write-ahead log is truncated at any price: commits wait for readers.
pub(super) const TRUNCATE_PAGES: i64 = 16 * 1_024;
/// The length, in pages (8 MiB), from which a checkpoint is worthwhile, as far as readers allow it.
const MANY_PAGES: i64 = 2 * 1_024;
/// The most pages that the writer moves itself, which takes about as long as a commit.
const FEW_PAGES: i64 = 256;

/// The thread that moves pages while the writer commits.
pub(super) struct Checkpointer {
    threads: Threads<Due>,
    life: Arc<Life>,
}

/// A request for a checkpoint.
struct Due;

/// The state of the thread.
struct CheckpointThread {
    /// None after a failure, until the next checkpoint.
    connection: Option<Connection>,
    connect: Connect,
    life: Arc<Life>,
}

impl Checkpointer {
    pub(super) fn start(connect: Connect, life: Arc<Life>) -> Result<Self, Fault> {
        let desk = CheckpointThread { connection: None, connect, life: Arc::clone(&life) };
        Ok(Self { threads: Threads::start("store-checkpointer", 1, [desk])?, life })
    }

    /// Keeps the write-ahead log short, after a commit of this connection. Returns the length at which it is to be
    /// truncated at any price the next time.
    pub(super) fn shorten(&self, db: &Connection, truncate_at: i64) -> Result<i64, Fault> {
        let looked = checkpoint(db, "NOOP").map_err(|error| Fault::new("store.checkpoint", error));
        let Checkpoint { pages, moved, .. } = looked?;
        if pages >= truncate_at {
            return Ok(match move_pages(db, "TRUNCATE", &self.life)? {
                Checkpoint { busy: false, .. } => TRUNCATE_PAGES,
                // The thread is checkpointing, so the length is unknown. It ends soon, and asking again costs nothing.
                Checkpoint { pages: ..0, .. } => truncate_at,
                // An outside reader, such as a backup, may pin the log. Trying again after each commit would make every
                // sender wait in vain, so the next try is a good way off.
                Checkpoint { .. } => pages + TRUNCATE_PAGES,
            });
        }
        if pages >= MANY_PAGES && pages > moved {
            if pages - moved <= FEW_PAGES {
                move_pages(db, "PASSIVE", &self.life)?;
            } else {
                // A failed offer means that a request is queued already, or that the thread is about to end.
                self.threads.offer(Due);
            }
        }
        Ok(truncate_at)
    }

    /// Finishes the current checkpoint and closes the file.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        self.threads.close().await
    }

    /// As [`Checkpointer::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        self.threads.end();
    }
}

impl Worker for CheckpointThread {
    type Job = Due;

    fn work(&mut self, Due: Due) {
        // A failure has no caller to report to, and creating the fault has logged it. Pages that could not be moved
        // stay in the write-ahead log until the next checkpoint.
        let db = match self.connection.take() {
            Some(db) => Ok(db),
            None => (self.connect)(),
        };
        let Ok(db) = db else { return };
        if move_pages(&db, "PASSIVE", &self.life).is_ok() {
            self.connection = Some(db);
        }
    }

    fn end(self) -> Result<(), Fault> {
        self.connection.map_or(Ok(()), |db| db.close().map_err(|(_, error)| Fault::new("store.close", error)))
    }
}

/// Moves the whole write-ahead log into the file.
pub(super) fn empty_log(db: &Connection, life: &Life) -> Result<(), Fault> {
    move_pages(db, "TRUNCATE", life).map(|_| ())
}

/// Empties the write-ahead log and closes the file.
pub(super) fn close(db: Connection, life: &Life) -> Result<(), Fault> {
    empty_log(&db, life)?;
    db.close().map_err(|(_, error)| Fault::new("store.close", error))
}

/// Moves pages into the file, and keeps its [`Life`] up to date.
fn move_pages(db: &Connection, mode: &str, life: &Life) -> Result<Checkpoint, Fault> {
    let unwritten = |error: std::io::Error| Fault::new("store.life", error);
    let mark = life.begin_move().map_err(unwritten)?;
    let done = checkpoint(db, mode);
    let whole = matches!(done, Ok(Checkpoint { busy: false, pages, moved }) if pages >= 0 && pages == moved);
    life.moved(whole.then_some(mark)).map_err(unwritten)?;
    let done = done.map_err(|error| Fault::new("store.checkpoint", error))?;
    Fault::over("store.checkpoint");
    Ok(done)
}

struct Checkpoint {
    /// True if another connection was in the way.
    busy: bool,
    /// The pages in the log; below 0 if another connection was moving them.
    pages: i64,
    /// The pages of the log that are in the file.
    moved: i64,
}

/// Runs a checkpoint. Source: <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>.
fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<Checkpoint> {
    db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Checkpoint { busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chat::testing::SeededChance;

    use super::*;
    use crate::sqlite::folder::Folder;
    use crate::sqlite::life::Record;
    use crate::sqlite::open::SharedIndex;

    fn connect(folder: &Path) -> Connection {
        let file = folder.join("hubbub.db");
        let db = crate::sqlite::open::connection(&file, SharedIndex::Processes).unwrap();
        db.busy_timeout(std::time::Duration::ZERO).unwrap();
        db
    }

    fn checkpointer(folder: &Path) -> Checkpointer {
        let life = Life::keep(&Folder::new(folder), Record::new(&SeededChance::new(1))).unwrap();
        let folder = folder.to_owned();
        Checkpointer::start(Arc::new(move || Ok(connect(&folder))), Arc::new(life)).unwrap()
    }

    #[tokio::test]
    async fn the_log_stays_short_however_long_one_writes() {
        let folder = tempfile::tempdir().unwrap();
        let (db, checkpointer) = (connect(folder.path()), checkpointer(folder.path()));
        db.execute_batch("CREATE TABLE t (c)").unwrap();
        let (mut truncate_at, mut began_anew, mut before) = (TRUNCATE_PAGES, 0, 0);
        while began_anew < 3 {
            db.execute("INSERT INTO t VALUES (zeroblob(200000))", []).unwrap();
            truncate_at = checkpointer.shorten(&db, truncate_at).unwrap();
            let Checkpoint { pages, .. } = checkpoint(&db, "NOOP").unwrap();
            // Slightly more while the thread is in the way.
            assert!(pages <= TRUNCATE_PAGES * 5 / 4, "{pages}");
            began_anew += usize::from(pages < before);
            before = pages;
        }
        checkpointer.close().await.unwrap();
        close(db, &checkpointer.life).unwrap();
        let left = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["hubbub.db", "hubbub.life"]);
    }

    #[test]
    fn while_another_moves_pages_the_log_is_emptied_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let [db, other, neighbour] = [0, 1, 2].map(|_| connect(folder.path()));
        let checkpointer = checkpointer(folder.path());
        db.execute_batch("CREATE TABLE t (c)").unwrap();
        neighbour.execute_batch("BEGIN IMMEDIATE").unwrap();
        other.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        let moving = std::thread::spawn(move || {
            // Below 0 the checkpoint of this process was running, and the other has not begun.
            std::iter::repeat_with(|| checkpoint(&other, "FULL").unwrap().pages).find(|pages| *pages >= 0)
        });
        // Until it has begun, the neighbour is in the way; then it waits for the neighbour, and is in the way itself.
        while checkpointer.shorten(&db, 1).unwrap() != 1 {
            std::thread::yield_now();
        }
        neighbour.execute_batch("ROLLBACK").unwrap();
        assert!(moving.join().unwrap() > Some(0));
        assert_eq!(checkpointer.shorten(&db, 1).unwrap(), TRUNCATE_PAGES);
    }

    #[test]
    fn a_log_that_a_reader_holds_on_to_is_not_tried_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let [db, reader] = [0, 1].map(|_| connect(folder.path()));
        let checkpointer = checkpointer(folder.path());
        db.execute_batch("CREATE TABLE t (c); INSERT INTO t VALUES (1)").unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM t").unwrap();
        db.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        let pages = checkpoint(&db, "NOOP").unwrap().pages;
        assert_eq!(checkpointer.shorten(&db, 1).unwrap(), pages + TRUNCATE_PAGES);
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(checkpointer.shorten(&db, 1).unwrap(), TRUNCATE_PAGES);
        assert_eq!(checkpoint(&db, "NOOP").unwrap().pages, 0);
    }
}
