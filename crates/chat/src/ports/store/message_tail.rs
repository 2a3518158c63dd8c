//! The tail of messages: what the search index follows.

use wire::{AuditEvent, Entry, GroupId, Json, LogKey, Topic, TopicKind};

use crate::ports::position::Position;

/// The messages that were sent, edited or deleted after a position, in the order in which that was committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageTail {
    /// Each message as it is now. One that was changed again is there again.
    pub messages: Vec<TailedMessage>,
    /// Groups that were deleted, by their logs.
    pub deleted_logs: Vec<LogKey>,
    /// Logs that were trimmed, each with the position of the newest entry that it has lost.
    pub trimmed: Vec<(LogKey, Position)>,
    /// The position of the last entry or trim that was read; the position that was asked for if there is none after it.
    pub position: Position,
    /// The position of the newest entry or trim of the store.
    pub head: Position,
}

/// A message, or the tombstone of one.
#[derive(Clone, Debug, PartialEq)]
pub struct TailedMessage {
    /// The position of the message itself, not that of its change.
    pub position: Position,
    /// The log that it is in.
    pub log: LogKey,
    /// The entry as it is now.
    pub entry: Entry<Json>,
}

/// Returns the group that an entry says is deleted: every deletion is in the audit log of the application.
#[must_use]
pub fn deleted_group(topic: &Topic, data: &Json) -> Option<GroupId> {
    if !matches!(topic.kind(), TopicKind::AppAudit) {
        return None;
    }
    match serde_json::from_str(data.as_str()) {
        Ok(AuditEvent::GroupDeleted { group, .. }) => Some(group.id),
        _ => None,
    }
}
