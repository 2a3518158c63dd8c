//! A node for tests: a chat with a manual clock and seeded randomness.

use std::sync::Arc;
use std::time::Duration;

use wire::{Cursor, Epoch, GroupId, JoinPolicy, Json, Person, Seq, Topic};

use super::{ManualClock, ScriptedHttpClient, SeededChance, User, guest};
use crate::auth::caller::Caller;
use crate::auth::master_secret::MasterSecret;
use crate::auth::session::Token;
use crate::chat::{Ack, Chat, Parts};
use crate::memory::{MemoryBlobs, MemoryStore, Window};
use crate::ports::bus::{Bus, LocalBus};
use crate::ports::store::Store;
use crate::service::limits::Limits;

/// One node: a [`Chat`] over a store, with a clock that stands still and reproducible randomness.
pub struct Node {
    /// The chat under test, without any listener on the network.
    pub chat: Arc<Chat>,
    /// The clock that the chat reads; it moves only by hand.
    pub clock: Arc<ManualClock>,
    /// The contents of files, in memory.
    pub blobs: Arc<MemoryBlobs>,
    /// The client of the chat, which answers as the test scripts it.
    pub http: Arc<ScriptedHttpClient>,
}

impl Node {
    /// Starts a single node over a store, with limits for fast senders.
    #[must_use]
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::start(store, Arc::new(LocalBus::default()), Self::patient(), 1)
    }

    /// Starts a single node over a fresh volatile store.
    #[must_use]
    pub fn volatile() -> Self {
        Self::over(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())))
    }

    /// Starts a single node with limits of its own.
    #[must_use]
    pub fn limited(store: Arc<dyn Store>, limits: Limits) -> Self {
        Self::start(store, Arc::new(LocalBus::default()), limits, 1)
    }

    /// Starts a node with every part chosen. Nodes over one store need seeds of their own.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, bus: Arc<dyn Bus>, limits: Limits, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::default());
        let chance = Arc::new(SeededChance::new(seed));
        // The same for all nodes over a store.
        let secret = MasterSecret::from_bytes([7; 32]);
        let blobs = Arc::new(MemoryBlobs::new(1_024 * 1_024 * 1_024, clock.clone()));
        let http = Arc::new(ScriptedHttpClient::default());
        let parts = Parts {
            store,
            blobs: blobs.clone(),
            bus,
            http: http.clone(),
            clock: clock.clone(),
            chance,
            limits,
            secret,
            providers: Vec::new(),
        };
        Self { chat: Chat::start(parts), clock, blobs, http }
    }

    /// Returns the default limits without a rate limit for sending.
    #[must_use]
    pub fn patient() -> Limits {
        let burst = u32::MAX;
        Limits {
            send_burst: burst,
            publish_burst: burst,
            action_burst: burst,
            search_burst: burst,
            add_burst: burst,
            ..Limits::default()
        }
    }

    /// Returns the epoch of the logs.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.chat.store.epoch()
    }

    /// Returns the cursor before the first entry of every log.
    #[must_use]
    pub fn beginning(&self) -> Cursor {
        Cursor { epoch: self.epoch(), seq: Seq::ZERO }
    }

    /// Returns the user of a session token; none if the session is unknown or has ended.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn user_of(&self, token: &Token) -> Option<Person> {
        self.chat.authenticate(token).await.unwrap().map(|session| session.person)
    }

    /// Creates a guest.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn introduce(&self, name: &str) -> User {
        guest(&self.chat, name).await.0
    }

    /// Creates a group.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn group(&self, founder: &User, name: &str) -> GroupId {
        self.chat.create_group(founder, name, JoinPolicy::Open).await.unwrap().id
    }

    /// Puts two users into one group, so that they share it.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn acquaint(&self, one: &User, other: &User) {
        let group = self.group(one, "common").await;
        self.chat.join(other, group, None).await.unwrap();
    }

    /// Sends a message to a group, with a fresh id.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn say(&self, me: &User, group: GroupId, text: &str) -> Ack {
        self.chat.post(me, Topic::group(group), self.chat.new_send_id(), text, None).await.unwrap()
    }

    /// Waits until no message of a broadcast waits to be sent.
    ///
    /// # Panics
    /// If that takes longer than a minute, or there is no such broadcast.
    pub async fn until_sent(&self, sender: &User, seq: Seq) {
        let sent = async {
            while self.chat.broadcast_results(sender, seq, 0).await.unwrap().is_pending {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), sent).await;
        assert!(in_time.is_ok(), "broadcast {seq} was never sent whole");
    }

    /// Publishes a number to an open topic, with a fresh id.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn publish(&self, topic: &Topic, number: u64) -> Ack {
        let caller = Caller { open_topics: true, ..Caller::default() };
        self.chat.publish(&caller, topic.clone(), None, Json::of(&number)).await.unwrap()
    }
}
