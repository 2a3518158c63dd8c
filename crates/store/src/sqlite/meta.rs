//! The one row with the identity of a database.

use chat::MasterSecret;
use rusqlite::{Connection, OptionalExtension, params};
use wire::{Epoch, Timestamp};

use super::migrate;

/// The schema in which backups got a master secret.
const FIRST_WITH_SECRET: i64 = 17;

/// The identity of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) epoch: Epoch,
    /// The identity that [`Life`](super::life::Life) has, too.
    pub(super) life: String,
    /// A counter that advances in commits, at most once a second.
    pub(super) mark: u64,
    /// The backup that this database is, if it is one.
    pub(super) backup: Option<Backup>,
}

/// The label of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The version of Hubbub that made the backup.
    pub version: String,
    /// The time of the backup.
    pub at: Timestamp,
}

/// Reads the row; none if it was not written yet.
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

/// Writes the row, or changes an existing one, which keeps its position.
pub(super) fn write(db: &Connection, meta: &Meta) -> rusqlite::Result<()> {
    let Meta { epoch, life, mark, backup } = meta;
    let (version, at) = backup.as_ref().map(|backup| (&backup.version, backup.at.0)).unzip();
    db.execute(
        "INSERT INTO meta (id, epoch, life, mark, backup_version, backup_at) VALUES (1, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, life = excluded.life, mark = excluded.mark,
             backup_version = excluded.backup_version, backup_at = excluded.backup_at",
        params![epoch.0.to_be_bytes(), life, mark, version, at],
    )?;
    Ok(())
}

/// Puts the master secret of a server into a backup of it, or removes it.
pub(super) fn set_backup_secret(db: &Connection, secret: Option<&MasterSecret>) -> rusqlite::Result<()> {
    db.execute("UPDATE meta SET backup_secret = ?", [secret.map(MasterSecret::to_bytes)])?;
    Ok(())
}

/// Returns the master secret in a backup; none if it has none, as older backups.
pub(super) fn backup_secret(db: &Connection) -> rusqlite::Result<Option<MasterSecret>> {
    if migrate::number(db)? < FIRST_WITH_SECRET {
        return Ok(None);
    }
    let found = db.query_row("SELECT backup_secret FROM meta", [], |row| row.get::<_, Option<[u8; 32]>>(0));
    Ok(found.optional()?.flatten().map(MasterSecret::from_bytes))
}

/// Advances the mark to this number, in the transaction of a commit.
pub(super) fn set_mark(db: &Connection, mark: u64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE meta SET mark = ?")?.execute([mark])?;
    Ok(())
}
