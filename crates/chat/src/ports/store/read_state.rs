//! Read states in the store: the marks of members, and the receipts that move with them.

use wire::{Conversation, ReadState, Seq, UserId};

use super::MovedReceipt;

/// The most receipts that one mark tells of when it moves; authors who miss one can ask.
pub const MOVED_RECEIPTS: usize = 256;

/// A change of how far users have read, or have got, what was sent to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadStateWrite {
    /// Mark a conversation as read and delivered up to a Seq. Nothing happens without a
    /// membership.
    SetRead {
        /// The group or direct that was read.
        conversation: Conversation,
        /// The member who read it.
        user: UserId,
        /// The last Seq that they have read.
        seq: Seq,
        /// True if their own read mark may go back; the part of it that others see never does.
        back: bool,
    },
    /// Mark conversations as delivered up to a Seq. Nothing happens without a membership, nor
    /// if the read state is already there or past it.
    SetDelivered {
        /// The conversation, the member, and the Seq.
        marks: Vec<(Conversation, UserId, Seq)>,
    },
    /// Mark the own logs of users as delivered up to a Seq.
    SetOwnDelivered {
        /// The user, and the Seq.
        marks: Vec<(UserId, Seq)>,
    },
}

/// The outcome of a [`ReadStateWrite`]: what others may now see of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadStateOutcome {
    /// The read states that advanced as [delivered](ReadStateWrite::SetDelivered), by conversation, but those in
    /// directs in which one user has blocked the other.
    pub states: Vec<(Conversation, ReadState)>,
    /// The receipts of restricted messages that have moved with the marks, the newest ones of each mark up to
    /// [`MOVED_RECEIPTS`].
    pub receipts: Vec<MovedReceipt>,
}
