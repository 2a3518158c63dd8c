use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::Fault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// How the threads of a store come by a connection, at the start and after a failure.
pub(super) type Connect = Arc<dyn Fn() -> Result<Connection, Fault> + Send + Sync>;

/// Before 3.51.3 a reset of the write-ahead log could corrupt the file.
/// Source: <https://www.sqlite.org/wal.html>, "The WAL-Reset Bug".
const OLDEST_LIBRARY: i32 = 3_051_003;
/// Another process may look into the file, as a backup does; longer than this it is a fault.
const BUSY: Duration = Duration::from_secs(1);
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;
/// How much of the file a connection keeps in memory: the upper levels of the indexes.
const CACHE_KIB: i64 = 8 * 1_024;

/// Refuses a library that is known to lose data. Takes its number: 3.51.3 is 3051003.
pub(super) fn check_library(number: i32) -> Result<(), Fault> {
    if number >= OLDEST_LIBRARY {
        return Ok(());
    }
    let found = format!("{}.{}.{}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    Err(Fault::new("store", format!("SQLite is {found}; it must be 3.51.3 or newer")))
}

/// The sharing of the write-ahead log's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedIndex {
    /// Every process that opens the file, by a file of its own beside it.
    Processes,
    /// The threads of this process, in its memory. Nobody else can open the file meanwhile.
    Threads,
}

/// A connection to the file, set up for us; makes the file if it is not there.
pub(super) fn connection(file: &Path, index: SharedIndex) -> Result<Connection, Fault> {
    connect(file, index, OpenFlags::SQLITE_OPEN_CREATE)
}

/// A connection that reads a file with its write-ahead log and leaves both as they are, whatever they are.
pub(super) fn look(file: &Path) -> Result<Connection, Fault> {
    let set_up = |index| -> rusqlite::Result<Connection> {
        let db = open(file, index, OpenFlags::empty())?;
        leave_log(&db)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    };
    set_up(shared_index(file)?).map_err(|error| unopened(file, &error))
}

/// Has a connection leave the write-ahead log as it is, even if it is the last one to close the file.
pub(super) fn leave_log(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(|_| ())
}

/// A connection that reads a file without its write-ahead log.
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

/// Decides who shares the index: where the disk has no room for the file of its own, the threads of this process do.
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
        // Plans that do not look at the values: otherwise every statement is planned anew whenever its values change,
        // which takes longer than carrying it out.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let journal = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // Words that were edited or deleted are overwritten, not only let go of.
        db.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0))?;
        // We checkpoint ourselves, between commits.
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        // Negative: in KiB, whatever the size of a page. No mmap: a failing disk shall be an error, not a
        // signal that ends the process.
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
