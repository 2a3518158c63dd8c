//! The SQLite store: one file, one writer, a few readers.

mod accounts;
mod append;
mod application_data;
mod application_reader;
mod applications;
mod attempts;
mod backup;
mod changes;
mod checkpoint;
mod commit;
mod conversations;
mod damaged;
mod ended_sessions;
mod folder;
mod groups;
mod guests;
mod inbox;
mod jobs;
mod keyed;
mod life;
mod logs;
mod marks;
mod members;
mod messages;
mod meta;
mod migrate;
mod names;
mod open;
mod open_log;
mod people;
#[cfg(test)]
mod plans;
mod readers;
mod receipts;
mod restore;
mod restricted;
mod scope;
mod search;
mod secret;
mod sessions;
mod slices;
mod threads;
mod tokens;
mod trim;
#[cfg(test)]
mod trouble;
mod unread;
mod usage;
mod user_tokens;
mod users;
mod values;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chat::search_index::SearchIndex;
use chat::store::{
    Application, ApplicationKey, Commit, Committed, JobCount, MessageTail, Position, Slices, StoreReader,
    Tail,
};
use chat::{ApiTokenRecord, Fault, MasterSecret, RandomSource, Session, Store, TokenHash};
use parking_lot::Mutex;
use wire::{ApplicationId, Epoch, LogKey, Seq, Timestamp};

use self::application_reader::SqliteReader;
pub use self::backup::BackupRequest;
use self::folder::{Folder, FolderLock};
use self::life::Life;
pub use self::meta::Backup;
use self::open::{Connect, SharedIndex};
use self::readers::ReaderPool;
pub use self::restore::restore;
use self::search::SqliteIndex;
use self::unread::UnreadCounts;
pub use self::verify::Verified;
use self::writer::Writer;

/// The store in `hubbub.db` of a data folder. One process holds the folder at a time.
///
/// Commits go through one thread with one connection; reads through a few others, so that neither waits for the other.
/// The journal is a write-ahead log, flushed at every commit (`synchronous = FULL`).
pub struct SqliteStore {
    folder: Folder,
    connect: Connect,
    writer: Writer,
    shared: Arc<Shared>,
    search: Arc<SqliteIndex>,
    life: Arc<Life>,
    /// Held until the store is closed or dropped; the system releases it however the process ends. The last field: it
    /// is dropped after the threads.
    lock: Mutex<Option<FolderLock>>,
}

/// The parts of a store that the readers of all applications share.
struct Shared {
    epoch: Epoch,
    readers: ReaderPool,
    unread: UnreadCounts,
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
        let shared = Arc::new(Shared {
            epoch: begun.epoch,
            readers: ReaderPool::start(&connect)?,
            unread: UnreadCounts::default(),
        });
        let (writer, life) = Writer::start(begun, Arc::clone(&connect))?;
        let search = Arc::new(SqliteIndex::new(folder.search(), shared.epoch));
        Ok(Self { folder, connect, writer, shared, search, life, lock: Mutex::new(Some(lock)) })
    }

    /// Writes all committed data to a separate file while commits continue, and verifies it.
    ///
    /// # Errors
    /// If the file cannot be written or exists already, or the copy is damaged; no file is left then.
    pub async fn back_up(&self, request: BackupRequest) -> Result<Verified, Fault> {
        let (folder, connect) = (self.folder.clone(), Arc::clone(&self.connect));
        let made = tokio::task::spawn_blocking(move || backup::back_up(&folder, &connect, request));
        made.await.unwrap_or_else(|error| Err(Fault::new("store.backup", error)))
    }

    /// Returns the master secret of the folder, the file `secret.key`; makes one if there is none yet.
    ///
    /// # Errors
    /// If the file cannot be read or written, or has something else in it.
    pub fn master_secret(&self, chance: &dyn RandomSource) -> Result<MasterSecret, Fault> {
        secret::read_or_make(&self.folder, chance)
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

    /// Returns every existing file of the folder, with the mode that it should have.
    #[must_use]
    pub fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
        Folder::new(folder).modes().filter(|(path, _)| path.exists()).collect()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.search.end();
        self.shared.readers.end();
        self.writer.end();
        self.life.close_or_log();
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

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> Epoch {
        self.shared.epoch
    }

    fn reads(&self) -> u64 {
        self.shared.readers.reads()
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.writer.commit(commits, revocations_after).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.writer.probe().await
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        Arc::new(SqliteReader { shared: Arc::clone(&self.shared), application })
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.shared.readers.read("session", move |db| sessions::session(db, token)).await
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        self.shared.readers.read("api_token", move |db| tokens::find(db, token)).await
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        self.shared.readers.read("application", move |db| applications::application(db, key)).await
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        self.shared.readers.read("applications", move |db| applications::after(db, after, limit)).await
    }

    async fn lists_origin(&self, origin: String) -> Result<bool, Fault> {
        self.shared.readers.read("lists_origin", move |db| applications::lists_origin(db, &origin)).await
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        let read = move |db: &_| logs.iter().map(|log| slices::head(db, log)).collect();
        self.shared.readers.read("heads", read).await
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        let read = move |db: &_| after.iter().map(|(log, after)| slices::slice(db, log, *after)).collect();
        let logs = self.shared.readers.read("slices", read).await?;
        // In a transaction that begins later.
        let read = move |db: &_| ended_sessions::after(db, revocations_after);
        let revocations = self.shared.readers.read("revocations", read).await?;
        Ok(Slices { logs, revocations })
    }

    async fn relay(&self) -> Result<Position, Fault> {
        self.shared.readers.read("relay", jobs::relay).await
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault> {
        self.shared.readers.read("tail", move |db| jobs::tail(db, after, limit)).await
    }

    async fn message_tail(&self, after: Position, limit: usize) -> Result<MessageTail, Fault> {
        self.shared.readers.read("message_tail", move |db| messages::tail(db, after, limit)).await
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.search) as Arc<dyn SearchIndex>
    }

    async fn has_due_jobs(&self, now: Timestamp) -> Result<bool, Fault> {
        self.shared.readers.read("has_due_jobs", move |db| jobs::has_due(db, now)).await
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        self.shared.readers.read("job_counts", jobs::counts).await
    }

    async fn close(&self) -> Result<(), Fault> {
        let search = self.search.close().await;
        // Readers first: while one has the file open, the write-ahead log cannot be removed.
        let readers = self.shared.readers.close().await;
        let writer = self.writer.close().await;
        self.life.close_or_log();
        drop(self.lock.lock().take());
        readers.and(writer).and(search)
    }
}
