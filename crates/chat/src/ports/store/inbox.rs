//! The inbox of a user: the entries of all their logs, in the order in which they were committed.

use wire::{Conversation, Entry, Json, Seq, Topic, UserId};

use crate::ports::position::Position;

/// A part of a user's inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxRequest {
    /// The user.
    pub user: UserId,
    /// Only entries after this position.
    pub after: Position,
    /// The most entries.
    pub limit: usize,
    /// The most bytes of data together; at least one entry is returned.
    pub bytes: usize,
}

/// Entries of the user's own log, of the groups that they are in, each from the moment they joined, and of their
/// directs, all as of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InboxPage {
    /// The entries, in the order in which they were committed.
    pub entries: Vec<Entry<Json>>,
    /// The position of each entry: a page after it begins with the next one.
    pub positions: Vec<Position>,
    /// The position up to which the user has everything with this page.
    pub position: Position,
    /// The position of the newest entry of the inbox; the one that was asked for if there is none after it.
    pub head: Position,
    /// True if there are more.
    pub more: bool,
    /// The logs that have lost entries between the two positions.
    pub trimmed: Vec<Topic>,
    /// The conversations whose entries up to a Seq are at or before the position that was asked for, if the user's
    /// delivered mark is behind it.
    pub delivered: Vec<(Conversation, Seq)>,
    /// The same for the user's own log.
    pub own_delivered: Option<Seq>,
}
