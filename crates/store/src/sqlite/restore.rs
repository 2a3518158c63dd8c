//! Restores: replaces the database of a folder with a backup.

use std::path::Path;

use chat::{Fault, RandomSource};
use rusqlite::{Connection, OpenFlags};

use super::backup::{open_copy, vacuum_into};
use super::folder::{Folder, length, sync_folder};
use super::life::{Life, Record, draw_epoch};
use super::meta::{self, Meta};
use super::open;
use super::search;
use super::secret;
use super::verify::{Verified, verify};

/// Replaces the database of a folder with a backup, or any other database of ours, under a new [`Epoch`](wire::Epoch):
/// subscribers get a `reset`. The master secret of the
/// backup is that of the folder from then on, if it has one. Nothing of the old data stays, and nothing of it is deleted before the backup was
/// verified. With `replace` a database with people in it may be replaced.
///
/// # Errors
/// If a server holds the folder, people would be lost without `replace`, or the file is damaged; the folder is
/// unchanged then.
pub fn restore(
    folder: &Path,
    from: &Path,
    replace: bool,
    chance: &dyn RandomSource,
) -> Result<Verified, Fault> {
    open::check_library(rusqlite::version_number())?;
    let folder = Folder::new(folder);
    let _lock = folder.lock()?;
    let fault = |what: &dyn std::fmt::Display| Fault::unlogged(format!("nothing was restored: {what}"));
    if !replace && !is_free(&folder) {
        let shown = folder.path().display();
        return Err(fault(&format_args!(
            "the folder {shown} has data; choose another one with --data, or add --force to replace what it has"
        )));
    }
    let shown = from.display();
    let (verified, secret) = {
        let source = open_source(from).map_err(|error| fault(&format_args!("{shown}: {error}")))?;
        let verified = verify(&source).map_err(|wrong| fault(&format_args!("{shown}: {wrong}")))?;
        let secret = meta::backup_secret(&source);
        (verified, secret.map_err(|error| fault(&format_args!("{shown}: {error}")))?)
    };
    let unwritten = |error: std::io::Error| {
        fault(&format_args!("the folder {} cannot be written: {error}", folder.path().display()))
    };
    let copy =
        tempfile::Builder::new().prefix(".hubbub-restore-").tempfile_in(folder.path()).map_err(unwritten)?;
    let record = Record::new(chance);
    let make = || -> rusqlite::Result<()> {
        vacuum_into(&open_source(from)?, copy.path())?;
        let db = open_copy(copy.path())?;
        let meta = Meta { epoch: draw_epoch(chance), life: record.life.clone(), mark: 1, backup: None };
        meta::write(&db, &meta)?;
        if secret.is_some() {
            meta::set_backup_secret(&db, None)?;
        }
        db.close().map_err(|(_, error)| error)
    };
    make().map_err(|error| fault(&format_args!("{shown}: {error}")))?;
    copy.as_file().sync_all().map_err(unwritten)?;
    // From here on the old database is incomplete. A start in between refuses the folder, and another restore repairs
    // it.
    let beside = [folder.log(), folder.shared_memory(), folder.database().with_extension("db-journal")];
    for left in beside.into_iter().chain(search::files(&folder.search())) {
        match std::fs::remove_file(&left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritten(error)),
            _ => {}
        }
    }
    if let Some(secret) = &secret {
        secret::write(&folder, secret).map_err(unwritten)?;
    }
    copy.persist(folder.database()).map_err(|error| unwritten(error.error))?;
    sync_folder(folder.path()).map_err(unwritten)?;
    let life = Life::keep(&folder, record)?;
    folder.make_private();
    life.settle(1).map_err(unwritten)?;
    Ok(verified)
}

/// Returns true if a folder has no people and no entries that a restore could delete.
fn is_free(folder: &Folder) -> bool {
    if !folder.database().exists() {
        return length(&folder.log()).is_ok_and(|log| log == 0);
    }
    let empty = |db: &Connection| -> rusqlite::Result<bool> {
        db.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM entries)",
            [],
            |row| row.get(0),
        )
    };
    open::look(&folder.database()).is_ok_and(|db| empty(&db).unwrap_or(false))
}

/// Opens a file for reading, with the write-ahead log beside it if it has one.
fn open_source(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let db = Connection::open_with_flags(file, flags)?;
        open::leave_log(&db)?;
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(db)
    };
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    match open() {
        // A file on a read-only medium, from which no log is missing.
        Err(_) if file.exists() && length(Path::new(&log)).is_ok_and(|log| log == 0) => {
            let db = open::main_alone(file)?;
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(db)
        }
        opened => opened,
    }
}
