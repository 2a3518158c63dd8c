//! Client frames: the actions that a client sends over the socket.

mod fields;
mod reference;

use serde_json::{Map, Value};

pub use self::reference::Ref;

use self::fields::{
    Fields, read_fields, take, take_cursor, take_id, take_optional, take_publish, take_string, take_text,
    take_topic,
};

use crate::attachment::NewAttachment;
use crate::emoji::Emoji;
use crate::id::{SendId, UserId};
use crate::json::Json;
use crate::limits::FRAME_BYTES;
use crate::refusal::{Expected, Refusal};
use crate::seq::{Cursor, Seq};
use crate::topic::Topic;

/// The actions there are.
pub const ACTIONS: [&str; 17] = [
    "authenticate",
    "subscribe",
    "unsubscribe",
    "post",
    "edit",
    "delete",
    "react",
    "pin",
    "read",
    "delivered",
    "marks",
    "receipts",
    "unread",
    "typing",
    "presence",
    "publish",
    "ping",
];

/// One frame to the server: an action, and perhaps a `ref` that its answer repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// The request, with the fields that belong to its `action`.
    pub action: Action,
    /// The client's own reference, which the reply repeats.
    pub reference: Option<Ref>,
}

/// The actions of a client.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields say it by their names")]
pub enum Action {
    /// Signs the connection in by a user token, or goes on with a newer one of the same user.
    Authenticate {
        /// The token, a JWT.
        token: String,
    },
    /// Live delivery of a topic; with `since` everything after that cursor comes first.
    Subscribe {
        topic: Topic,
        /// The reader's position.
        since: Option<Cursor>,
    },
    /// No more of a topic.
    Unsubscribe { topic: Topic },
    /// Says something in a conversation.
    Post {
        topic: Topic,
        /// The sender's id for it.
        id: SendId,
        /// The typed text, as Markdown; the server parses it.
        text: String,
        /// The place of the message it answers.
        reply_to: Option<Seq>,
        /// The only members of a group who read it, besides the author; none for every member.
        recipients: Option<Vec<UserId>>,
        /// The files that it takes.
        attachments: Vec<NewAttachment>,
    },
    /// Changes a message that was said.
    Amend {
        topic: Topic,
        /// The sender's id for this change.
        id: SendId,
        /// The place of the message.
        target: Seq,
        amendment: Amendment,
    },
    /// Has read a conversation up to a place; with `back` only up to there, so that what follows is unread again.
    Read {
        topic: Topic,
        /// The last Seq that the user has read.
        seq: Seq,
        /// True if the mark may go back.
        back: bool,
    },
    /// A device has got a conversation, or the user's own topic, up to a place. Subscribing after a place says so too.
    Delivered {
        topic: Topic,
        /// The last Seq that the device has received.
        seq: Seq,
    },
    /// Asks how far every member of a conversation is.
    Marks {
        /// A group or direct in which the caller has a seat.
        topic: Topic,
    },
    /// Asks how far the recipients of one's own message are.
    Receipts {
        topic: Topic,
        /// The place of the message.
        seq: Seq,
    },
    /// Asks how much of a conversation is unread.
    Unread {
        /// A group or direct in which the caller has a seat.
        topic: Topic,
    },
    /// Is at this connection, or has gone away from it; at first everyone is there.
    Presence {
        /// True if they have gone away.
        away: bool,
    },
    /// Is typing in a conversation.
    Typing {
        /// A group or direct in which the caller may write.
        topic: Topic,
    },
    /// Publishes to an open topic.
    Publish {
        topic: Topic,
        /// The sender's id for it; without one it gets a random one.
        id: Option<SendId>,
        /// The data of the entry: any JSON value, passed on unchanged.
        data: Json,
    },
    /// Asks for a `pong`.
    Ping,
}

/// A change of a message that was said. Doing it again changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Amendment {
    /// Says it in other words. For its author.
    Edit(String),
    /// Takes it away. For its author, and for admins.
    Delete,
    /// Reacts, or takes the reaction back.
    React(Emoji, bool),
    /// Pins it, or no longer. For admins.
    Pin(bool),
}

/// The refusal of an invalid frame, with its `ref` if that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidFrame {
    /// The reason, which the server sends back in a `refused` frame.
    pub refusal: Refusal,
    /// The frame's `ref`.
    pub reference: Option<Ref>,
}

impl ClientFrame {
    /// Reads one text frame. Fields it does not know are passed over.
    ///
    /// # Errors
    /// The first thing that is wrong with it, never more than one.
    pub fn decode(text: &str) -> Result<Self, InvalidFrame> {
        let plain = |refusal| InvalidFrame { refusal, reference: None };
        if text.len() > FRAME_BYTES {
            return Err(plain(Refusal::FrameTooLarge));
        }
        let mut fields = read_fields(text).map_err(plain)?;
        let reference = Ref::take(&mut fields).map_err(plain)?;
        match Action::take(&mut fields) {
            Ok(action) => Ok(Self { action, reference }),
            Err(refusal) => Err(InvalidFrame { refusal, reference }),
        }
    }

    /// Reads the body of `POST /publish`: the fields of the action `publish`, without the action.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn decode_publish(text: &str) -> Result<(Topic, Option<SendId>, Json), Refusal> {
        let mut fields = read_fields(text)?;
        take_publish(&mut fields)
    }

    /// The frame as text; [`ClientFrame::decode`] reads it back.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match &self.action {
            Action::Authenticate { token } => {
                put("action", "authenticate".into());
                put("token", token.as_str().into());
            }
            Action::Subscribe { topic, since } => {
                put("action", "subscribe".into());
                put("topic", topic.as_str().into());
                if let Some(cursor) = since {
                    put("since", cursor_value(*cursor));
                }
            }
            Action::Unsubscribe { topic } => {
                put("action", "unsubscribe".into());
                put("topic", topic.as_str().into());
            }
            Action::Post { topic, id, text, reply_to, recipients, attachments } => {
                put("action", "post".into());
                put("topic", topic.as_str().into());
                put("id", id.as_str().into());
                put("text", text.as_str().into());
                if let Some(seq) = reply_to {
                    put("reply_to", seq.0.into());
                }
                if let Some(users) = recipients {
                    put("recipients", users.iter().map(UserId::to_string).collect());
                }
                if !attachments.is_empty() {
                    put("attachments", serde_json::to_value(attachments).unwrap_or_default());
                }
            }
            Action::Amend { topic, id, target, amendment } => {
                put("topic", topic.as_str().into());
                put("id", id.as_str().into());
                put("target", target.0.into());
                match amendment {
                    Amendment::Edit(text) => {
                        put("action", "edit".into());
                        put("text", text.as_str().into());
                    }
                    Amendment::Delete => {
                        put("action", "delete".into());
                    }
                    Amendment::React(emoji, on) => {
                        put("action", "react".into());
                        put("emoji", emoji.as_str().into());
                        put("on", (*on).into());
                    }
                    Amendment::Pin(on) => {
                        put("action", "pin".into());
                        put("on", (*on).into());
                    }
                }
            }
            Action::Read { topic, seq, back } => {
                put("action", "read".into());
                put("topic", topic.as_str().into());
                put("seq", seq.0.into());
                if *back {
                    put("back", true.into());
                }
            }
            Action::Delivered { topic, seq } => {
                put("action", "delivered".into());
                put("topic", topic.as_str().into());
                put("seq", seq.0.into());
            }
            Action::Marks { topic } => {
                put("action", "marks".into());
                put("topic", topic.as_str().into());
            }
            Action::Receipts { topic, seq } => {
                put("action", "receipts".into());
                put("topic", topic.as_str().into());
                put("seq", seq.0.into());
            }
            Action::Unread { topic } => {
                put("action", "unread".into());
                put("topic", topic.as_str().into());
            }
            Action::Presence { away } => {
                put("action", "presence".into());
                put("away", (*away).into());
            }
            Action::Typing { topic } => {
                put("action", "typing".into());
                put("topic", topic.as_str().into());
            }
            Action::Publish { topic, id, data } => {
                put("action", "publish".into());
                put("topic", topic.as_str().into());
                if let Some(id) = id {
                    put("id", id.as_str().into());
                }
                put("data", serde_json::from_str(data.as_str()).unwrap_or_default());
            }
            Action::Ping => {
                put("action", "ping".into());
            }
        }
        if let Some(reference) = &self.reference {
            put("ref", reference.to_value());
        }
        Value::Object(fields).to_string()
    }
}

impl Action {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Refusal> {
        if !fields.contains_key("action") {
            return Err(Refusal::ActionMissing);
        }
        match take_string(fields, "action", Expected::String)?.as_str() {
            "authenticate" => {
                Ok(Self::Authenticate { token: take_string(fields, "token", Expected::String)? })
            }
            "subscribe" => Ok(Self::Subscribe { topic: take_topic(fields)?, since: take_cursor(fields)? }),
            "unsubscribe" => Ok(Self::Unsubscribe { topic: take_topic(fields)? }),
            "post" => Ok(Self::Post {
                topic: take_topic(fields)?,
                id: take_id(fields)?
                    .ok_or(Refusal::FieldMissing { field: "id".into(), wants: Expected::SendId })?,
                text: take_text(fields)?,
                reply_to: take_optional(fields, "reply_to", Expected::Seq)?,
                recipients: take_optional(fields, "recipients", Expected::UserIds)?,
                attachments: take_optional(fields, "attachments", Expected::Attachments)?.unwrap_or_default(),
            }),
            "edit" => Self::take_amendment(fields, |fields| Ok(Amendment::Edit(take_text(fields)?))),
            "delete" => Self::take_amendment(fields, |_| Ok(Amendment::Delete)),
            "react" => Self::take_amendment(fields, |fields| {
                let emoji = Emoji::new(&take_string(fields, "emoji", Expected::Emoji)?)?;
                Ok(Amendment::React(emoji, take(fields, "on", Expected::Boolean)?))
            }),
            "pin" => Self::take_amendment(fields, |fields| {
                Ok(Amendment::Pin(take(fields, "on", Expected::Boolean)?))
            }),
            "read" => Ok(Self::Read {
                topic: take_topic(fields)?,
                seq: take(fields, "seq", Expected::Seq)?,
                back: take_optional(fields, "back", Expected::Boolean)?.unwrap_or_default(),
            }),
            "delivered" => {
                Ok(Self::Delivered { topic: take_topic(fields)?, seq: take(fields, "seq", Expected::Seq)? })
            }
            "marks" => Ok(Self::Marks { topic: take_topic(fields)? }),
            "receipts" => {
                Ok(Self::Receipts { topic: take_topic(fields)?, seq: take(fields, "seq", Expected::Seq)? })
            }
            "unread" => Ok(Self::Unread { topic: take_topic(fields)? }),
            "presence" => Ok(Self::Presence { away: take(fields, "away", Expected::Boolean)? }),
            "typing" => Ok(Self::Typing { topic: take_topic(fields)? }),
            "publish" => {
                let (topic, id, data) = take_publish(fields)?;
                Ok(Self::Publish { topic, id, data })
            }
            "ping" => Ok(Self::Ping),
            _ => Err(Refusal::ActionUnknown),
        }
    }
}

impl Action {
    fn take_amendment(
        fields: &mut Fields<'_>,
        amendment: impl FnOnce(&mut Fields<'_>) -> Result<Amendment, Refusal>,
    ) -> Result<Self, Refusal> {
        Ok(Self::Amend {
            topic: take_topic(fields)?,
            id: take_id(fields)?
                .ok_or(Refusal::FieldMissing { field: "id".into(), wants: Expected::SendId })?,
            target: take(fields, "target", Expected::Seq)?,
            amendment: amendment(fields)?,
        })
    }
}

fn cursor_value(cursor: Cursor) -> Value {
    serde_json::json!({ "epoch": cursor.epoch, "seq": cursor.seq })
}
