//! The one row in which a database says which one it is.

use rusqlite::{Connection, OptionalExtension, params};
use wire::{Epoch, Timestamp};

/// The identity of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) epoch: Epoch,
    /// See [`Life`](super::life::Life).
    pub(super) life: String,
    /// Counts up in commits, at the most once a second.
    pub(super) mark: u64,
    /// The backup that it is, if it is one.
    pub(super) backup: Option<Backup>,
}

/// A backup, as it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The version of Hubbub that made it.
    pub version: String,
    /// The time it was made.
    pub at: Timestamp,
}

/// The row; none if it was not written yet.
pub(super) fn read(db: &Connection) -> rusqlite::Result<Option<Meta>> {
    let mut find = db.prepare("SELECT epoch, life, mark, backup_version, backup_at FROM meta")?;
    let found = find.query_row([], |row| {
        let version: Option<String> = row.get(3)?;
        let at: Option<i64> = row.get(4)?;
        Ok(Meta {
            epoch: Epoch(u64::from_be_bytes(row.get(0)?)),
            life: row.get(1)?,
            mark: row.get(2)?,
            backup: version.zip(at).map(|(version, at)| Backup { version, at: Timestamp(at) }),
        })
    });
    found.optional()
}

/// Writes the row, in place of the one that is there.
pub(super) fn write(db: &Connection, meta: &Meta) -> rusqlite::Result<()> {
    let Meta { epoch, life, mark, backup } = meta;
    let (version, at) = backup.as_ref().map(|backup| (&backup.version, backup.at.0)).unzip();
    db.execute(
        "INSERT OR REPLACE INTO meta (id, epoch, life, mark, backup_version, backup_at) VALUES (1, ?, ?, ?, ?, ?)",
        params![epoch.0.to_be_bytes(), life, mark, version, at],
    )?;
    Ok(())
}

/// Counts the mark up to this number, in the transaction of a commit.
pub(super) fn set_mark(db: &Connection, mark: u64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE meta SET mark = ?")?.execute([mark])?;
    Ok(())
}
