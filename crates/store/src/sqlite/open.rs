//! Opening of connections, with prepared statements: settings, library version, and the shared index of the write-ahead log.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::Fault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Opens a connection for a thread of the store, at the start and after a failure.
pub(super) type Connect = Arc<dyn Fn() -> Result<Connection, Fault> + Send + Sync>;

/// The oldest library without the bug that a reset of the write-ahead log could corrupt the file. Source:
/// <https://www.sqlite.org/wal.html>, "The WAL-Reset Bug".
const OLDEST_LIBRARY: i32 = 3_051_003;
/// The busy timeout. Another process may read the file, as a backup does; a longer wait is a fault.
const BUSY: Duration = Duration::from_secs(1);
/// The prepared statements that a connection caches.
const STATEMENTS: usize = 64;
/// The page cache of a connection: the upper levels of the indexes.
const CACHE_KIB: i64 = 8 * 1_024;

/// Refuses a library that is known to lose data. Takes its version number: 3.51.3 is 3051003.
pub(super) fn check_library(number: i32) -> Result<(), Fault> {
    if number >= OLDEST_LIBRARY {
        return Ok(());
    }
    let found = format!("{}.{}.{}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    Err(Fault::new("store", format!("SQLite is {found}; it must be 3.51.3 or newer")))
}

/// The location of the write-ahead log's index, which decides who shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedIndex {
    /// A file beside the database, shared by every process that opens it.
    Processes,
    /// The memory of this process, shared by its threads. No other process can open the file meanwhile.
    Threads,
}

/// Opens a connection to the file with our settings; creates the file if it is missing.
pub(crate) fn connection(file: &Path, index: SharedIndex) -> Result<Connection, Fault> {
    connect(file, index, OpenFlags::SQLITE_OPEN_CREATE)
}

/// Opens a connection that reads a file with its write-ahead log and leaves both unchanged in any case.
pub(super) fn look(file: &Path) -> Result<Connection, Fault> {
    let set_up = |index| -> rusqlite::Result<Connection> {
        let db = open(file, index, OpenFlags::empty())?;
        leave_log(&db)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    };
    set_up(shared_index(file)?).map_err(|error| unopened(file, &error))
}

/// Makes a connection leave the write-ahead log as it is, even if it is the last one to close the file.
pub(super) fn leave_log(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(|_| ())
}

/// Opens a connection that reads a file without its write-ahead log.
pub(super) fn main_alone(file: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(uri, "%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    Connection::open_with_flags(uri, flags)
}

/// Decides who shares the index: if the disk has no room for a separate file, the threads of this process do.
pub(super) fn shared_index(file: &Path) -> Result<SharedIndex, Fault> {
    let read = |index| {
        let db = open(file, index, OpenFlags::empty())?;
        leave_log(&db)?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    let Err(error) = read(SharedIndex::Processes) else { return Ok(SharedIndex::Processes) };
    let is_disk = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    );
    if is_disk && cfg!(unix) && read(SharedIndex::Threads).is_ok() {
        return Ok(SharedIndex::Threads);
    }
    Err(unopened(file, &error))
}

fn connect(file: &Path, index: SharedIndex, create: OpenFlags) -> Result<Connection, Fault> {
    let set_up = || -> rusqlite::Result<(Connection, String)> {
        let db = open(file, index, create)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // Plans that do not depend on values: otherwise every statement is planned anew whenever its values change,
        // which takes longer than executing it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let journal = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // Text that was edited or deleted is overwritten, not only released.
        db.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0))?;
        // Checkpoints are ours, between commits.
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        // Negative: in KiB, whatever the page size is. No mmap: a failing disk must cause an error, not a signal that
        // ends the process.
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok((db, journal))
    };
    let (db, journal) = set_up().map_err(|error| unopened(file, &error))?;
    if journal != "wal" {
        let shown = file.display();
        let sentence = format!("{shown} cannot have a write-ahead log here; choose a folder on a local disk");
        return Err(Fault::new("store", sentence));
    }
    Ok(db)
}

fn open(file: &Path, index: SharedIndex, create: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let db = match index {
        SharedIndex::Processes => Connection::open_with_flags(file, flags)?,
        SharedIndex::Threads => Connection::open_with_flags_and_vfs(file, flags, c"unix-excl")?,
    };
    db.busy_timeout(BUSY)?;
    Ok(db)
}

fn unopened(file: &Path, error: &rusqlite::Error) -> Fault {
    Fault::new("store", format!("{} cannot be opened: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_known_to_lose_data_is_refused() {
        assert!(check_library(3_051_003).is_ok());
        assert!(check_library(rusqlite::version_number()).is_ok());
        let old = check_library(3_046_001).unwrap_err();
        assert_eq!(old.to_string(), "SQLite is 3.46.1; it must be 3.51.3 or newer");
    }
}
