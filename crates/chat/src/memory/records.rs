//! Records of the store in memory: what the store on disk has in the rows of a table.

use std::collections::HashMap;

use bytes::Bytes;
use wire::{
    AppRole, Description, Invite, Member, NotificationLevel, Person, Seq, Settings, Timestamp, UserId,
};

use crate::ports::store::{PasswordHash, Version};

/// The bounds of the history that a volatile store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The most entries of one log.
    pub entries: usize,
    /// The most bytes of all entries together. Beyond it the application with the most bytes loses entries: the oldest
    /// of the log that was written to longest ago.
    pub bytes: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { entries: 2_048, bytes: 256 * 1024 * 1024 }
    }
}

/// A session.
#[derive(Clone)]
pub(super) struct StoredSession {
    pub(super) user: UserId,
    pub(super) label: String,
    pub(super) since: Timestamp,
    pub(super) seen: Timestamp,
    /// True if it began by a link.
    pub(super) is_linked: bool,
}

/// A link that signs a user in.
#[derive(Clone)]
pub(super) struct StoredLink {
    pub(super) user: UserId,
    pub(super) created: Timestamp,
    pub(super) until: Timestamp,
}

/// An account.
#[derive(Clone)]
pub(super) struct StoredAccount {
    pub(super) password: PasswordHash,
    pub(super) role: AppRole,
}

/// The account that a reset token is for, with its creator and its expiry.
#[derive(Clone)]
pub(super) struct StoredReset {
    pub(super) user: UserId,
    pub(super) by: Option<UserId>,
    pub(super) until: Timestamp,
}

/// A user's profile.
#[derive(Clone)]
pub(super) struct StoredProfile {
    pub(super) since: Timestamp,
    pub(super) bio: Description,
    pub(super) picture: Option<Bytes>,
}

/// A member's own state of a conversation.
#[derive(Clone, Copy)]
pub(super) struct MemberView {
    /// The time of creation.
    pub(super) since: Timestamp,
    /// The head of the log when they joined.
    pub(super) joined: Seq,
    /// Their read mark.
    pub(super) read: Seq,
    /// Their read state as others see it: delivered and read.
    pub(super) delivered: Seq,
    pub(super) seen: Seq,
    pub(super) notify: NotificationLevel,
    pub(super) hidden: bool,
}

impl Default for MemberView {
    fn default() -> Self {
        Self {
            since: Timestamp(0),
            joined: Seq::ZERO,
            read: Seq::ZERO,
            delivered: Seq::ZERO,
            seen: Seq::ZERO,
            notify: NotificationLevel::default(),
            hidden: false,
        }
    }
}

/// A group, with its members and their state.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) settings: Settings,
    pub(super) members: Vec<Member>,
    pub(super) bans: Vec<Person>,
    pub(super) invites: Vec<Invite>,
    /// The time of each member's last message, if slow mode has recorded it.
    pub(super) spoke: HashMap<UserId, Timestamp>,
    /// The user who added each member, for members who were added.
    pub(super) given: HashMap<UserId, UserId>,
    /// Each member's own state of it.
    pub(super) views: HashMap<UserId, MemberView>,
    pub(super) version: Version,
}
