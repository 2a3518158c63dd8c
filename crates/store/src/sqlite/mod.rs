//! The SQLite store: one file, one writer, a few readers.

mod backup;
mod blob_names;
mod checkpoint;
mod folder;
mod life;
mod meta;
pub(crate) mod migrate;
mod moved;
pub(crate) mod open;
#[cfg(test)]
mod plans;
mod reader;
mod restore;
mod search;
pub(crate) mod secret;
mod source;
#[cfg(test)]
mod trouble;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::search_index::SearchIndex;
use chat::store::{Commit, Committed};
use chat::{BlobKey, Fault, MasterSecret, RandomSource};
use parking_lot::Mutex;
use wire::Seq;

pub use self::backup::BackupRequest;
pub(crate) use self::folder::{Folder, FolderLock};
use self::life::Life;
pub use self::meta::Backup;
use self::open::{Connect, SharedIndex};
pub use self::restore::restore;
pub(crate) use self::search::SqliteIndex;
pub(crate) use self::source::Source;
pub use self::verify::Verified;
use self::writer::Writer;
use crate::readers::ReaderPool;
use crate::store::{Engine, Reads, SqlStore};
use crate::tables::UnreadCounts;

/// The store in `hubbub.db` of a data folder. One process holds the folder at a time.
///
/// Commits go through one thread with one connection; reads through a few others, so that neither waits for the other.
/// The journal is a write-ahead log, flushed at every commit (`synchronous = FULL`).
pub type SqliteStore = SqlStore<Sqlite>;

/// The files of a [`SqliteStore`], and the threads that write them.
pub struct Sqlite {
    folder: Folder,
    connect: Connect,
    writer: Writer,
    search: Arc<SqliteIndex>,
    life: Arc<Life>,
    /// Held until the store is closed or dropped; the system releases it however the process ends. The last field: it
    /// is dropped after the threads.
    lock: Mutex<Option<FolderLock>>,
}

impl SqliteStore {
    /// Opens the store of a folder; creates both if they are missing. A copied folder gets a new [`Epoch`].
    ///
    /// # Errors
    /// If the folder cannot be written, another process holds it, its parts do not belong together, or another version
    /// has written it.
    pub fn open(folder: &Path, chance: &dyn RandomSource) -> Result<Self, Fault> {
        open::check_library(rusqlite::version_number())?;
        let folder = Folder::new(folder);
        let lock = folder.lock()?;
        moved::check(&folder)?;
        let found = life::examine(&folder)?;
        let file = folder.database();
        let index = if file.exists() { open::shared_index(&file)? } else { SharedIndex::Processes };
        if index == SharedIndex::Threads {
            let sentence = "the disk has no room for hubbub.db-shm; until the next start no other program can open \
                            hubbub.db";
            tracing::warn!(data.folder = %folder.path().display(), sentence);
        }
        Self::start(folder, lock, found, Arc::new(move || open::connection(&file, index)), chance)
    }

    fn start(
        folder: Folder,
        lock: FolderLock,
        found: life::Found,
        connect: Connect,
        chance: &dyn RandomSource,
    ) -> Result<Self, Fault> {
        let begun = life::begin(&folder, found, &connect, chance)?;
        let reads = Arc::new(Reads {
            epoch: begun.epoch,
            readers: reader::start(&connect)?,
            unread: UnreadCounts::default(),
        });
        let (writer, life) = Writer::start(begun, Arc::clone(&connect))?;
        let search = Arc::new(SqliteIndex::new(folder.search(), reads.epoch));
        let engine = Sqlite { folder, connect, writer, search, life, lock: Mutex::new(Some(lock)) };
        Ok(Self { reads, engine })
    }

    /// Writes all committed data to a separate file while commits continue, and verifies it.
    ///
    /// # Errors
    /// If the file cannot be written or exists already, or the copy is damaged; no file is left then.
    pub async fn back_up(&self, request: BackupRequest) -> Result<Verified, Fault> {
        let (folder, connect) = (self.engine.folder.clone(), Arc::clone(&self.engine.connect));
        let made = tokio::task::spawn_blocking(move || backup::back_up(&folder, &connect, request));
        made.await.unwrap_or_else(|error| Err(Fault::new("store.backup", error)))
    }

    /// Returns the master secret of the folder, the file `secret.key`; makes one if there is none yet.
    ///
    /// # Errors
    /// If the file cannot be read or written, or has something else in it.
    pub fn master_secret(&self, chance: &dyn RandomSource) -> Result<MasterSecret, Fault> {
        secret::read_or_make(&self.engine.folder, chance)
    }

    /// Returns true if a folder has a master secret.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn has_master_secret(folder: &Path) -> Result<bool, Fault> {
        secret::read(&Folder::new(folder)).map(|secret| secret.is_some())
    }

    /// Inspects a folder that no server holds, without changing anything in it.
    ///
    /// # Errors
    /// If a server holds it, or it would not be served; the sentence gives the reason and the remedy.
    pub fn inspect(folder: &Path) -> Result<Inspection, Fault> {
        let folder = Folder::new(folder);
        let _lock = folder.lock()?;
        moved::check(&folder)?;
        let is_copy = match life::examine(&folder)? {
            life::Found::Nothing | life::Found::Unfinished(_) => {
                return Ok(Inspection { is_copy: false, verified: None });
            }
            life::Found::Same(_) => false,
            life::Found::Copied { .. } => true,
        };
        let verified = verify::verify(&open::look(&folder.database())?);
        let verified = verified.map_err(|wrong| Fault::new("store", format!("hubbub.db: {wrong}")))?;
        Ok(Inspection { is_copy, verified: Some(verified) })
    }

    /// Returns the names of the blobs in a data folder, which a server may hold.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn blob_names(folder: &Path) -> Result<Vec<BlobKey>, Fault> {
        blob_names::blob_names(folder)
    }

    /// Returns every existing file of the folder, with the mode that it should have.
    #[must_use]
    pub fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
        Folder::new(folder).modes().filter(|(path, _)| path.exists()).collect()
    }
}

/// A folder that may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// True if the next start draws a new [`Epoch`].
    pub is_copy: bool,
    /// The database, if there is one.
    pub verified: Option<Verified>,
}

impl Engine for Sqlite {
    fn writers(&self) -> usize {
        1
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.writer.commit(commits, revocations_after).await
    }

    fn snapshot(&self) -> Result<ReaderPool, Fault> {
        reader::snapshot(&self.connect)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.writer.probe().await
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.search) as Arc<dyn SearchIndex>
    }

    async fn close_search(&self) -> Result<(), Fault> {
        self.search.close().await
    }

    async fn close(&self) -> Result<(), Fault> {
        let writer = self.writer.close().await;
        self.life.close_or_log();
        drop(self.lock.lock().take());
        writer
    }

    fn end_search(&self) {
        self.search.end();
    }

    fn end(&self) {
        self.writer.end();
        self.life.close_or_log();
    }
}
