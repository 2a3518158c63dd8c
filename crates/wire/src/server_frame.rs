//! Server frames: replies, subscription changes and ephemeral events.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use crate::client_frame::Ref;
use crate::entry::Entry;
use crate::fields::Fields;
use crate::id::{SendId, UserId};
use crate::refusal::Refused;
use crate::seq::{Cursor, Seq};
use crate::time::Timestamp;
use crate::topic::Topic;
use crate::view::{Person, ReadState, Receipt};

/// A frame from the server that is not an [`Entry`]: it has an `event`. A reader passes over an `event` it
/// does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say it by their names")]
pub enum ServerFrame {
    /// The first frame of every connection, and the answer to `authenticate`: who the server takes it for.
    Welcome {
        /// The signed-in user; without one only open topics answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        me: Option<Person>,
        /// The public id of the application, if the connection has a token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        application: Option<String>,
        /// The time at which the token ends, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// Live delivery has begun: everything after `cursor` follows, in order.
    Subscribed {
        topic: Topic,
        cursor: Cursor,
        /// The newest entry at this moment.
        head: Seq,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// Live delivery has ended.
    Unsubscribed {
        topic: Topic,
        /// The reason, unless the client asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<Refused>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// The entries between the reader's cursor and `cursor` are not replayed: read them from history, or
    /// load anew. Live delivery goes on after `cursor`.
    Reset {
        topic: Topic,
        reason: ResetReason,
        cursor: Cursor,
        /// The oldest entry that history still has.
        begins: Seq,
    },
    /// A send is committed.
    Ack {
        /// The sender's id for it.
        id: SendId,
        topic: Topic,
        /// The Seq that the entry has in its log.
        seq: Seq,
        /// The time of the commit, UTC.
        timestamp: Timestamp,
        /// True if it was committed before: the send was a retry.
        duplicate: bool,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A frame was not taken; the connection stays open.
    Refused {
        /// Code and parameters. The server adds a `message` in English on the socket, for developers.
        #[serde(flatten)]
        refused: Refused,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A signal on one's own topic: how far one has read a conversation, on whatever device. Also the answer to
    /// `unread`.
    Read {
        topic: Topic,
        /// The last Seq that the user has read.
        seq: Seq,
        /// The number of unread messages.
        unread: u32,
        /// The number of them that mention the user.
        mentions: u32,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A signal: how far members of a conversation are. Marks only move on, for as long as the seat is there; those
    /// that did not are not told. Also the answer to `marks`, and then of everyone who has got anything.
    Marks {
        topic: Topic,
        /// The read states.
        marks: Vec<ReadState>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A signal on the author's own topic: how far recipients of a message to some members are, those that have moved.
    /// Also the answer to `receipts`, and then of everyone who was to get the message.
    Receipts {
        /// The conversation of the message.
        topic: Topic,
        /// The place of the message.
        seq: Seq,
        recipients: Vec<Receipt>,
        /// The frame this answers.
        #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
        reference: Option<Ref>,
    },
    /// A signal: who listens to a conversation now, all of them.
    Presence {
        topic: Topic,
        /// Users who are here.
        here: Vec<UserId>,
        /// Users who are connected but away.
        away: Vec<UserId>,
    },
    /// A signal: somebody is typing in a conversation.
    Typing {
        /// The group or direct in which they are typing.
        topic: Topic,
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
        /// The reason, as in the close frame that follows: [`CloseCode::reason`](crate::CloseCode::reason).
        reason: String,
        /// The delay before a reconnect, in milliseconds.
        retry_ms: u32,
    },
    /// Something this version has no word for.
    Unknown,
}

/// The notice that these fields are; none if one is missing that it must have, or its event is unknown here.
fn notice(mut fields: Fields) -> Option<ServerFrame> {
    let event: String = fields.take("event")?;
    let f = &mut fields;
    Some(match event.as_str() {
        "welcome" => ServerFrame::Welcome {
            me: f.take("me")?,
            application: f.take("application")?,
            expires: f.take("expires")?,
            reference: f.take("ref")?,
        },
        "subscribed" => ServerFrame::Subscribed {
            topic: f.take("topic")?,
            cursor: f.take("cursor")?,
            head: f.take("head")?,
            reference: f.take("ref")?,
        },
        "unsubscribed" => ServerFrame::Unsubscribed {
            topic: f.take("topic")?,
            refused: f.take("refused")?,
            reference: f.take("ref")?,
        },
        "reset" => ServerFrame::Reset {
            topic: f.take("topic")?,
            reason: ResetReason::read(&f.take::<String>("reason")?)?,
            cursor: f.take("cursor")?,
            begins: f.take("begins")?,
        },
        "ack" => ServerFrame::Ack {
            id: f.take("id")?,
            topic: f.take("topic")?,
            seq: f.take("seq")?,
            timestamp: f.take("timestamp")?,
            duplicate: f.take("duplicate")?,
            reference: f.take("ref")?,
        },
        "refused" => ServerFrame::Refused { refused: Refused::take(f)?, reference: f.take("ref")? },
        "read" => ServerFrame::Read {
            topic: f.take("topic")?,
            seq: f.take("seq")?,
            unread: f.take("unread")?,
            mentions: f.take_or_default("mentions")?,
            reference: f.take("ref")?,
        },
        "marks" => {
            ServerFrame::Marks { topic: f.take("topic")?, marks: f.take("marks")?, reference: f.take("ref")? }
        }
        "receipts" => ServerFrame::Receipts {
            topic: f.take("topic")?,
            seq: f.take("seq")?,
            recipients: f.take("recipients")?,
            reference: f.take("ref")?,
        },
        "presence" => {
            ServerFrame::Presence { topic: f.take("topic")?, here: f.take("here")?, away: f.take("away")? }
        }
        "typing" => ServerFrame::Typing { topic: f.take("topic")?, person: f.take("person")? },
        "pong" => ServerFrame::Pong { reference: f.take("ref")? },
        "goodbye" => ServerFrame::Goodbye { reason: f.take("reason")?, retry_ms: f.take("retry_ms")? },
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for ServerFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(notice(Fields::deserialize(deserializer)?).unwrap_or(Self::Unknown))
    }
}

/// The reason that a gap is not replayed.
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
    /// Every reason, in the order in which they are declared.
    pub const ALL: [Self; 4] = [Self::EpochChanged, Self::TooFarBehind, Self::Trimmed, Self::Ahead];

    /// As it stands in a frame.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EpochChanged => "epoch_changed",
            Self::TooFarBehind => "too_far_behind",
            Self::Trimmed => "trimmed",
            Self::Ahead => "ahead",
        }
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == text)
    }
}

/// Any frame from the server; `D` is what the entries carry, as far as the reader wants to know it.
#[derive(Clone, Debug, PartialEq)]
pub enum FromServer<D> {
    /// News of a topic.
    Entry(Box<Entry<D>>),
    /// A reply, a change of a subscription, or an ephemeral event.
    Frame(Box<ServerFrame>),
}

impl ServerFrame {
    /// The frame as text.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<D: DeserializeOwned> FromServer<D> {
    /// Reads one text frame; none if it is neither.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        /// Tells the two kinds apart, and reads nothing else.
        #[derive(Deserialize)]
        struct Kind {
            event: Option<IgnoredAny>,
        }
        let text = text.as_bytes();
        let Kind { event } = serde_json::from_slice(text).ok()?;
        if event.is_some() {
            serde_json::from_slice(text).ok().map(|notice| Self::Frame(Box::new(notice)))
        } else {
            serde_json::from_slice(text).ok().map(|entry| Self::Entry(Box::new(entry)))
        }
    }
}
