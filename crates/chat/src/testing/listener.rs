use std::sync::Arc;
use std::time::Duration;

use broker::{BufferSink, FlushOutcome, OutboundConnection, SubscriptionError};
use wire::{Cursor, Entry, Event, Json, Person, ResetReason, Topic};

use crate::chat::{Caller, Chat};
use crate::service::error::Error;
use crate::service::{CatchUp, Subscribed};

/// Somebody whose connection takes what a [`Chat`] delivers, as the gateway does it.
pub struct Listener {
    chat: Arc<Chat>,
    caller: Caller,
    reader: OutboundConnection,
    mailbox: Arc<BufferSink>,
    heard: Vec<Heard>,
}

/// What a connection was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// An entry of a log.
    Entry(Entry<Json>),
    /// A gap was not replayed; delivery goes on after the cursor.
    Reset {
        /// Which topic.
        topic: Topic,
        /// Why.
        reason: ResetReason,
        /// Where delivery goes on.
        cursor: Cursor,
    },
    /// The subscription is over.
    Ended {
        /// Which topic.
        topic: Topic,
    },
}

/// How long a listener waits before the test is given up: far more than any machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

impl Listener {
    /// A connection of somebody, or of nobody in particular; it may use open topics.
    #[must_use]
    pub fn new(chat: &Arc<Chat>, me: Option<&Person>) -> Self {
        let caller = Caller { me: me.cloned(), open_topics: true, ..Caller::default() };
        let (reader, mailbox) = reader(chat, me);
        mailbox.make_room(0);
        Self { chat: Arc::clone(chat), caller, reader, mailbox, heard: Vec::new() }
    }

    /// Subscribes.
    ///
    /// # Errors
    /// Those of [`Chat::subscribe`].
    pub async fn subscribe(&mut self, topic: &Topic, since: Option<Cursor>) -> Result<Subscribed, Error> {
        self.chat.subscribe(&mut self.reader, &self.caller, topic, since).await
    }

    /// Takes about `max_bytes` of what is there, without waiting; what was lost from the broker's log is
    /// fetched. False if there was nothing more to take.
    ///
    /// # Panics
    /// If history cannot be read, or a frame is no entry.
    pub async fn take(&mut self, max_bytes: usize) -> bool {
        self.mailbox.make_room(max_bytes);
        self.reader.unblock();
        let flushed = self.reader.flush();
        let mut idle = flushed == FlushOutcome::Done;
        while let Some(setback) = self.reader.subscription_error() {
            idle = false;
            match setback {
                SubscriptionError::Ended { topic } => {
                    self.note();
                    self.heard.push(Heard::Ended { topic });
                }
                SubscriptionError::Behind { topic, cursor, until } => {
                    let caught_up =
                        self.chat.catch_up(&mut self.reader, &topic, cursor, until).await.unwrap();
                    self.note();
                    if let CatchUp::Reset { reason, cursor, .. } = caught_up {
                        self.heard.push(Heard::Reset { topic, reason, cursor });
                    }
                }
            }
        }
        let before = self.heard.len();
        self.note();
        !idle || self.heard.len() > before
    }

    /// Takes everything that is there, without waiting.
    pub async fn take_all(&mut self) {
        while self.take(4_096).await {}
    }

    /// Takes what comes until it is enough.
    ///
    /// # Panics
    /// If it never is.
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

    /// Takes what comes until an entry of the topic has this place.
    ///
    /// # Panics
    /// If it never comes.
    pub async fn until_seq(&mut self, topic: &Topic, seq: u64) {
        self.until(|heard| entries(heard, topic).any(|entry| entry.seq.0 >= seq)).await;
    }

    /// Takes what comes until the subscription has ended.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn until_ended(&mut self, topic: &Topic) {
        let ended = Heard::Ended { topic: topic.clone() };
        self.until(|heard| heard.contains(&ended)).await;
    }

    /// Everything so far.
    #[must_use]
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// The places of a topic's entries so far, as they came.
    #[must_use]
    pub fn seqs(&self, topic: &Topic) -> Vec<u64> {
        entries(&self.heard, topic).map(|entry| entry.seq.0).collect()
    }

    /// What the entries of a conversation said so far, as they came.
    ///
    /// # Panics
    /// If one is no event.
    #[must_use]
    pub fn events(&self, topic: &Topic) -> Vec<Event> {
        entries(&self.heard, topic).map(|entry| serde_json::from_str(entry.data.as_str()).unwrap()).collect()
    }

    fn note(&mut self) {
        // Presence and marks come whenever the beat falls, and are no part of a log.
        let is_entry = |payload: &&Vec<u8>| {
            let frame: serde_json::Value = serde_json::from_slice(payload).unwrap();
            frame.get("event").is_none()
        };
        let payloads = self.mailbox.take();
        let entries = payloads.iter().filter(is_entry);
        self.heard.extend(entries.map(|payload| Heard::Entry(serde_json::from_slice(payload).unwrap())));
    }
}

/// A connection of somebody, and where its deliveries arrive.
#[must_use]
pub fn reader(chat: &Chat, me: Option<&Person>) -> (OutboundConnection, Arc<BufferSink>) {
    let mailbox = Arc::new(BufferSink::new(usize::MAX));
    let owner = me.map(|me| me.id);
    (OutboundConnection::new(Arc::clone(chat.broker()), owner, Arc::clone(&mailbox)), mailbox)
}

fn entries<'a>(heard: &'a [Heard], topic: &'a Topic) -> impl Iterator<Item = &'a Entry<Json>> {
    heard.iter().filter_map(move |heard| match heard {
        Heard::Entry(entry) if entry.topic == *topic => Some(entry),
        _ => None,
    })
}
