use chat::Fault;
use rusqlite::Connection;

/// Past so many pages in the write-ahead log (64 MiB) it is emptied at any price: commits wait for readers.
pub(super) const TRUNCATE_PAGES: i64 = 16 * 1_024;
/// From so many pages on (4 MiB) it is worth moving them into the file, as far as no reader is in the way.
const PASSIVE_PAGES: i64 = 1_024;

/// Moves what the write-ahead log has into the file, so that it does not grow without end. Gives the length
/// at which it is to be emptied at any price the next time.
pub(super) fn shorten(db: &Connection, truncate_at: i64) -> rusqlite::Result<i64> {
    let Checkpoint { pages, .. } = checkpoint(db, "NOOP")?;
    if pages >= truncate_at {
        // A reader from elsewhere, as a backup, may hold on to what the log has. Trying again after each
        // commit would make every sender wait for it in vain, so the next try is a good way off.
        let Checkpoint { busy, .. } = checkpoint(db, "TRUNCATE")?;
        return Ok(if busy { pages + TRUNCATE_PAGES } else { TRUNCATE_PAGES });
    }
    if pages >= PASSIVE_PAGES {
        checkpoint(db, "PASSIVE")?;
    }
    Ok(truncate_at)
}

/// Empties the write-ahead log and lets go of the file.
pub(super) fn close(db: Connection) -> Result<(), Fault> {
    let fault = |error: rusqlite::Error| Fault::new("store.close", error);
    checkpoint(&db, "TRUNCATE").map_err(fault)?;
    db.close().map_err(|(_, error)| fault(error))
}

struct Checkpoint {
    /// Whether somebody was in the way.
    busy: bool,
    /// How many pages the log has.
    pages: i64,
}

/// Source: <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>.
fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<Checkpoint> {
    db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Checkpoint { busy: row.get(0)?, pages: row.get(1)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_a_reader_holds_on_to_is_not_tried_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let [db, reader] = [0, 1].map(|_| {
            let db = crate::sqlite::open::connection(&folder.path().join("hubbub.db")).unwrap();
            db.busy_timeout(std::time::Duration::ZERO).unwrap();
            db
        });
        db.execute_batch("CREATE TABLE t (c); INSERT INTO t VALUES (1)").unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM t").unwrap();
        db.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        let pages = checkpoint(&db, "NOOP").unwrap().pages;
        assert_eq!(shorten(&db, 1).unwrap(), pages + TRUNCATE_PAGES);
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(shorten(&db, 1).unwrap(), TRUNCATE_PAGES);
        assert_eq!(checkpoint(&db, "NOOP").unwrap().pages, 0);
    }
}
