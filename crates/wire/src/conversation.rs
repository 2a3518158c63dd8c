//! Conversations: groups and directs.

use crate::id::{GroupId, UserId};

/// A group or a direct: it has members and a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversation {
    /// A group, which users join and leave.
    Group(GroupId),
    /// A direct between two users; its members never change.
    Direct(Pair),
}

/// The two people of a direct. There is one direct for each pair, and it is there before anything is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    low: UserId,
    high: UserId,
}

impl Conversation {
    /// The path of its page, as somebody with a seat in it would open it.
    #[must_use]
    pub fn path(self, me: UserId) -> String {
        match self {
            Self::Group(id) => format!("/g/{id}"),
            Self::Direct(pair) => format!("/d/{}", pair.other(me)),
        }
    }
}

impl Pair {
    /// Two people in whatever order; none if they are one.
    #[must_use]
    pub fn of(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self { low: one.min(other), high: one.max(other) })
    }

    /// Both, in the order their topic names them.
    #[must_use]
    pub const fn people(self) -> [UserId; 2] {
        [self.low, self.high]
    }

    /// Returns true if a user is one of them.
    #[must_use]
    pub fn has(self, user: UserId) -> bool {
        user == self.low || user == self.high
    }

    /// The other one.
    #[must_use]
    pub fn other(self, me: UserId) -> UserId {
        if me == self.low { self.high } else { self.low }
    }

    /// Reads the part of a topic after `direct/`: two ids in order, with a dash between them.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (low, high) = text.split_once('-')?;
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        (low < high).then_some(Self { low, high })
    }
}
