use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use chat::Fault;
use rusqlite::Connection;

/// Before 3.51.3 a reset of the write-ahead log could corrupt the file.
/// Source: <https://www.sqlite.org/wal.html>, "The WAL-Reset Bug".
const OLDEST_LIBRARY: i32 = 3_051_003;
/// Another process may look into the file, as a backup does; longer than this it is a fault.
const BUSY: Duration = Duration::from_secs(1);
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;

/// Refuses a library that is known to lose data.
pub(super) fn check_library() -> Result<(), Fault> {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        let found = rusqlite::version();
        return Err(Fault::new("store", format!("SQLite is {found}; it must be 3.51.3 or newer")));
    }
    Ok(())
}

/// Takes the folder for this process.
pub(super) fn lock(folder: &Path) -> Result<File, Fault> {
    let shown = folder.display();
    std::fs::create_dir_all(folder)
        .map_err(|error| Fault::new("store", format!("the folder {shown} cannot be made: {error}")))?;
    let path = folder.join("hubbub.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file =
        file.map_err(|error| Fault::new("store", format!("the folder {shown} cannot be written: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::new(
            "store",
            format!("another process has the folder {shown}; choose another one with --data"),
        )),
        Err(TryLockError::Error(error)) => {
            Err(Fault::new("store", format!("the folder {shown} cannot be locked: {error}")))
        }
    }
}

/// A connection to the file, set up for us.
pub(super) fn connection(file: &Path) -> Result<Connection, Fault> {
    let set_up = || -> rusqlite::Result<Connection> {
        let db = Connection::open(file)?;
        db.busy_timeout(BUSY)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // We checkpoint ourselves, between commits.
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(db)
    };
    set_up().map_err(|error| Fault::new("store", format!("{} cannot be opened: {error}", file.display())))
}
