//! Restore detection: notices a data folder that was copied, or went back to an earlier state.
//!
//! A database cannot know that it was restored: all its content goes back with it. So the folder has a second file,
//! `hubbub.life`, with the identity of the database and a mark of its progress. At each start the two are compared:
//!
//! - **A folder that was copied** as a whole, or restored from such a copy, is served under a new
//!   [`Epoch`](wire::Epoch): subscribers get a `reset`, and their cursors before it are void. It is detected by the
//!   file `hubbub.lock`, which is written once: every copy of it has changed later than the original has.
//! - **A folder whose parts do not belong together** is not served: a part is missing, the database is another one or
//!   an older state, or it was put beside a write-ahead log that is not its own.
//!
//! Not detected is a whole disk set back with the times of its files: a snapshot of the file system or of a virtual
//! machine. `hubbub restore` draws a new Epoch there as everywhere.

mod begin;
mod examine;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use chat::{Fault, RandomSource};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub(super) use self::begin::{Begun, begin, draw_epoch};
pub(super) use self::examine::{Found, examine};
use super::folder::{Folder, private, sync_folder};

/// The file beside the database, kept up to date while this process holds the folder.
pub(super) struct Life {
    folder: Folder,
    state: Mutex<State>,
}

struct State {
    file: File,
    record: Record,
    /// The number of checkpoints in progress.
    moving: u32,
    closed: bool,
}

/// One state of the file.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Record {
    /// The identity, in hexadecimal; the database has the same one.
    pub(super) life: String,
    /// True until the database was created.
    pub(super) new: bool,
    /// A mark that the database has had. The database counts marks up, in its own commits; this follows.
    pub(super) mark: u64,
    /// A mark that `hubbub.db` has had by itself, without the write-ahead log.
    pub(super) moved: u64,
    /// True if `hubbub.db` may be changing: its time is meaningless then.
    pub(super) moving: bool,
    /// The time of the last change of `hubbub.db`.
    pub(super) database: Changed,
    /// The time of the last change of `hubbub.lock`.
    pub(super) lock: Changed,
}

/// The time of the last change of a file or of its name, owner or mode, in seconds and nanoseconds. No program can set
/// it, so a copy always has a later one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Changed(i64, i64);

/// The length of the file: overwriting it in place needs no disk space and is atomic at any moment.
const LENGTH: usize = 512;

impl Changed {
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = fs::metadata(path)?;
        Ok(Self(metadata.ctime(), metadata.ctime_nsec()))
    }

    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self::default())
    }
}

impl Record {
    /// Reads the record of a folder; none if there is no file.
    pub(super) fn read(folder: &Folder) -> Result<Option<Self>, Fault> {
        let path = folder.life();
        let mut text = String::new();
        match File::open(&path).and_then(|mut file| file.read_to_string(&mut text)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Fault::new("store", format!("{} cannot be read: {error}", path.display())));
            }
            Ok(_) => {}
        }
        match serde_json::from_str(&text) {
            Ok(record) => Ok(Some(record)),
            Err(error) => {
                let sentence = format!(
                    "{} is damaged ({error}); {}",
                    path.display(),
                    examine::take_over(folder, &folder.database())
                );
                Err(Fault::new("store", sentence))
            }
        }
    }

    /// Makes the record of a folder that is about to be created.
    pub(super) fn new(chance: &dyn RandomSource) -> Self {
        let mut life = [0; 16];
        chance.fill(&mut life);
        Self {
            life: data_encoding::HEXLOWER.encode(&life),
            new: true,
            mark: 0,
            moved: 0,
            moving: true,
            database: Changed::default(),
            lock: Changed::default(),
        }
    }
}

impl Life {
    /// Creates the file of a folder, with this record.
    pub(super) fn keep(folder: &Folder, record: Record) -> Result<Self, Fault> {
        let begin = || -> io::Result<Self> {
            let file = private().create(true).truncate(false).write(true).open(folder.life())?;
            let mut state = State { file, record, moving: 0, closed: false };
            state.write()?;
            state.file.sync_all()?;
            sync_folder(folder.path())?;
            Ok(Self { folder: folder.clone(), state: Mutex::new(state) })
        };
        begin().map_err(|error| {
            Fault::new("store", format!("{} cannot be written: {error}", folder.life().display()))
        })
    }

    /// Continues the existing file of a folder.
    pub(super) fn go_on(folder: &Folder, record: Record) -> Result<Self, Fault> {
        let file = private().write(true).open(folder.life());
        let file = file.map_err(|error| {
            Fault::new("store", format!("{} cannot be written: {error}", folder.life().display()))
        })?;
        let state = State { file, record, moving: 0, closed: false };
        Ok(Self { folder: folder.clone(), state: Mutex::new(state) })
    }

    /// Records a mark that was committed.
    pub(super) fn committed(&self, mark: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        state.record.mark = mark;
        state.write()
    }

    /// Must be called before `hubbub.db` is changed; returns the mark that [`Life::moved`] takes.
    pub(super) fn begin_move(&self) -> io::Result<u64> {
        let mut state = self.state.lock();
        if state.moving == 0 && !state.record.moving {
            state.record.moving = true;
            state.write()?;
            // Otherwise, after a power cut, the file could say that nothing was changing the database.
            state.file.sync_data()?;
        }
        state.moving += 1;
        Ok(state.record.mark)
    }

    /// Must be called after `hubbub.db` was changed; with the mark from before the change, if all of the write-ahead
    /// log is in it now.
    pub(super) fn moved(&self, whole: Option<u64>) -> io::Result<()> {
        let database = Changed::of(&self.folder.database());
        let mut state = self.state.lock();
        state.moving = state.moving.saturating_sub(1);
        state.record.moved = state.record.moved.max(whole.unwrap_or_default());
        if state.moving == 0 {
            state.record.database = database?;
            state.record.moving = false;
        }
        state.write()
    }

    /// Records the folder as intact: changes from outside are detected from now on.
    pub(super) fn settle(&self, mark: u64) -> io::Result<()> {
        let database = Changed::of(&self.folder.database())?;
        let lock = Changed::of(&self.folder.lock_file())?;
        let mut state = self.state.lock();
        let whole = state.record.moved;
        state.record = Record {
            new: false,
            mark,
            moved: whole,
            moving: false,
            database,
            lock,
            life: state.record.life.clone(),
        };
        state.write()?;
        state.file.sync_data()
    }

    /// Records that the database is closed.
    pub(super) fn close_or_log(&self) {
        if let Err(error) = self.close() {
            drop(Fault::new("store.life", error));
        }
    }

    fn close(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.closed, true) {
            return Ok(());
        }
        state.record.database = Changed::of(&self.folder.database())?;
        state.record.moving = false;
        state.write()?;
        state.file.sync_data()
    }
}

impl State {
    fn write(&mut self) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(&self.record)?;
        bytes.resize(LENGTH - 1, b' ');
        bytes.push(b'\n');
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)
    }
}
