//! Outgoing webhooks of applications: URLs to which their events are posted.

use wire::{Json, Timestamp, Topic, WebhookId};

use super::Version;
use crate::names::HookName;
use crate::ports::position::Position;

/// The most deliveries of a webhook that go on at once.
pub const DELIVERIES_AT_ONCE: usize = 2;

/// An outgoing webhook: a URL to which the events of an application are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id, which another one of the same name does not have.
    pub id: WebhookId,
    /// Its name in URLs of the API, unique in the application.
    pub name: HookName,
    /// The URL to which its events are posted.
    pub url: String,
    /// The types of events that it gets; all if there are none.
    pub events: Vec<WebhookEvent>,
    /// The conversations whose events it gets; all if there are none.
    pub conversations: Vec<WebhookConversation>,
    /// Its state.
    pub state: WebhookState,
    /// The version of its secret, from 1.
    pub key_version: u32,
    /// The time until which deliveries are signed with the previous secret as well.
    pub previous_key_until: Option<Timestamp>,
    /// The position up to which its deliveries are planned. The store sets it to the present when the webhook is added.
    pub position: Position,
    /// The time of the first failed attempt since the last one that succeeded.
    pub failing_since: Option<Timestamp>,
    /// The time at which it was created.
    pub created: Timestamp,
    /// Increases with every change other than those of its position and its deliveries.
    pub version: Version,
}

/// A conversation to which a webhook is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConversation {
    /// The name by which the application gave it.
    pub name: String,
    /// Its log.
    pub topic: Topic,
}

/// The state of a webhook. Only an active one gets events; the others keep their position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookState {
    /// It gets events.
    Active,
    /// Its owner has switched it off.
    Off,
    /// Its URL has answered that it is gone, with 410.
    Gone,
    /// Its deliveries have failed for five days.
    Failing,
}

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WebhookEvent {
    /// Somebody sent a message.
    MessageCreated,
    /// Its author edited a message.
    MessageEdited,
    /// A message was deleted.
    MessageDeleted,
    /// Somebody reacted to a message, or took that back.
    MessageReacted,
    /// A message was pinned, or no longer is.
    MessagePinned,
    /// Somebody is a new member.
    MemberJoined,
    /// Somebody left.
    MemberLeft,
    /// Somebody was removed.
    MemberRemoved,
    /// The role or the mute of a member has changed.
    MemberChanged,
    /// There is a new conversation.
    ConversationCreated,
    /// A setting of a conversation has changed.
    ConversationChanged,
    /// A conversation was deleted.
    ConversationDeleted,
}

impl WebhookState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Active, Self::Off, Self::Gone, Self::Failing];

    /// Returns the name, as the store has it and the API shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Off => "off",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Returns the state with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl WebhookEvent {
    /// All types.
    pub const ALL: [Self; 12] = [
        Self::MessageCreated,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::MessageReacted,
        Self::MessagePinned,
        Self::MemberJoined,
        Self::MemberLeft,
        Self::MemberRemoved,
        Self::MemberChanged,
        Self::ConversationCreated,
        Self::ConversationChanged,
        Self::ConversationDeleted,
    ];

    /// Returns the name of the type, as receivers see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageCreated => "message.created",
            Self::MessageEdited => "message.edited",
            Self::MessageDeleted => "message.deleted",
            Self::MessageReacted => "message.reacted",
            Self::MessagePinned => "message.pinned",
            Self::MemberJoined => "member.joined",
            Self::MemberLeft => "member.left",
            Self::MemberRemoved => "member.removed",
            Self::MemberChanged => "member.changed",
            Self::ConversationCreated => "conversation.created",
            Self::ConversationChanged => "conversation.changed",
            Self::ConversationDeleted => "conversation.deleted",
        }
    }

    /// Returns the type with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

impl Webhook {
    /// Returns the beginning that the lanes of its deliveries have in common.
    #[must_use]
    pub fn lanes(id: WebhookId) -> String {
        format!("webhook/{id}/")
    }

    /// Returns the text after the last lane of its deliveries.
    #[must_use]
    pub fn after_lanes(id: WebhookId) -> String {
        format!("webhook/{id}0")
    }

    /// Returns its events as the store has them.
    #[must_use]
    pub fn events_json(&self) -> Json {
        Json::of(&self.events.iter().map(|event| event.as_str()).collect::<Vec<_>>())
    }

    /// Reads its events; none if the text is something else.
    #[must_use]
    pub fn parse_events(text: &str) -> Option<Vec<WebhookEvent>> {
        let names: Vec<String> = serde_json::from_str(text).ok()?;
        names.iter().map(|name| WebhookEvent::parse(name)).collect()
    }

    /// Returns its conversations as the store has them.
    #[must_use]
    pub fn conversations_json(&self) -> Json {
        let all = self.conversations.iter().map(|one| (one.name.as_str(), one.topic.as_str()));
        Json::of(&all.collect::<Vec<_>>())
    }

    /// Reads its conversations; none if the text is something else.
    #[must_use]
    pub fn parse_conversations(text: &str) -> Option<Vec<WebhookConversation>> {
        let all: Vec<(String, Topic)> = serde_json::from_str(text).ok()?;
        Some(all.into_iter().map(|(name, topic)| WebhookConversation { name, topic }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_and_states_read_back() {
        for event in WebhookEvent::ALL {
            assert_eq!(WebhookEvent::parse(event.as_str()), Some(event));
        }
        for state in WebhookState::ALL {
            assert_eq!(WebhookState::parse(state.as_str()), Some(state));
        }
        assert_eq!((WebhookEvent::parse("message"), WebhookState::parse("")), (None, None));
    }
}
