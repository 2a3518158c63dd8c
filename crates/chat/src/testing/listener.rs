//! A listener for tests: a connection that takes a chat's deliveries.

use std::sync::Arc;
use std::time::Duration;

use broker::{BufferSink, FlushOutcome, OutboundConnection, SubscriptionError};
use wire::{Cursor, Entry, Event, Json, ResetReason, Topic};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::service::error::Error;
use crate::service::{CatchUp, Subscribed};
use crate::testing::User;

/// A connection that takes the deliveries of a [`Chat`], as the gateway does.
pub struct Listener {
    chat: Arc<Chat>,
    caller: Caller,
    reader: OutboundConnection,
    mailbox: Arc<BufferSink>,
    heard: Vec<Heard>,
    /// The ephemeral events.
    told: Vec<serde_json::Value>,
}

/// A delivery that a connection received.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// An entry of a log.
    Entry(Entry<Json>),
    /// A gap was not replayed; delivery continues after the cursor.
    Reset {
        /// The topic in which entries were skipped.
        topic: Topic,
        /// The reason that the gap was not replayed.
        reason: ResetReason,
        /// The cursor after which delivery continues.
        cursor: Cursor,
    },
    /// The subscription has ended.
    Ended {
        /// The topic that may no longer be read.
        topic: Topic,
    },
}

/// The time after which a waiting listener fails the test: far more than any machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

impl Listener {
    /// Opens a connection of a user, or of an anonymous caller; it may use open topics.
    #[must_use]
    pub fn new(chat: &Arc<Chat>, me: Option<&User>) -> Self {
        Self::of(chat, me.map(User::caller).unwrap_or_default())
    }

    /// Opens a connection of a caller; it may use open topics.
    #[must_use]
    pub fn of(chat: &Arc<Chat>, caller: Caller) -> Self {
        let caller = Caller { open_topics: true, ..caller };
        let (reader, mailbox) = reader(chat, &caller);
        mailbox.make_room(0);
        Self { chat: Arc::clone(chat), caller, reader, mailbox, heard: Vec::new(), told: Vec::new() }
    }

    /// Subscribes to a topic.
    ///
    /// # Errors
    /// Those of [`Chat::subscribe`].
    pub async fn subscribe(&mut self, topic: &Topic, since: Option<Cursor>) -> Result<Subscribed, Error> {
        self.chat.subscribe(&mut self.reader, &self.caller, topic, since).await
    }

    /// Takes about `max_bytes` of the pending frames, without waiting; frames that the broker's log has lost are
    /// fetched from history. Returns false if there was nothing more to take.
    ///
    /// # Panics
    /// If history cannot be read, or a frame is not an entry.
    pub async fn take(&mut self, max_bytes: usize) -> bool {
        self.mailbox.make_room(max_bytes);
        self.reader.unblock();
        let flushed = self.reader.flush();
        let mut idle = flushed == FlushOutcome::Done;
        while let Some(setback) = self.reader.subscription_error() {
            idle = false;
            match setback {
                SubscriptionError::Ended { key } => {
                    self.note();
                    self.heard.push(Heard::Ended { topic: key.topic });
                }
                SubscriptionError::Outdated { key, cursor } => {
                    // No shard may deliver what follows a reset before the reset is noted.
                    self.reader.pause();
                    self.note();
                    let topic = key.topic;
                    match self.chat.reopen(&mut self.reader, &self.caller, &topic, cursor).await {
                        Ok(CatchUp::Frames) => {}
                        Ok(CatchUp::Reset { reason, cursor, .. }) => {
                            self.heard.push(Heard::Reset { topic, reason, cursor });
                        }
                        Err(Error::Refusal(_)) => self.heard.push(Heard::Ended { topic }),
                        Err(Error::Fault(fault)) => panic!("{fault}"),
                    }
                    self.reader.resume();
                }
                SubscriptionError::Behind { key, cursor, until } => {
                    self.reader.pause();
                    let caught_up = self.chat.catch_up(&mut self.reader, &key, cursor, until).await.unwrap();
                    self.note();
                    if let CatchUp::Reset { reason, cursor, .. } = caught_up {
                        self.heard.push(Heard::Reset { topic: key.topic, reason, cursor });
                    }
                    self.reader.resume();
                }
            }
        }
        let before = self.heard.len();
        self.note();
        !idle || self.heard.len() > before
    }

    /// Takes all pending frames, without waiting.
    pub async fn take_all(&mut self) {
        while self.take(4_096).await {}
    }

    /// Takes frames until they are enough.
    ///
    /// # Panics
    /// If they never are.
    pub async fn until(&mut self, enough: impl Fn(&[Heard]) -> bool) {
        let waiting = async {
            loop {
                self.take_all().await;
                if enough(&self.heard) {
                    return;
                }
                self.mailbox.make_room(usize::MAX);
                self.reader.unblock();
                tokio::select! {
                    () = self.mailbox.filled() => {}
                    () = self.reader.woken() => {}
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        self.mailbox.make_room(0);
        assert!(in_time, "nothing more came after {:?}", self.heard.last());
    }

    /// Takes frames until an entry of the topic has this Seq.
    ///
    /// # Panics
    /// If it never comes.
    pub async fn until_seq(&mut self, topic: &Topic, seq: u64) {
        self.until(|heard| entries(heard, topic).any(|entry| entry.seq.0 >= seq)).await;
    }

    /// Takes frames until the subscription has ended.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn until_ended(&mut self, topic: &Topic) {
        let ended = Heard::Ended { topic: topic.clone() };
        self.until(|heard| heard.contains(&ended)).await;
    }

    /// Takes frames until an ephemeral event is one that is waited for. Those before it are forgotten.
    ///
    /// # Panics
    /// If it never comes.
    pub async fn until_told(&mut self, is_it: impl Fn(&serde_json::Value) -> bool) {
        let waiting = async {
            loop {
                self.take_all().await;
                if let Some(at) = self.told.iter().position(&is_it) {
                    self.told.drain(..=at);
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(2 * PATIENCE, waiting).await.is_ok();
        assert!(in_time, "it never came: {:?}", self.told);
    }

    /// Returns all deliveries so far.
    #[must_use]
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Returns the Seqs of a topic's entries so far, in the order of delivery.
    #[must_use]
    pub fn seqs(&self, topic: &Topic) -> Vec<u64> {
        entries(&self.heard, topic).map(|entry| entry.seq.0).collect()
    }

    /// Returns the events of a conversation's entries so far, in the order of delivery.
    ///
    /// # Panics
    /// If the data of one is not an event.
    #[must_use]
    pub fn events(&self, topic: &Topic) -> Vec<Event> {
        entries(&self.heard, topic).map(|entry| serde_json::from_str(entry.data.as_str()).unwrap()).collect()
    }

    fn note(&mut self) {
        for payload in self.mailbox.take() {
            let frame: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            // Presence and read states come at any flush, and are not part of a log.
            if frame.get("event").is_some() {
                self.told.push(frame);
            } else {
                self.heard.push(Heard::Entry(serde_json::from_slice(&payload).unwrap()));
            }
        }
    }
}

/// Returns a connection of a caller, and the sink of its deliveries.
#[must_use]
pub fn reader(chat: &Chat, caller: &Caller) -> (OutboundConnection, Arc<BufferSink>) {
    let mailbox = Arc::new(BufferSink::new(usize::MAX));
    let owner = caller.signed_in().map(|me| me.id);
    (OutboundConnection::new(Arc::clone(chat.broker()), owner, Arc::clone(&mailbox)), mailbox)
}

fn entries<'a>(heard: &'a [Heard], topic: &'a Topic) -> impl Iterator<Item = &'a Entry<Json>> {
    heard.iter().filter_map(move |heard| match heard {
        Heard::Entry(entry) if entry.topic == *topic => Some(entry),
        _ => None,
    })
}
