//! Entries, and pages of them.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::SendId;
use crate::json::Json;
use crate::seq::{Epoch, Seq};
use crate::time::Timestamp;
use crate::topic::Topic;

/// One entry of a log: the shape every message has on the socket, in history and, without `data`, in the
/// answer to `POST /publish`. `D` is [`Event`] for conversations and any JSON for open topics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry<D = Event> {
    /// The sender's id for it.
    pub id: SendId,
    /// The log it belongs to.
    pub topic: Topic,
    /// Its place in that log.
    pub seq: Seq,
    /// An event in a conversation; the published JSON in an open topic.
    pub data: D,
    /// The time of the commit, UTC.
    pub timestamp: Timestamp,
}

/// A slice of one log, oldest first, with what a reader needs to go on in either direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<D = Event> {
    /// The entries, in Seq order, contiguous.
    pub entries: Vec<Entry<D>>,
    /// The life of the log the places belong to.
    pub epoch: Epoch,
    /// The oldest entry that is still kept; one more than `head` when there is none.
    pub begins: Seq,
    /// The newest entry; [`Seq::ZERO`] when nothing was ever written.
    pub head: Seq,
}

/// A part of a conversation as its page shows it, oldest first: messages and notices, without the changes of
/// messages. Every row of the log from `from` to `to` is here, so the places are not contiguous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows<D = Event> {
    /// The rows, in Seq order.
    pub entries: Vec<Entry<D>>,
    /// The life of the log the places belong to.
    pub epoch: Epoch,
    /// The oldest entry that is still kept; one more than `head` when there is none.
    pub begins: Seq,
    /// The newest entry; [`Seq::ZERO`] when nothing was ever written.
    pub head: Seq,
    /// The first place that this part covers; nothing older has a row if it is `begins`.
    pub from: Seq,
    /// The last place that this part covers; nothing newer has a row if it is `head`.
    pub to: Seq,
}

impl<D> Rows<D> {
    /// The same part with other data.
    pub fn map<E>(self, read: impl Fn(D) -> E) -> Rows<E> {
        let Self { entries, epoch, begins, head, from, to } = self;
        let entries = entries.into_iter().map(|entry| entry.map(&read)).collect();
        Rows { entries, epoch, begins, head, from, to }
    }
}

impl<D> Entry<D> {
    /// The same entry with other data.
    pub fn map<E>(self, read: impl FnOnce(D) -> E) -> Entry<E> {
        let Self { id, topic, seq, data, timestamp } = self;
        Entry { id, topic, seq, data: read(data), timestamp }
    }
}

impl Entry<Json> {
    /// The entry as a frame. The data goes through as it was written, unread.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut frame = String::with_capacity(self.data.as_str().len() + 160);
        frame.push_str("{\"id\":");
        frame.push_str(Json::of(&self.id).as_str());
        frame.push_str(",\"topic\":");
        frame.push_str(Json::of(&self.topic).as_str());
        frame.push_str(",\"seq\":");
        frame.push_str(&self.seq.to_string());
        frame.push_str(",\"data\":");
        frame.push_str(self.data.as_str());
        frame.push_str(",\"timestamp\":\"");
        frame.push_str(&self.timestamp.to_string());
        frame.push_str("\"}");
        frame
    }
}
