//! `SQLite` keeps the contract of every store.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chat::store::{
    Account, AccountKey, Conversations, Kept, Listed, Listing, Outcome, Profile, Range, Roster, Sender,
    SentBefore, Standing, Write,
};
use chat::testing::SeededChance;
use chat::{Fault, Session, SessionSummary, Store, TokenHash};
use store::SqliteStore;
use tempfile::TempDir;
use wire::{Conversation, Entry, Epoch, GroupId, Json, Page, Person, SendId, Seq, Timestamp, Topic, UserId};

chat::store_contract!(fresh);

/// A store in a folder of its own, which goes when the store does.
struct Housed {
    store: SqliteStore,
    _folder: TempDir,
}

fn fresh() -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Arc::new(Housed { store, _folder: folder })
}

#[async_trait]
impl Store for Housed {
    fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    async fn commit(&self, writes: Arc<[Write]>) -> Result<Vec<Outcome>, Fault> {
        self.store.commit(writes).await
    }

    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        self.store.page(topic, range).await
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        self.store.kept(topic, seq).await
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        self.store.about(topic, seq).await
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        self.store.pinned(topic).await
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        self.store.place_at(topic, at).await
    }

    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault> {
        self.store.roster(group).await
    }

    async fn standing(&self, conversation: Conversation, user: UserId) -> Result<Option<Standing>, Fault> {
        self.store.standing(conversation, user).await
    }

    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        limit: usize,
    ) -> Result<Vec<Person>, Fault> {
        self.store.people(user, words, everyone, limit).await
    }

    async fn groups(&self, words: &str, all: bool, limit: usize) -> Result<Vec<Listing>, Fault> {
        self.store.groups(words, all, limit).await
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault> {
        self.store.profile(user).await
    }

    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault> {
        self.store.picture(user).await
    }

    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault> {
        self.store.sent(sender, id).await
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault> {
        self.store.blocked(user).await
    }

    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        self.store.person(user).await
    }

    async fn conversations(&self, user: UserId) -> Result<Conversations, Fault> {
        self.store.conversations(user).await
    }

    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault> {
        self.store.account(key).await
    }

    async fn accounts(&self) -> Result<Vec<Listed>, Fault> {
        self.store.accounts().await
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault> {
        self.store.reset(token).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        self.store.sessions(user).await
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.store.session(token).await
    }

    async fn close(&self) -> Result<(), Fault> {
        self.store.close().await
    }
}
