//! The task of a stream of a user's inbox.
//!
//! It is subscribed to the user's logs, but only to know when to read the inbox: what is sent comes from the store, in the
//! order of the commits of all logs.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use broker::{BufferSink, OutboundConnection, SubscriptionError};
use bytes::Bytes;
use chat::store::event_of;
use chat::{Caller, Error, InboxPart, InboxPlace, InboxReset};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use wire::limits::SUBSCRIPTIONS;
use wire::{Entry, Event, Json, LogKey, Topic, TopicKind};

use super::client::{Client, End};
use super::event::{COMMENT, is_entry, push_event};
use crate::http::api::v1::messages::LogEntry;
use crate::server::AppState;

/// A client that follows an inbox.
pub(super) struct InboxConnection {
    client: Client,
    /// The connection of no user: a reader of an inbox is not present in each of their conversations.
    reader: OutboundConnection,
    sink: Arc<BufferSink>,
    /// The topics that were to be subscribed at last.
    followed: HashSet<Topic>,
    /// The last place that was read.
    place: InboxPlace,
    /// True if the inbox may have entries after that.
    is_behind: bool,
    /// True if the user may have other conversations than those that are subscribed.
    is_outdated: bool,
    /// The time from which the inbox may be read again: entries gather meanwhile.
    next_read: Instant,
}

/// The most bytes of frames that wait until they are looked at.
const ROOM: usize = 64 * 1_024;
/// The least time between two reads.
const GATHER: Duration = Duration::from_millis(250);

impl InboxConnection {
    /// Begins after a cursor, or with the next entry.
    pub(super) async fn open(app: &AppState, caller: Caller, after: Option<&str>) -> Result<Self, Error> {
        let (place, reset) = app.chat.follow_inbox(&caller, after).await?;
        let sink = Arc::new(BufferSink::new(ROOM));
        let reader = OutboundConnection::new(Arc::clone(app.chat.broker()), None, Arc::clone(&sink));
        let mut client = Client::new(app, caller, &reader).await?;
        let cursor = app.chat.inbox_cursor(&client.caller, place)?;
        match reset {
            Some(reset) => push_lost(&mut client.text, Some(&cursor), reset),
            None => {
                let data = json!({ "event": "subscribed", "cursor": cursor }).to_string();
                push_event(&mut client.text, Some("subscribed"), Some(&cursor), &data);
            }
        }
        let next_read = Instant::now();
        Ok(Self {
            client,
            reader,
            sink,
            followed: HashSet::new(),
            place,
            is_behind: true,
            is_outdated: true,
            next_read,
        })
    }

    /// Sends events until the right to read ends, the client is gone, or the server stops.
    pub(super) async fn serve(mut self, chunks: mpsc::Sender<Bytes>) {
        while self.turn(&chunks).await.is_ok() {}
        // The pause before the next connection, if there is one to tell.
        let _ = self.client.send(&chunks).await;
    }

    /// Takes one step: sends what is there, subscribes, reads the inbox, or waits.
    async fn turn(&mut self, chunks: &mpsc::Sender<Bytes>) -> Result<(), End> {
        self.client.check(&self.reader)?;
        if !self.client.text.is_empty() {
            return self.client.send(chunks).await;
        }
        if self.is_outdated {
            return self.subscribe().await;
        }
        self.look();
        let now = Instant::now();
        if self.is_behind && self.next_read <= now {
            return self.read().await;
        }
        let (comment, read) = (self.client.next_comment(), self.next_read);
        tokio::select! {
            () = self.sink.filled() => {}
            () = self.reader.woken() => {}
            () = self.client.stopping.cancelled() => {}
            () = chunks.closed() => return Err(End),
            () = sleep_until(read), if self.is_behind => {}
            () = sleep_until(comment) => {
                self.client.text.push_str(COMMENT);
                // Of conversations that are not subscribed nothing wakes the stream.
                self.is_behind = true;
            }
        }
        Ok(())
    }

    /// Looks at what the broker has delivered, and makes room for more.
    fn look(&mut self) {
        self.reader.flush();
        self.is_behind |= self.sink.take().iter().any(|frame| is_entry(frame));
        self.sink.make_room(ROOM);
        self.reader.unblock();
        while let Some(error) = self.reader.subscription_error() {
            self.is_behind = true;
            match error {
                // The inbox has the entries.
                SubscriptionError::Behind { key, until, .. } => self.reader.advance(&key, until),
                SubscriptionError::Ended { .. } | SubscriptionError::Outdated { .. } => {
                    self.is_outdated = true
                }
            }
        }
    }

    /// Subscribes to the user's logs, as they are now.
    async fn subscribe(&mut self) -> Result<(), End> {
        let Client { chat, caller, .. } = &self.client;
        let topics = chat.inbox_topics(caller, SUBSCRIPTIONS - 1).await.map_err(|_| End)?;
        let subscribed: HashSet<LogKey> = self.reader.subscribed().into_iter().collect();
        let wanted: HashSet<LogKey> = topics.iter().map(|topic| caller.log(topic.clone())).collect();
        for key in subscribed.difference(&wanted) {
            self.reader.unsubscribe(key);
        }
        for topic in topics.iter().filter(|topic| !subscribed.contains(&caller.log((*topic).clone()))) {
            match chat.subscribe(&mut self.reader, caller, topic, None).await {
                // The right to read has ended meanwhile, which the inbox tells.
                Ok(_) | Err(Error::Refusal(_)) => {}
                Err(Error::Fault(_)) => return Err(End),
            }
        }
        self.followed = topics.into_iter().collect();
        // Entries before the subscription have woken nobody.
        (self.is_outdated, self.is_behind) = (false, true);
        Ok(())
    }

    /// Reads the next part of the inbox.
    async fn read(&mut self) -> Result<(), End> {
        self.next_read = Instant::now() + GATHER;
        let read = self.client.chat.next_of_inbox(&self.client.caller, &mut self.place).await;
        let Ok(InboxPart { entries, more, resets }) = read else { return Err(End) };
        if more {
            self.next_read = Instant::now();
        }
        self.is_behind = more;
        for reset in resets {
            push_lost(&mut self.client.text, None, reset);
        }
        for (entry, cursor) in entries {
            self.is_outdated |= !self.followed.contains(&entry.topic) || changes_conversations(&entry);
            let data = serde_json::to_string(&LogEntry::from(entry)).map_err(|_| End)?;
            push_event(&mut self.client.text, None, Some(&cursor), &data);
        }
        Ok(())
    }
}

/// Returns true if the user has more or fewer conversations with this entry.
fn changes_conversations(entry: &Entry<Json>) -> bool {
    let is_own = matches!(entry.topic.kind(), TopicKind::User(_));
    let event = || event_of(&entry.data);
    is_own
        && matches!(event(), Event::GroupAdded { .. } | Event::GroupGone { .. } | Event::DirectAdded { .. })
}

/// Appends a reset.
fn push_lost(text: &mut String, id: Option<&str>, reset: InboxReset) {
    let InboxReset { topic, reason } = reset;
    let mut data = json!({ "event": "reset", "reason": reason.as_str() });
    if let Some(topic) = topic {
        data["topic"] = topic.as_str().into();
    }
    push_event(text, Some("reset"), id, &data.to_string());
}
