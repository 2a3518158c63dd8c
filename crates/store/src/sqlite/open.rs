use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::Fault;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

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
    let shown = file.display();
    let set_up = || -> rusqlite::Result<(Connection, String)> {
        let db = Connection::open(file)?;
        db.busy_timeout(BUSY)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // Plans that do not look at the values: otherwise every statement is planned anew whenever its values change,
        // which takes longer than carrying it out.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let journal = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // We checkpoint ourselves, between commits.
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        // Negative: in KiB, whatever the size of a page. No mmap: a failing disk shall be an error, not a
        // signal that ends the process.
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok((db, journal))
    };
    let (db, journal) =
        set_up().map_err(|error| Fault::new("store", format!("{shown} cannot be opened: {error}")))?;
    if journal != "wal" {
        let sentence = format!("{shown} cannot have a write-ahead log here; choose a folder on a local disk");
        return Err(Fault::new("store", sentence));
    }
    Ok(db)
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
