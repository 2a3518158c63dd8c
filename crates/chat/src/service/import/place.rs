//! A conversation of the archive, as it is here.

use wire::{Conversation, Member, Person, Timestamp};

/// A conversation of the archive, as it is here.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) conversation: Conversation,
    /// The members whom a text may mention.
    pub(super) members: Vec<Member>,
    /// The time of its newest entry.
    pub(super) last_at: Timestamp,
    /// True if it was there before this attempt, so that messages may be there already.
    pub(super) is_old: bool,
    /// The two users of a direct, until it has its first message.
    pub(super) unlisted: Option<[Person; 2]>,
}
