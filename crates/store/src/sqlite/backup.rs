//! Backups: a copy of the database in one file, made while it is in use.

use std::path::{Path, PathBuf};

use chat::{Fault, MasterSecret};
use rusqlite::Connection;
use wire::Timestamp;

use super::folder::{Folder, sync_folder};
use super::meta::{self, Backup, Meta};
use super::open::{self, Connect};
use super::secret;
use super::verify::{Verified, verify};

/// A request for a backup.
#[derive(Clone, Debug)]
pub struct BackupRequest {
    /// The file to write.
    pub file: PathBuf,
    /// True if an existing file may be overwritten.
    pub replace: bool,
    /// The version of Hubbub and the time, both stored in the backup.
    pub backup: Backup,
}

/// Writes a snapshot of the database to a temporary file, verifies it, and then gives it its name.
pub(super) fn back_up(folder: &Folder, connect: &Connect, request: BackupRequest) -> Result<Verified, Fault> {
    let BackupRequest { file, replace, backup } = request;
    let shown = file.display();
    let fault = |what: &dyn std::fmt::Display| Fault::unlogged(format!("no backup was made: {what}"));
    let taken = || fault(&format_args!("{shown} is there already; choose another name, or add --force"));
    let into = parent(&file);
    if is_ours(folder, into, &file) {
        return Err(fault(&format_args!("{shown} is a file of the server itself; choose another name")));
    }
    if file.exists() && !replace {
        return Err(taken());
    }
    let unwritten = |error: std::io::Error| fault(&format_args!("{shown} cannot be written: {error}"));
    // Only its owner may read it, and it is deleted with its handle unless it gets its name.
    let copy = tempfile::Builder::new().prefix(".hubbub-backup-").tempfile_in(into).map_err(unwritten)?;
    copy_database(connect, copy.path()).map_err(|error| fault(&error))?;
    let secret = secret::read(folder)?;
    let verified = label(copy.path(), backup, secret.as_ref()).map_err(|wrong| fault(&wrong))?;
    copy.as_file().sync_all().map_err(unwritten)?;
    let named = if replace { copy.persist(&file) } else { copy.persist_noclobber(&file) };
    match named {
        Ok(_) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Err(taken()),
        Err(error) => return Err(unwritten(error.error)),
    }
    sync_folder(into).map_err(unwritten)?;
    Ok(verified)
}

/// Returns the folder of a file.
pub(super) fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Copies a database, including its write-ahead log, into an empty file.
pub(super) fn vacuum_into(db: &Connection, to: &Path) -> rusqlite::Result<()> {
    let Some(to) = to.to_str() else { return Err(rusqlite::Error::InvalidPath(to.to_owned())) };
    db.execute("VACUUM INTO ?", [to]).map(|_| ())
}

/// Opens a copy that nothing else uses yet. It becomes durable as a whole, so it needs no journal.
pub(super) fn open_copy(copy: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(copy)?;
    db.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "OFF")?;
    Ok(db)
}

fn copy_database(connect: &Connect, to: &Path) -> Result<(), String> {
    let db = connect().map_err(|fault| fault.to_string())?;
    let copied = open::leave_log(&db).and_then(|()| vacuum_into(&db, to));
    copied.map_err(|error| error.to_string())
}

/// Labels a copy as a backup, adds the master secret of the folder, and verifies it.
fn label(copy: &Path, backup: Backup, secret: Option<&MasterSecret>) -> Result<Verified, String> {
    let labelled = || -> rusqlite::Result<Connection> {
        let db = open_copy(copy)?;
        let meta = meta::read(&db)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        meta::write(&db, &Meta { backup: Some(backup), ..meta })?;
        meta::set_backup_secret(&db, secret)?;
        Ok(db)
    };
    let db = labelled().map_err(|error| error.to_string())?;
    let verified = verify(&db)?;
    db.close().map_err(|(_, error)| error.to_string())?;
    Ok(verified)
}

/// Returns true if it is one of the files of a data folder.
fn is_ours(folder: &Folder, into: &Path, file: &Path) -> bool {
    let same =
        matches!((into.canonicalize(), folder.path().canonicalize()), (Ok(into), Ok(ours)) if into == ours);
    same && folder.modes().any(|(ours, _)| ours.file_name() == file.file_name())
}

impl Backup {
    /// Describes a backup that this version makes now.
    #[must_use]
    pub fn of_this_version(at: Timestamp) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), at }
    }
}
