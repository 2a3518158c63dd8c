//! Startup of a data folder: creates, opens or takes over its database.

use std::io;

use chat::{Fault, RandomSource};
use rusqlite::Connection;
use wire::Epoch;

use super::{Found, Life, Record};
use crate::sqlite::folder::{Folder, private, sync_folder};
use crate::sqlite::meta::{self, Meta};
use crate::sqlite::open::{self, Connect};
use crate::sqlite::{checkpoint, migrate, verify};

/// An opened database that may be served.
pub(in crate::sqlite) struct Begun {
    pub(in crate::sqlite) life: Life,
    pub(in crate::sqlite) connection: Connection,
    pub(in crate::sqlite) epoch: Epoch,
    pub(in crate::sqlite) mark: u64,
}

/// Opens the folder in the state that [`examine`](super::examine) found.
///
/// # Errors
/// If the folder cannot be written, a copy is damaged, or the schema is one of another version.
pub(in crate::sqlite) fn begin(
    folder: &Folder,
    found: Found,
    connect: &Connect,
    chance: &dyn RandomSource,
) -> Result<Begun, Fault> {
    match found {
        Found::Nothing => make(folder, Record::new(chance), connect, chance),
        Found::Unfinished(record) => make(folder, record, connect, chance),
        Found::Same(record) => {
            let life = Life::go_on(folder, record)?;
            let changed = folder.make_private();
            let (connection, meta) = open_known(folder, connect)?;
            if changed {
                life.settle(meta.mark).map_err(|error| unwritten(folder, &error))?;
            }
            Ok(Begun { life, connection, epoch: meta.epoch, mark: meta.mark })
        }
        Found::Copied { record, in_use } => {
            if in_use {
                check_copy(folder)?;
            }
            let life = Life::go_on(folder, record)?;
            folder.make_private();
            let (connection, meta) = open_known(folder, connect)?;
            let meta = Meta { epoch: draw_epoch(chance), mark: meta.mark + 1, backup: None, ..meta };
            meta::write(&connection, &meta).map_err(|error| Fault::new("store", error))?;
            life.settle(meta.mark).map_err(|error| unwritten(folder, &error))?;
            tracing::warn!(
                data.folder = %folder.path().display(),
                "the data folder is a copy or was restored; it has a new epoch, and readers load anew"
            );
            Ok(Begun { life, connection, epoch: meta.epoch, mark: meta.mark })
        }
    }
}

/// Draws a new [`Epoch`].
pub(in crate::sqlite) fn draw_epoch(chance: &dyn RandomSource) -> Epoch {
    let mut epoch = [0; 8];
    chance.fill(&mut epoch);
    Epoch(u64::from_be_bytes(epoch))
}

fn make(
    folder: &Folder,
    record: Record,
    connect: &Connect,
    chance: &dyn RandomSource,
) -> Result<Begun, Fault> {
    let name = record.life.clone();
    let life = Life::keep(folder, record)?;
    folder.make_private();
    // SQLite would create it with the default mode.
    let made = private().create(true).truncate(false).write(true).open(folder.database());
    made.map_err(|error| unwritten(folder, &error))?;
    let mut connection = connect()?;
    migrate::migrate(&mut connection)?;
    let make = || -> rusqlite::Result<Meta> {
        if let Some(meta) = meta::read(&connection)? {
            return Ok(meta);
        }
        let meta = Meta { epoch: draw_epoch(chance), life: name.clone(), mark: 1, backup: None };
        meta::write(&connection, &meta)?;
        Ok(meta)
    };
    let meta = make().map_err(|error| Fault::new("store", format!("the data cannot be written: {error}")))?;
    if meta.life != name {
        open::leave_log(&connection).map_err(|error| Fault::new("store", error))?;
        return Err(super::examine::refuse_strangers(folder));
    }
    // Without its own pages the database would be empty wherever its write-ahead log is lost.
    checkpoint::empty_log(&connection, &life)?;
    let settled = sync_folder(folder.path()).and_then(|()| life.settle(meta.mark));
    settled.map_err(|error| unwritten(folder, &error))?;
    Ok(Begun { life, connection, epoch: meta.epoch, mark: meta.mark })
}

fn open_known(folder: &Folder, connect: &Connect) -> Result<(Connection, Meta), Fault> {
    let mut connection = connect()?;
    migrate::migrate(&mut connection)?;
    let meta = meta::read(&connection).map_err(|error| Fault::new("store", error))?;
    let whole = || Fault::new("store", format!("{} is not whole", folder.database().display()));
    Ok((connection, meta.ok_or_else(whole)?))
}

fn check_copy(folder: &Folder) -> Result<(), Fault> {
    let db = open::look(&folder.database())?;
    verify::verify(&db).map(|_| ()).map_err(|wrong| super::examine::refuse_copy(folder, &wrong))
}

fn unwritten(folder: &Folder, error: &io::Error) -> Fault {
    Fault::new("store", format!("the folder {} cannot be written: {error}", folder.path().display()))
}
