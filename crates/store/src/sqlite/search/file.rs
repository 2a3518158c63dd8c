//! The file of the search index: opening, and making it anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat::search::TERMS_VERSION;
use chat::store::Position;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Shared;
use crate::sqlite::folder::private;

/// "Hubs": `file` sees from it that the index is ours.
const APPLICATION: i64 = 0x4875_6273;
/// The page cache of a connection.
const CACHE_KIB: i64 = 8 * 1_024;
/// The size to which the write-ahead log is cut when it begins anew.
const LOG_BYTES: i64 = 16 * 1_024 * 1_024;
/// The busy timeout; another program may look at the file.
const BUSY: Duration = Duration::from_secs(1);

/// The tables. The terms are not kept, only where they are; a row is a message, by its position.
const TABLES: &str = "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch BLOB NOT NULL,
        position INTEGER NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE messages USING fts5 (
        terms, content='', contentless_delete=1, detail=none, tokenize='unicode61 remove_diacritics 0'
    );";

/// Opens the index for writing; makes it anew if it cannot be used.
pub(super) fn open(shared: &Shared) -> Result<Connection, Box<dyn std::error::Error>> {
    let is_there = fs::metadata(&shared.file).is_ok_and(|file| file.len() > 0);
    match existing(shared) {
        Ok(Some(db)) => return Ok(db),
        Err(error) if !is_damage(&error) => return Err(error.into()),
        Ok(None) | Err(_) if is_there => {
            tracing::info!(search.file = %shared.file.display(), "search.rebuild")
        }
        Ok(None) | Err(_) => {}
    }
    create(shared)
}

/// Returns a connection that only reads.
pub(super) fn open_reader(shared: &Shared) -> rusqlite::Result<Connection> {
    let db = connect(&shared.file)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

/// Returns true for an error that says that the file is damaged, or no index of ours.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, text) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || text.as_ref().is_some_and(|text| text.starts_with("no such table"))
        }
        rusqlite::Error::QueryReturnedNoRows | rusqlite::Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

/// Returns the position of the index, if it is one of this epoch.
pub(super) fn position(db: &Connection, shared: &Shared) -> rusqlite::Result<Option<Position>> {
    let mut find = db.prepare_cached("SELECT epoch, position FROM state")?;
    let (epoch, position) = find.query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
    Ok((epoch == shared.epoch.0.to_be_bytes()).then_some(Position(position)))
}

/// Opens the file as it is; none if it is missing, or one of another epoch or version.
fn existing(shared: &Shared) -> rusqlite::Result<Option<Connection>> {
    if fs::metadata(&shared.file).map_or(0, |file| file.len()) == 0 {
        return Ok(None);
    }
    let db = connect(&shared.file)?;
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_ours =
        pragma("application_id")? == APPLICATION && pragma("user_version")? == i64::from(TERMS_VERSION);
    if !is_ours || position(&db, shared)?.is_none() {
        return Ok(None);
    }
    Ok(Some(db))
}

/// Makes the file anew.
pub(super) fn create(shared: &Shared) -> Result<Connection, Box<dyn std::error::Error>> {
    for file in files(&shared.file) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    private().create_new(true).write(true).open(&shared.file)?;
    let mut db = connect(&shared.file)?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO state (id, epoch, position) VALUES (1, ?, 0)",
        [shared.epoch.0.to_be_bytes()],
    )?;
    transaction.pragma_update(None, "user_version", TERMS_VERSION)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()?;
    shared.files.fetch_add(1, Ordering::Release);
    Ok(db)
}

/// Returns the file of an index and the files that SQLite keeps beside it.
pub(in crate::sqlite) fn files(file: &Path) -> [PathBuf; 3] {
    let beside = |end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    [file.to_owned(), beside("-wal"), beside("-shm")]
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(BUSY)?;
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // A power cut may lose the last updates, and they are applied again.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    // The terms of deleted messages are overwritten once their part of the index is merged.
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(db)
}
