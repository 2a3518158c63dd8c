//! Topics: the names of logs, and the keys of logs.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::conversation::{Conversation, Pair};
use crate::id::{ApplicationId, GroupId, UserId};
use crate::limits::TOPIC_BYTES;
use crate::refusal::Refusal;

/// The name of a log: a conversation's, a user's own, or any that an application chooses.
/// 1 to 128 bytes without white space or control characters; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<str>);

/// The key of a log: two applications may have topics of the same name. On the wire a topic is its name alone, since a
/// connection belongs to one application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey {
    /// The application that the log belongs to.
    pub application: ApplicationId,
    /// The name of the log in that application.
    pub topic: Topic,
}

impl LogKey {
    /// The key of an application's topic.
    #[must_use]
    pub const fn new(application: ApplicationId, topic: Topic) -> Self {
        Self { application, topic }
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of application {}", self.topic, self.application)
    }
}

/// The kind of a topic, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKind {
    /// `group/<id>`: a group's log; a seat is required.
    Group(GroupId),
    /// `direct/<id>-<id>`: a direct's log, the lower id first; for its two people.
    Direct(Pair),
    /// `user/<id>`: one user's own news; only theirs.
    User(UserId),
    /// `audit/<group>`: who did what to a group; for its admins.
    Audit(GroupId),
    /// `audit/application`: who did what to accounts and sessions; for admins of the application.
    AppAudit,
    /// A name under `group/`, `direct/`, `user/` or `audit/` that nothing can have.
    Reserved,
    /// A name an application chose.
    Open,
}

impl Topic {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Refusal::TopicBad`] if it is empty, too long, or has white space or control characters.
    pub fn new(name: &str) -> Result<Self, Refusal> {
        let fits = !name.is_empty() && name.len() <= TOPIC_BYTES;
        if !fits || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Refusal::TopicBad);
        }
        Ok(Self(name.into()))
    }

    /// A group's topic.
    #[must_use]
    pub fn group(id: GroupId) -> Self {
        Self(format!("group/{id}").into())
    }

    /// A direct's topic.
    #[must_use]
    pub fn direct(pair: Pair) -> Self {
        let [low, high] = pair.people();
        Self(format!("direct/{low}-{high}").into())
    }

    /// A conversation's topic.
    #[must_use]
    pub fn of(conversation: Conversation) -> Self {
        match conversation {
            Conversation::Group(id) => Self::group(id),
            Conversation::Direct(pair) => Self::direct(pair),
        }
    }

    /// The conversation whose log it is, if it is one's.
    #[must_use]
    pub fn conversation(&self) -> Option<Conversation> {
        match self.kind() {
            TopicKind::Group(id) => Some(Conversation::Group(id)),
            TopicKind::Direct(pair) => Some(Conversation::Direct(pair)),
            _ => None,
        }
    }

    /// A user's own topic.
    #[must_use]
    pub fn user(id: UserId) -> Self {
        Self(format!("user/{id}").into())
    }

    /// The audit log of a group.
    #[must_use]
    pub fn audit(id: GroupId) -> Self {
        Self(format!("audit/{id}").into())
    }

    /// The audit log of the application.
    #[must_use]
    pub fn app_audit() -> Self {
        Self("audit/application".into())
    }

    /// Returns the kind of the topic.
    #[must_use]
    pub fn kind(&self) -> TopicKind {
        match self.0.split_once('/') {
            Some(("group", id)) => id.parse().map_or(TopicKind::Reserved, TopicKind::Group),
            Some(("user", id)) => id.parse().map_or(TopicKind::Reserved, TopicKind::User),
            Some(("audit", "application")) => TopicKind::AppAudit,
            Some(("audit", id)) => id.parse().map_or(TopicKind::Reserved, TopicKind::Audit),
            Some(("direct", ids)) => Pair::read(ids).map_or(TopicKind::Reserved, TopicKind::Direct),
            _ => TopicKind::Open,
        }
    }

    /// Returns the full name, such as `group/` and the group's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({})", self.0)
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).map_err(|refusal| de::Error::custom(refusal.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_conversation_says_whose_it_is() {
        let group = GroupId::from_bytes([7; 10]);
        assert_eq!(Topic::group(group).kind(), TopicKind::Group(group));
        let (user, other) = (UserId::from_bytes([9; 10]), UserId::from_bytes([3; 10]));
        assert_eq!(Topic::user(user).kind(), TopicKind::User(user));
        let pair = Pair::of(user, other).unwrap();
        assert_eq!(Topic::direct(pair).kind(), TopicKind::Direct(pair));
        assert_eq!(Topic::of(Conversation::Direct(pair)).conversation(), Some(Conversation::Direct(pair)));
        assert_eq!(Pair::of(other, user), Some(pair), "a pair has no order");
        assert_eq!(Pair::of(user, user), None);
        let turned = format!("direct/{user}-{other}");
        assert_eq!(Topic::new(&turned).unwrap().kind(), TopicKind::Reserved, "there is one name only");
    }

    #[test]
    fn nobody_takes_a_reserved_name_for_an_open_topic() {
        assert_eq!(
            Topic::audit(GroupId::from_bytes([7; 10])).kind(),
            TopicKind::Audit(GroupId::from_bytes([7; 10]))
        );
        for name in ["group/", "audit/x", "group/ann", "user/1", "direct/x", "group/0000000000000000/x"] {
            assert_eq!(Topic::new(name).unwrap().kind(), TopicKind::Reserved, "{name}");
        }
        for name in ["group", "notifications", "groups/x", "orders/eu"] {
            assert_eq!(Topic::new(name).unwrap().kind(), TopicKind::Open, "{name}");
        }
    }

    #[test]
    fn a_topic_has_a_visible_name_of_bounded_length() {
        for bad in ["", " ", "two words", "line\nbreak", &"x".repeat(TOPIC_BYTES + 1)] {
            assert_eq!(Topic::new(bad), Err(Refusal::TopicBad), "{bad:?}");
        }
    }
}
