//! A data folder as the source of `hubbub move`: its database, which is only read, and the lock that keeps servers away.

use std::path::Path;

use chat::{Fault, MasterSecret, RandomSource};
use rusqlite::Connection;
use wire::{Epoch, Timestamp};

use super::folder::{Folder, FolderLock};
use super::life::{self, Found};
use super::verify::{self, Verified};
use super::{meta, migrate, moved, open, secret};

/// The database of a folder that no server holds, as long as this exists.
pub(crate) struct Source {
    folder: Folder,
    db: Connection,
    /// The epoch of the data; a new one if the folder is a copy.
    pub(crate) epoch: Epoch,
    _lock: FolderLock,
}

impl Source {
    /// Locks a folder and opens its database.
    ///
    /// # Errors
    /// If a server holds the folder, it would not be served, or another version has written it.
    pub(crate) fn open(folder: &Path, chance: &dyn RandomSource) -> Result<Self, Fault> {
        open::check_library(rusqlite::version_number())?;
        let folder = Folder::new(folder);
        if !folder.database().exists() {
            return Err(Fault::unlogged(format!("there is no data in {}", folder.path().display())));
        }
        let lock = folder.lock()?;
        moved::check(&folder)?;
        let is_copy = match life::examine(&folder)? {
            Found::Nothing | Found::Unfinished(_) => {
                return Err(Fault::unlogged(format!("there is no data in {}", folder.path().display())));
            }
            Found::Same(_) => false,
            Found::Copied { .. } => true,
        };
        let db = open::look(&folder.database())?;
        let unread = |error: rusqlite::Error| Fault::new("store", error);
        // One state for all reads, even if another program writes.
        db.execute_batch("BEGIN").map_err(unread)?;
        let schema = migrate::number(&db).map_err(unread)?;
        if schema != migrate::NEWEST {
            return Err(Fault::unlogged(format!(
                "hubbub.db has schema {schema}, and this version moves {}: start this version on the folder once, which \
                 brings it up to date, and stop it again",
                migrate::NEWEST
            )));
        }
        let whole = || Fault::new("store", format!("{} is not whole", folder.database().display()));
        let meta = meta::read(&db).map_err(unread)?.ok_or_else(whole)?;
        let epoch = if is_copy { life::draw_epoch(chance) } else { meta.epoch };
        Ok(Self { folder, db, epoch, _lock: lock })
    }

    /// Returns the connection, which cannot write.
    pub(crate) const fn db(&self) -> &Connection {
        &self.db
    }

    /// Verifies the whole database, as a backup of it is.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(crate) fn verify(&self) -> Result<Verified, String> {
        verify::verify(&self.db)
    }

    /// Verifies the database but for values of single rows and for entries that are missing from their logs.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(crate) fn verify_pages(&self) -> Result<Verified, String> {
        verify::verify_pages(&self.db)
    }

    /// Returns the master secret of the servers so far: the one of their settings, or that of the folder. Makes one if
    /// there is none yet.
    ///
    /// # Errors
    /// If there are two, of which one was not used, or the file cannot be read or written.
    pub(crate) fn secret(
        &self,
        of_settings: Option<MasterSecret>,
        chance: &dyn RandomSource,
    ) -> Result<MasterSecret, Fault> {
        let Some(secret) = of_settings else { return secret::read_or_make(&self.folder, chance) };
        match secret::read(&self.folder)? {
            Some(other) if other.to_bytes() != secret.to_bytes() => {
                let file = self.folder.secret();
                Err(Fault::unlogged(format!(
                    "HUBBUB_SECRET is not the secret in {}; take away the one that the server has not used",
                    file.display()
                )))
            }
            _ => Ok(secret),
        }
    }

    /// Returns the last position that was used, even if its entry is gone.
    pub(crate) fn last_position(&self) -> rusqlite::Result<i64> {
        // Damaged values are none.
        self.db.query_row(
            "SELECT max((SELECT coalesce(max(position), 0) FROM meta WHERE typeof(position) = 'integer'),
                        (SELECT coalesce(max(position), 0) FROM entries),
                        (SELECT coalesce(max(max(newest_position, trimmed_position, coalesce(trimmed_at, 0))), 0)
                         FROM logs WHERE typeof(newest_position) = 'integer'
                             AND typeof(trimmed_position) = 'integer' AND typeof(trimmed_at) <> 'text'
                             AND typeof(trimmed_at) <> 'blob'),
                        (SELECT coalesce(max(position), 0) FROM relay WHERE typeof(position) = 'integer'))",
            [],
            |row| row.get(0),
        )
    }

    /// Marks the folder as moved to a place, so that no server continues it.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(crate) fn mark_as_moved(&self, place: &str, at: Timestamp) -> Result<(), Fault> {
        let ((year, month, day), minutes) = (at.date(), at.0.rem_euclid(86_400_000) / 60_000);
        let (hour, minute) = (minutes / 60, minutes % 60);
        let text = format!("to {place} on {year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC");
        moved::write(&self.folder, &text).map_err(|error| self.unwritten(&error))
    }

    /// Takes that mark away, after a move that failed.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(crate) fn unmark(&self) -> Result<(), Fault> {
        moved::remove(&self.folder).map_err(|error| self.unwritten(&error))
    }

    fn unwritten(&self, error: &std::io::Error) -> Fault {
        Fault::unlogged(format!("the folder {} cannot be written: {error}", self.folder.path().display()))
    }
}
