//! One file, one writer, a few readers.

mod accounts;
mod append;
mod checkpoint;
mod commit;
mod conversations;
mod groups;
mod logs;
mod migrate;
mod open;
mod people;
mod readers;
mod sessions;
mod threads;
#[cfg(test)]
mod trouble;
mod values;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chat::store::{
    Account, AccountKey, Conversations, Kept, Listed, Listing, Outcome, Profile, Range, Roster, Sender,
    SentBefore, Standing, Unread, Write,
};
use chat::{Chance, Fault, Session, SessionSummary, Store, TokenHash};
use wire::{Conversation, Entry, Epoch, GroupId, Json, Page, Person, SendId, Seq, Timestamp, Topic, UserId};

use self::open::Connect;
use self::readers::Readers;
use self::threads::unpoisoned;
use self::writer::Writer;

/// The facts in `hubbub.db` of a data folder. One process has the folder at a time.
///
/// Commits go through one thread with one connection; reads through a few others, so that neither waits for
/// the other. The journal is a write-ahead log, flushed at every commit (`synchronous = FULL`).
pub struct SqliteStore {
    epoch: Epoch,
    writer: Writer,
    readers: Readers,
    /// Held until the store is closed or gone; the system gives it back however the process ends. The last
    /// field: it goes after the threads.
    lock: Mutex<Option<File>>,
}

impl SqliteStore {
    /// Opens the store of a folder; makes both if they are not there.
    ///
    /// # Errors
    /// If the folder cannot be written, another process has it, or a newer version has written it.
    pub fn open(folder: &Path, chance: &dyn Chance) -> Result<Self, Fault> {
        open::check_library(rusqlite::version_number())?;
        let lock = open::lock(folder)?;
        let file = folder.join("hubbub.db");
        Self::start(lock, Arc::new(move || open::connection(&file)), chance)
    }

    fn start(lock: File, connect: Connect, chance: &dyn Chance) -> Result<Self, Fault> {
        let mut connection = connect()?;
        let epoch = migrate::migrate(&mut connection, chance)?;
        let readers = Readers::start(&connect)?;
        let writer = Writer::start(connection, connect)?;
        Ok(Self { epoch, writer, readers, lock: Mutex::new(Some(lock)) })
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn reads(&self) -> u64 {
        self.readers.reads()
    }

    async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault> {
        self.writer.commit(writes).await
    }

    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        let (topic, epoch) = (topic.clone(), self.epoch);
        self.readers.read("page", move |db| logs::page(db, &topic, range, epoch)).await
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        let topic = topic.clone();
        self.readers.read("kept", move |db| logs::kept(db, &topic, seq)).await
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        let topic = topic.clone();
        self.readers.read("about", move |db| logs::about(db, &topic, seq)).await
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        let topic = topic.clone();
        self.readers.read("pinned", move |db| logs::pinned(db, &topic)).await
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        let topic = topic.clone();
        self.readers.read("place_at", move |db| logs::place_at(db, &topic, at)).await
    }

    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault> {
        self.readers.read("roster", move |db| groups::roster(db, group)).await
    }

    async fn standing(&self, conversation: Conversation, user: UserId) -> Result<Option<Standing>, Fault> {
        self.readers.read("standing", move |db| conversations::standing(db, conversation, user)).await
    }

    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault> {
        self.readers.read("unread", move |db| conversations::unread(db, conversation, user, after)).await
    }

    async fn conversations(&self, user: UserId) -> Result<Conversations, Fault> {
        self.readers.read("conversations", move |db| conversations::conversations(db, user)).await
    }

    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        limit: usize,
    ) -> Result<Vec<Person>, Fault> {
        let words = words.to_owned();
        self.readers.read("people", move |db| conversations::people(db, user, &words, everyone, limit)).await
    }

    async fn groups(&self, words: &str, all: bool, limit: usize) -> Result<Vec<Listing>, Fault> {
        let words = words.to_owned();
        self.readers.read("groups", move |db| groups::listings(db, &words, all, limit)).await
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault> {
        self.readers.read("profile", move |db| people::profile(db, user)).await
    }

    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault> {
        self.readers.read("picture", move |db| people::picture(db, user)).await
    }

    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault> {
        let id = id.clone();
        self.readers.read("sent", move |db| logs::sent(db, sender, &id)).await
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault> {
        self.readers.read("blocked", move |db| conversations::blocked(db, user)).await
    }

    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        self.readers.read("person", move |db| people::user(db, user)).await
    }

    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault> {
        self.readers.read("account", move |db| accounts::account(db, &key)).await
    }

    async fn accounts(&self) -> Result<Vec<Listed>, Fault> {
        self.readers.read("accounts", accounts::accounts).await
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault> {
        self.readers.read("reset", move |db| accounts::reset(db, token)).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        self.readers.read("sessions", move |db| accounts::sessions(db, user)).await
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.readers.read("session", move |db| sessions::session(db, token)).await
    }

    async fn close(&self) -> Result<(), Fault> {
        // Readers first: as long as one has the file open, the write-ahead log cannot go.
        let readers = self.readers.close().await;
        let writer = self.writer.close().await;
        drop(unpoisoned(&self.lock).take());
        readers.and(writer)
    }
}
