//! A user's membership state in a conversation: permissions depend on it.

use wire::limits::MAX_UNREAD;
use wire::{Conversation, ConversationItem, NotificationLevel, ReadState, Role, Seq, Timestamp, UserId};

use crate::rules::Viewer;

/// The permission to send or change something in a conversation. The store reads the [`MembershipState`] it depends on
/// inside the commit and asks [`Permission::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The group or direct that the action changes.
    pub conversation: Conversation,
    /// The user who wants to act.
    pub user: UserId,
    /// The action to check: to speak, or to amend.
    pub to: PermissionTo,
    /// The time, by the clock of durations: the one that mutes and slow mode are measured by.
    pub now: Timestamp,
}

/// An action that needs a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionTo {
    /// Send a message: [`rules::may_speak`](crate::rules::may_speak). Slow mode limits it.
    Speak,
    /// Amend or react to a message: [`rules::may_amend`](crate::rules::may_amend).
    Amend,
    /// Send or amend as the application, which needs no membership:
    /// [`rules::may_manage`](crate::rules::may_manage).
    Manage,
}

/// A user's membership state in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MembershipState {
    /// Their role; none if they are not a member.
    pub role: Option<Role>,
    /// The end of their mute.
    pub muted_until: Option<Timestamp>,
    /// The time of their last message, if slow mode has recorded it.
    pub spoke_at: Option<Timestamp>,
    /// True if the group is archived.
    pub archived: bool,
    /// True if only admins post.
    pub announcing: bool,
    /// The wait of slow mode, in seconds.
    pub slow_s: u32,
    /// Their read mark; a new membership begins at the end of the log.
    pub read: Seq,
    /// The last Seq delivered to one of their devices, as others see it.
    pub delivered: Seq,
    /// The last Seq they have ever read, as others see it.
    pub seen: Seq,
    /// The user's notification level.
    pub notify: NotificationLevel,
    /// True if the user has hidden it.
    pub hidden: bool,
    /// True if one user of a direct has blocked the other.
    pub blocked: bool,
    /// True if it is this user who has blocked the other.
    pub blocks: bool,
    /// True if it is among the user's [`Conversations`].
    pub listed: bool,
}

/// A user's unread counts in a conversation, each up to [`MAX_UNREAD`](wire::limits::MAX_UNREAD).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The number of messages of others.
    pub messages: u32,
    /// The number of those that mention the user; in a direct all do.
    pub mentions: u32,
}

/// The conversations of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversations {
    /// Each with its unread counts, the one with the newest entry first.
    pub mine: Vec<ConversationItem>,
    /// True if there are more.
    pub more: bool,
    /// The head of the user's own log when this was read.
    pub head: Seq,
}

impl Unread {
    /// Returns the sum of two counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let sum = |one: u32, two: u32| one.saturating_add(two).min(MAX_UNREAD);
        Self { messages: sum(self.messages, other.messages), mentions: sum(self.mentions, other.mentions) }
    }
}

impl MembershipState {
    /// Returns the read state of a user with this membership state.
    #[must_use]
    pub const fn marks(&self, user: UserId) -> ReadState {
        ReadState { user, delivered: self.delivered, read: self.seen }
    }
}

impl Permission {
    /// Returns the role with which a user with this membership state amends messages.
    #[must_use]
    pub fn role(&self, standing: Option<&MembershipState>) -> Option<Role> {
        if self.to == PermissionTo::Manage { Some(Role::Admin) } else { standing?.role }
    }

    /// Returns the reader who acts: what they may read they may change.
    #[must_use]
    pub const fn viewer(&self) -> Viewer {
        match self.to {
            PermissionTo::Manage => Viewer::Application,
            PermissionTo::Speak | PermissionTo::Amend => Viewer::User(self.user),
        }
    }

    /// Returns true if slow mode records the time of the message.
    #[must_use]
    pub fn is_watched(&self, standing: Option<&MembershipState>) -> bool {
        self.to == PermissionTo::Speak && standing.is_some_and(|standing| standing.slow_s > 0)
    }
}
