//! Examination of a data folder at startup.

use std::path::Path;

use chat::Fault;

use super::{Changed, Record};
use crate::sqlite::folder::{Folder, length};
use crate::sqlite::meta::{self, Meta};
use crate::sqlite::{migrate, open};

/// The state of a folder that may be served.
#[derive(Debug)]
pub(in crate::sqlite) enum Found {
    /// There is no database yet.
    Nothing,
    /// The process ended while it was creating the database.
    Unfinished(Record),
    /// The folder is unchanged since it was closed.
    Same(Record),
    /// The folder is a copy, or was set back as a whole.
    Copied {
        record: Record,
        /// True if it was copied while in use: its parts may be from different moments.
        in_use: bool,
    },
}

/// Examines a folder, without changing anything in it.
///
/// # Errors
/// If it must not be served; the sentence gives the reason and the remedy.
pub(in crate::sqlite) fn examine(folder: &Folder) -> Result<Found, Fault> {
    let record = Record::read(folder)?;
    let has_database = folder.database().exists();
    let log = length(&folder.log()).map_err(|error| unreadable(folder, &error))?;
    let record = match (has_database, record) {
        (false, None) if log == 0 => return Ok(Found::Nothing),
        (false, Some(record)) if record.new && log == 0 => return Ok(Found::Unfinished(record)),
        (true, Some(record)) if record.new => return Ok(Found::Unfinished(record)),
        (false, _) => return Err(refuse(folder, "hubbub.db is missing")),
        (true, None) => {
            let look = Examination::at_main(&folder.database())?;
            look.check_schema()?;
            let sentence = "hubbub.db stands there without hubbub.life, as a copy made by hand does, and may lack \
                            what the write-ahead log beside the original had";
            return Err(refuse_for(folder, sentence, &folder.database()));
        }
        (true, Some(record)) => record,
    };
    check_main(folder, &record)?;
    let changed = || -> std::io::Result<(bool, bool)> {
        let database = Changed::of(&folder.database())? > record.database;
        Ok((Changed::of(&folder.lock_file())? > record.lock, database && !record.moving))
    };
    let (copied, replaced) = changed().map_err(|error| unreadable(folder, &error))?;
    if replaced && !copied && log > 0 {
        let sentence =
            "hubbub.db was replaced, but the write-ahead log of what stood there before is still beside it";
        return Err(refuse(folder, sentence));
    }
    let whole = open::look(&folder.database())
        .and_then(|db| meta::read(&db).map_err(|error| Fault::new("store", error)))?;
    if whole.is_none_or(|meta| meta.mark < record.mark) {
        let sentence = "hubbub.db is an older state than this folder has had, or lacks its write-ahead log";
        return Err(refuse(folder, sentence));
    }
    Ok(if copied || replaced {
        Found::Copied { in_use: log > 0 || record.moving, record }
    } else {
        Found::Same(record)
    })
}

/// Refuses a database file that does not match the record, as far as this shows without the write-ahead log.
fn check_main(folder: &Folder, record: &Record) -> Result<(), Fault> {
    let look = match Examination::at_main(&folder.database()) {
        Ok(look) => look,
        // During a checkpoint the file alone need not be a valid database.
        Err(_) if record.moving => return Ok(()),
        Err(fault) => return Err(fault),
    };
    look.check_schema()?;
    match look.meta {
        _ if look.is_empty => Err(refuse(folder, "hubbub.db is empty")),
        None => Err(refuse(folder, "hubbub.db is not whole")),
        Some(meta) if meta.life != record.life => Err(refuse_strangers(folder)),
        Some(meta) if meta.mark < record.moved => {
            Err(refuse(folder, "hubbub.db is an older state than this folder has had"))
        }
        Some(_) => Ok(()),
    }
}

/// Properties of a database file, without the write-ahead log beside it.
struct Examination {
    schema: i64,
    is_empty: bool,
    meta: Option<Meta>,
}

impl Examination {
    fn at_main(file: &Path) -> Result<Self, Fault> {
        let look = || -> rusqlite::Result<Self> {
            let db = open::main_alone(file)?;
            let schema = migrate::number(&db)?;
            let is_empty = migrate::is_empty(&db)?;
            let meta = if migrate::is_known(schema) { meta::read(&db)? } else { None };
            Ok(Self { schema, is_empty, meta })
        };
        look().map_err(|error| Fault::new("store", format!("{} cannot be opened: {error}", file.display())))
    }

    fn check_schema(&self) -> Result<(), Fault> {
        if self.is_empty { Ok(()) } else { migrate::check(self.schema) }
    }
}

/// Returns the sentence that explains how to take over a database that is refused.
pub(in crate::sqlite) fn take_over(folder: &Folder, file: &Path) -> String {
    let (file, folder) = (file.display(), folder.path().display());
    format!("to check it and take it over, run: hubbub restore {file} --data {folder} --force")
}

/// Refuses a database that is not the one of this folder.
pub(super) fn refuse_strangers(folder: &Folder) -> Fault {
    refuse(folder, "hubbub.db and hubbub.life are from two different servers")
}

/// Refuses a damaged copy that was made while the folder was in use.
pub(super) fn refuse_copy(folder: &Folder, wrong: &str) -> Fault {
    refuse(folder, &format!("it was copied while a server used it, and is not whole ({wrong})"))
}

fn refuse(folder: &Folder, what: &str) -> Fault {
    let shown = folder.path().display();
    Fault::new(
        "store",
        format!(
            "the folder {shown} is not served: {what}; put back what belongs there, or go back to a backup, or to a \
             copy of hubbub.db that lies elsewhere: hubbub restore FILE --data {shown} --force"
        ),
    )
}

fn refuse_for(folder: &Folder, what: &str, file: &Path) -> Fault {
    let shown = folder.path().display();
    Fault::new("store", format!("the folder {shown} is not served: {what}; {}", take_over(folder, file)))
}

fn unreadable(folder: &Folder, error: &std::io::Error) -> Fault {
    Fault::new("store", format!("the folder {} cannot be read: {error}", folder.path().display()))
}
