use wire::{
    Conversation, ConversationItem, NotificationLevel, ReadState, Refusal, Role, Seq, Timestamp, UserId,
};

use crate::rules;

/// The right to say or change something in a conversation. The store reads the [`MembershipState`] it stands on inside the
/// commit and asks [`Permission::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Where.
    pub conversation: Conversation,
    /// Who.
    pub user: UserId,
    /// To do what.
    pub to: PermissionTo,
    /// When, by the clock of lengths: what mutes and slow mode are measured by.
    pub now: Timestamp,
}

/// What somebody needs the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionTo {
    /// Say something new: [`rules::may_speak`](crate::rules::may_speak). Slow mode watches it.
    Speak,
    /// Change or react to what was said: [`rules::may_amend`](crate::rules::may_amend).
    Amend,
}

/// How a user stands in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MembershipState {
    /// What they may do; none without a seat.
    pub role: Option<Role>,
    /// Until when an admin has taken the word from them.
    pub muted_until: Option<Timestamp>,
    /// When they spoke last, as far as slow mode has watched.
    pub spoke_at: Option<Timestamp>,
    /// Whether the group is archived.
    pub archived: bool,
    /// Whether only admins write.
    pub announcing: bool,
    /// The pause of slow mode, in seconds.
    pub slow_s: u32,
    /// How far they have read; a new seat begins at the end of the log.
    pub read: Seq,
    /// Up to which place a device of theirs has it, as others see it.
    pub delivered: Seq,
    /// Up to which place they have ever read it, as others see it.
    pub seen: Seq,
    /// What the user wants to be told of.
    pub notify: NotificationLevel,
    /// Whether the user has hidden it.
    pub hidden: bool,
    /// Whether one of the two of a direct has blocked the other.
    pub blocked: bool,
    /// Whether it is the user who has.
    pub blocks: bool,
    /// Whether it is among the user's [`Conversations`].
    pub listed: bool,
}

/// What somebody has not read in a conversation, each counted up to [`MAX_UNREAD`](wire::limits::MAX_UNREAD).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many messages of others.
    pub messages: u32,
    /// How many of them mention the user; in a direct all do.
    pub mentions: u32,
}

/// The conversations of one user.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversations {
    /// Each with what is new in it, the one with the newest entry first.
    pub mine: Vec<ConversationItem>,
    /// Whether there are more.
    pub more: bool,
    /// The head of the user's own log when this was read.
    pub head: Seq,
}

impl MembershipState {
    /// How far the log has come to a user who stands like this.
    #[must_use]
    pub const fn marks(&self, user: UserId) -> ReadState {
        ReadState { user, delivered: self.delivered, read: self.seen }
    }
}

impl Permission {
    /// Asks the rule whether somebody who stands like this has the right.
    ///
    /// # Errors
    /// Those of the rule.
    pub fn check(&self, standing: Option<&MembershipState>) -> Result<(), Refusal> {
        match self.to {
            PermissionTo::Speak => rules::may_speak(standing, self.now),
            PermissionTo::Amend => rules::may_amend(standing, self.now),
        }
    }

    /// Whether slow mode notes when this was.
    #[must_use]
    pub fn is_watched(&self, standing: Option<&MembershipState>) -> bool {
        self.to == PermissionTo::Speak && standing.is_some_and(|standing| standing.slow_s > 0)
    }
}
