//! Restricted messages: the placeholder in the log of a group, the copies in the logs of its readers, and the content,
//! which is apart from both.

use broker::Ends;
use wire::{Entry, Event, Json, SendId, Seq, Topic, TopicKind, UserId};

use super::{BodyHash, Draft, Mentions, Sender};
use crate::rules::Audience;

/// A message for some members of a group, before it has its Seq.
/// [`LogWrite::PostRestricted`](super::LogWrite::PostRestricted) appends a placeholder to the log of the group, and a
/// copy to the log of its author and of each recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct RestrictedDraft {
    /// The message, for the log of the group. Its data is the content, which that log does not get.
    pub draft: Draft,
    /// The readers besides the author.
    pub recipients: Recipients,
}

/// The recipients of a restricted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// The author has chosen them: they are members of the group when the message is committed, or it is refused.
    Chosen(Vec<UserId>),
    /// They are the readers of the message that it answers: those who are no longer members are left out.
    Inherited(Vec<UserId>),
}

/// A restricted message as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Restricted {
    /// The entry, in the place of its placeholder, with the author's id and the content.
    pub entry: Entry<Json>,
    /// The users whom it mentions.
    pub mentions: Mentions,
    /// The users who may read it, the author first.
    pub audience: Audience,
}

/// A recipient of somebody's restricted message whose marks have moved over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedReceipt {
    /// The author of the message.
    pub author: UserId,
    /// The group, and the place of the message in its log.
    pub topic: Topic,
    /// The Seq of the message.
    pub seq: Seq,
    /// The state that the recipient has reached.
    pub receipt: wire::Receipt,
}

/// A copy as it is stored: it points to the message, so that edits and deletions show everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyPointer {
    /// The group.
    pub topic: Topic,
    /// The place of the message in its log.
    pub seq: Seq,
    /// The author's id for the message.
    pub id: SendId,
}

/// The beginning of the data of every copy.
const POINTER: &str = r#"{"type":"restricted_message","#;

impl Recipients {
    /// Returns the users.
    #[must_use]
    pub fn users(&self) -> &[UserId] {
        match self {
            Self::Chosen(users) | Self::Inherited(users) => users,
        }
    }
}

/// Returns the placeholder of a message at a Seq of the log of its group. It tells nothing of the message.
#[must_use]
pub fn placeholder(draft: &Draft, seq: Seq) -> Draft {
    Draft {
        topic: draft.topic.clone(),
        sender: Sender::Server,
        id: placeholder_id(&draft.topic, seq, None),
        body: BodyHash([0; 16]),
        data: Json::of(&Event::Restricted),
        at: draft.at,
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    }
}

/// Returns the copy of a message for one of its readers. `about` is the place, in the reader's log, of the copy of the
/// message that it answers or changes. The copy of the author has the author's id: it makes a retry the same message.
#[must_use]
pub fn copy(draft: &Draft, seq: Seq, reader: UserId, about: Option<Seq>) -> Draft {
    let is_author = draft.sender == Sender::User(reader);
    let pointer = CopyPointer { topic: draft.topic.clone(), seq, id: draft.id.clone() };
    Draft {
        topic: Topic::user(reader),
        sender: if is_author { draft.sender } else { Sender::Server },
        id: if is_author { draft.id.clone() } else { placeholder_id(&draft.topic, seq, Some(reader)) },
        body: draft.body,
        data: pointer.filled(None),
        about,
        ..placeholder(draft, seq)
    }
}

/// Returns true if the data of an entry of a conversation is a placeholder.
#[must_use]
pub fn is_placeholder(data: &Json) -> bool {
    data.as_str() == r#"{"type":"restricted"}"#
}

impl CopyPointer {
    /// Reads the data of an entry; none if it is no copy in a user's own log.
    #[must_use]
    pub fn of(topic: &Topic, data: &Json) -> Option<(UserId, Self)> {
        let TopicKind::User(user) = topic.kind() else { return None };
        if !data.as_str().starts_with(POINTER) {
            return None;
        }
        match super::event_of(data) {
            Event::RestrictedMessage { topic, seq, id, .. } => Some((user, Self { topic, seq, id })),
            _ => None,
        }
    }

    /// Returns the data of the copy as its reader gets it, with the message as it is now; none if it is no longer kept,
    /// or no longer theirs to read.
    #[must_use]
    pub fn filled(&self, message: Option<&Json>) -> Json {
        let Self { topic, seq, id } = self.clone();
        let message = message.map(|message| Box::new(super::event_of(message)));
        Json::of(&Event::RestrictedMessage { topic, seq, id, message })
    }
}

fn placeholder_id(topic: &Topic, seq: Seq, reader: Option<UserId>) -> SendId {
    let text = match reader {
        None => format!("~{topic}#{seq}"),
        Some(reader) => format!("~{topic}#{seq}@{reader}"),
    };
    // A group's topic and two numbers are always visible ASCII, and short.
    SendId::stored(&text).unwrap_or_else(|_| SendId::from_bytes([0; 10]))
}

#[cfg(test)]
mod tests {
    use wire::{GroupId, RichText, Timestamp};

    use super::*;
    use crate::ports::store::Ends;
    use crate::testing::{ann, ben};

    fn draft() -> Draft {
        let event = Event::message(ann(), "Für 李雷".into(), RichText::plain("Für 李雷"), None);
        Draft {
            topic: Topic::group(GroupId::from_bytes([9; 10])),
            sender: Sender::User(ann().id),
            id: SendId::new("x1").unwrap(),
            body: BodyHash([7; 16]),
            data: Json::of(&event),
            at: Timestamp(5),
            right: None,
            about: None,
            counts: true,
            is_row: true,
            mentions: Mentions { people: vec![ben().id], everyone: false },
            ends: Ends::Nobody,
        }
    }

    #[test]
    fn a_placeholder_tells_nothing_of_the_message() {
        let placeholder = placeholder(&draft(), Seq(3));
        assert!(is_placeholder(&placeholder.data));
        assert!(!is_placeholder(&draft().data));
        assert_eq!(placeholder.id.as_str(), format!("~{}#3", draft().topic));
        assert_eq!(placeholder.sender, Sender::Server);
        assert_eq!((placeholder.counts, placeholder.is_row), (false, false));
        assert_eq!(placeholder.mentions, Mentions::default());
    }

    #[test]
    fn a_copy_points_to_the_message_and_is_filled_when_it_is_read() {
        let (own, bens) =
            (copy(&draft(), Seq(3), ann().id, None), copy(&draft(), Seq(3), ben().id, Some(Seq(8))));
        assert_eq!(
            (own.sender, own.id.as_str(), own.body),
            (Sender::User(ann().id), "x1", BodyHash([7; 16]))
        );
        assert_eq!((bens.sender, bens.about), (Sender::Server, Some(Seq(8))));
        assert_ne!(own.id, bens.id);
        let (reader, pointer) = CopyPointer::of(&bens.topic, &bens.data).unwrap();
        assert_eq!((reader, pointer.seq, pointer.id.as_str()), (ben().id, Seq(3), "x1"));
        let message = |json: Json| match super::super::event_of(&json) {
            Event::RestrictedMessage { message, .. } => message.map(|event| *event),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(pointer.filled(Some(&draft().data))), Some(super::super::event_of(&draft().data)));
        assert_eq!(message(pointer.filled(None)), None);
        assert_eq!(message(bens.data.clone()), None, "what is stored has no content");
        assert!(CopyPointer::of(&draft().topic, &bens.data).is_none(), "only in a user's own log");
    }
}
