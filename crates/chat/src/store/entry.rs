use wire::{Entry, Json, SendId, Seq, Timestamp, Topic, UserId};

use super::{Right, Version};

/// An entry before it has its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The log it goes to.
    pub topic: Topic,
    /// Who sends it: the scope of its id.
    pub sender: Sender,
    /// The sender's id for it.
    pub id: SendId,
    /// What the sender meant, as a hash: a repeat has the same, whatever else changed meanwhile.
    pub body: BodyHash,
    /// What the entry carries.
    pub data: Json,
    /// When it was taken.
    pub at: Timestamp,
    /// The right it needs; checked inside the commit, so that nobody posts after their leave, or after they
    /// were muted, was committed.
    pub right: Option<Right>,
    /// The place of an earlier entry of the same log that this one is about: what it answers or changes.
    pub about: Option<Seq>,
    /// Whether it counts as unread for everyone but its sender: a message does, a notice does not.
    pub counts: bool,
    /// Whom it mentions.
    pub mentions: Mentions,
}

/// An entry that was sent with an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentBefore {
    /// Its log.
    pub topic: Topic,
    /// Its place.
    pub seq: Seq,
    /// What its sender meant.
    pub body: BodyHash,
    /// When it was taken.
    pub at: Timestamp,
}

/// Whom an entry mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// By name.
    pub people: Vec<UserId>,
    /// Whether it mentions every member.
    pub everyone: bool,
}

/// A change of an entry that is kept, decided on the [`Kept`] that had `version`.
#[derive(Clone, Debug, PartialEq)]
pub struct Amend {
    /// The place of the entry, in the log of `news`.
    pub target: Seq,
    /// The version that was looked at.
    pub version: Version,
    /// What the entry carries from now on.
    pub data: Json,
    /// Whether it is pinned from now on.
    pub pinned: bool,
    /// Whether it still counts as unread.
    pub counts: bool,
    /// Whom it mentions from now on.
    pub mentions: Mentions,
    /// Other entries of the same log, and what they carry from now on.
    pub others: Vec<(Seq, Json)>,
    /// What is told of it.
    pub news: Draft,
}

/// An entry that is kept, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The entry.
    pub entry: Entry<Json>,
    /// Counts its changes.
    pub version: Version,
    /// Whom it mentions.
    pub mentions: Mentions,
}

/// Who an entry is from: the scope in which a [`SendId`] is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A user.
    User(UserId),
    /// Callers of open topics; they share one scope.
    Open,
}

/// The first 128 bits of the SHA-256 of what a sender meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash(pub [u8; 16]);

/// Which entries a [`Page`] shall have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Only entries after this place; then the page begins at the oldest of them.
    pub after: Option<Seq>,
    /// Only entries before this place. Without `after` the page ends at the newest of them.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: usize,
}

impl Mentions {
    /// Whether it mentions somebody.
    #[must_use]
    pub fn has(&self, user: UserId) -> bool {
        self.everyone || self.people.contains(&user)
    }
}
