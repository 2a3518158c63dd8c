//! A message as search sees it: in the log of its conversation, or a copy in the own log of a reader.

use wire::{Conversation, Entry, Event, Json, Person, RichText, Seq, Timestamp, TopicKind, UserId};

use crate::ports::store::event_of;

/// A message that may be found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedMessage {
    /// The conversation that it is in.
    pub conversation: Conversation,
    /// Its place in the log of the conversation.
    pub seq: Seq,
    /// The user in whose own log it is found, if only some members can read it.
    pub reader: Option<UserId>,
    /// The user who wrote it.
    pub author: Person,
    /// True if that is the bot of an incoming webhook.
    pub is_bot: bool,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// Its text.
    pub body: RichText,
}

impl SearchedMessage {
    /// Reads an entry; none if it is no message, or a message that is deleted.
    #[must_use]
    pub fn of(entry: &Entry<Json>) -> Option<Self> {
        let (topic, seq, reader) = match (entry.topic.kind(), event_of(&entry.data)) {
            (TopicKind::User(reader), Event::RestrictedMessage { topic, seq, .. }) => {
                (topic, seq, Some(reader))
            }
            _ => (entry.topic.clone(), entry.seq, None),
        };
        let Event::Message { author, body, bot: is_bot, .. } = event_of(&entry.data).carried() else {
            return None;
        };
        let conversation = topic.conversation()?;
        Some(Self { conversation, seq, reader, author, is_bot, at: entry.timestamp, body })
    }
}
