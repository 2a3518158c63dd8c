use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use crate::entry::Entry;
use crate::id::SendId;
use crate::refusal::Refused;
use crate::request::Ref;
use crate::seq::{Cursor, Seq};
use crate::time::Timestamp;
use crate::topic::Topic;
use crate::view::Person;

/// A frame from the server that is not an [`Entry`]: it has an `event`. A reader passes over an `event` it
/// does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Notice {
    /// The first frame of every connection: who the server takes it for.
    Welcome {
        /// The signed-in user; without one only open topics answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        me: Option<Person>,
    },
    /// Live delivery has begun: everything after `cursor` follows, in order.
    Subscribed {
        /// Which topic.
        topic: Topic,
        /// Where delivery begins.
        cursor: Cursor,
        /// The newest entry at this moment.
        head: Seq,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// Live delivery has ended.
    Unsubscribed {
        /// Which topic.
        topic: Topic,
        /// Why, if the reader did not ask for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<Refused>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// The entries between the reader's cursor and `cursor` are not replayed: read them from history, or
    /// load anew. Live delivery goes on after `cursor`.
    Reset {
        /// Which topic.
        topic: Topic,
        /// Why.
        reason: ResetReason,
        /// Where delivery goes on.
        cursor: Cursor,
        /// The oldest entry that history still has.
        begins: Seq,
    },
    /// What was sent is committed.
    Ack {
        /// The sender's id for it.
        id: SendId,
        /// Its log.
        topic: Topic,
        /// Its place.
        seq: Seq,
        /// When it was committed, UTC.
        timestamp: Timestamp,
        /// Whether it was there already.
        duplicate: bool,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A frame was not taken; the connection stays open.
    Refused {
        /// The stable code.
        code: String,
        /// What would be right, in a sentence.
        message: String,
        /// When to try again, in milliseconds from now, if waiting helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u32>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A signal on one's own topic: how far one has read a conversation, on whatever device.
    Read {
        /// The conversation.
        topic: Topic,
        /// The place.
        seq: Seq,
        /// How many messages of others follow it.
        unread: u32,
    },
    /// A signal: somebody is typing in a conversation.
    Typing {
        /// The conversation.
        topic: Topic,
        /// Who.
        person: Person,
    },
    /// The answer to `ping`.
    Pong {
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// The server is about to close the connection.
    Goodbye {
        /// Why, as in the close frame that follows.
        reason: String,
        /// When to come back, in milliseconds from now.
        retry_ms: u32,
    },
    /// Something this version has no word for.
    Unknown,
}

/// Every field that any notice has: one reader for all of them, as for events.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    event: String,
    me: Option<Person>,
    topic: Option<Topic>,
    cursor: Option<Cursor>,
    head: Option<Seq>,
    refused: Option<Refused>,
    reason: Option<String>,
    begins: Option<Seq>,
    id: Option<SendId>,
    seq: Option<Seq>,
    timestamp: Option<Timestamp>,
    duplicate: bool,
    unread: Option<u32>,
    person: Option<Person>,
    code: Option<String>,
    message: Option<String>,
    retry_ms: Option<u32>,
    r#ref: Option<Ref>,
}

impl Fields {
    /// The notice; none if a field is missing that it must have, or its event is unknown here.
    fn notice(self) -> Option<Notice> {
        let Self { topic, cursor, reason, retry_ms, r#ref: reference, .. } = self;
        Some(match self.event.as_str() {
            "welcome" => Notice::Welcome { me: self.me },
            "subscribed" => {
                Notice::Subscribed { topic: topic?, cursor: cursor?, head: self.head?, reference }
            }
            "unsubscribed" => Notice::Unsubscribed { topic: topic?, refused: self.refused, reference },
            "reset" => Notice::Reset {
                topic: topic?,
                reason: ResetReason::read(&reason?)?,
                cursor: cursor?,
                begins: self.begins?,
            },
            "ack" => Notice::Ack {
                id: self.id?,
                topic: topic?,
                seq: self.seq?,
                timestamp: self.timestamp?,
                duplicate: self.duplicate,
                reference,
            },
            "refused" => Notice::Refused { code: self.code?, message: self.message?, retry_ms, reference },
            "read" => Notice::Read { topic: topic?, seq: self.seq?, unread: self.unread? },
            "typing" => Notice::Typing { topic: topic?, person: self.person? },
            "pong" => Notice::Pong { reference },
            "goodbye" => Notice::Goodbye { reason: reason?, retry_ms: retry_ms? },
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Notice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Fields::deserialize(deserializer)?.notice().unwrap_or(Self::Unknown))
    }
}

/// Why a gap is not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The cursor is of another life of the log.
    EpochChanged,
    /// More than [`REPLAY_ENTRIES`](crate::limits::REPLAY_ENTRIES) entries are missing.
    TooFarBehind,
    /// The oldest missing entries are no longer kept.
    Trimmed,
    /// The cursor is past the newest entry.
    Ahead,
}

impl ResetReason {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "epoch_changed" => Self::EpochChanged,
            "too_far_behind" => Self::TooFarBehind,
            "trimmed" => Self::Trimmed,
            "ahead" => Self::Ahead,
            _ => return None,
        })
    }
}

/// Any frame from the server; `D` is what the entries carry, as far as the reader wants to know it.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming<D> {
    /// News of a topic.
    Entry(Box<Entry<D>>),
    /// Anything else.
    Notice(Box<Notice>),
}

impl Notice {
    /// A frame was not taken.
    #[must_use]
    pub fn refused(refused: Refused, reference: Option<Ref>) -> Self {
        let Refused { code, message, retry_ms } = refused;
        Self::Refused { code, message, retry_ms, reference }
    }

    /// The frame as text.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<D: DeserializeOwned> Incoming<D> {
    /// Reads one text frame; none if it is neither.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        /// Tells the two kinds apart, and reads nothing else.
        #[derive(Deserialize)]
        struct Kind {
            event: Option<IgnoredAny>,
        }
        let Kind { event } = serde_json::from_str(text).ok()?;
        if event.is_some() {
            serde_json::from_str(text).ok().map(|notice| Self::Notice(Box::new(notice)))
        } else {
            serde_json::from_str(text).ok().map(|entry| Self::Entry(Box::new(entry)))
        }
    }
}
