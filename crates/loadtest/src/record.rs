//! Records: everything a person sent, its outcome, and everything they read, in order.

use tokio::time::Instant;
use wire::{Epoch, ReadState, ResetReason, Seq, UserId};

/// One person's record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The person's name.
    pub name: String,
    /// The person's id, if the checker follows their rights.
    pub user: Option<UserId>,
    /// The notes, in the order in which they happened to the person.
    pub notes: Vec<Note>,
}

/// One note of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A message was sent for the first time.
    Invoke {
        /// The `SendId`, the same in every retry.
        id: String,
        /// The text of the message, or the kind of amendment.
        body: String,
        /// The time before it was sent.
        at: Instant,
    },
    /// A message was acknowledged.
    Ok {
        /// The `SendId` of the acknowledged message.
        id: String,
        /// Its Seq, from the ack.
        seq: Seq,
        /// True if the ack says that it is a duplicate.
        duplicate: bool,
    },
    /// A message was refused, without a retry. Not noted of a message that was sent before: that may be in the log.
    Refused {
        /// The `SendId` of the refused message.
        id: String,
    },
    /// A subscription is active.
    Subscribed {
        /// The epoch of the log.
        epoch: Epoch,
        /// The Seq after which live delivery begins.
        seq: Seq,
        /// The head of the log at this moment.
        head: Seq,
    },
    /// A socket was opened.
    Opened {
        /// The number of the session, of those that the person has had.
        session: usize,
    },
    /// The socket has ended.
    Closed {
        /// The time at which the person noticed it.
        at: Instant,
    },
    /// The server answered that a session has ended. Its place among the notes has no meaning.
    SignedOut {
        /// The number of the session.
        session: usize,
        /// The time after the answer.
        at: Instant,
    },
    /// An entry was read.
    Read(Line),
    /// A reset: the entries up to this Seq will not be delivered.
    Reset {
        /// The reason that the gap is not replayed.
        reason: ResetReason,
        /// The Seq after which delivery continues.
        seq: Seq,
    },
    /// History returned the gap of the oldest reset without such a note.
    Refilled {
        /// The entries, in the order of arrival.
        lines: Vec<Line>,
    },
    /// Somebody's read state was received.
    Marks(ReadState),
    /// The membership ended.
    Left {
        /// The Seq of the entry that ended it.
        seq: Seq,
    },
}

/// One entry of the log, as a person read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The Seq at which it was read.
    pub seq: Seq,
    /// The `SendId` that its sender chose.
    pub id: String,
    /// The text, if it is a message.
    pub body: Option<String>,
    /// The membership that it begins or ends.
    pub membership: Option<MembershipChange>,
}

/// A change of somebody's membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipChange {
    /// The user who is a member from here on, or is none.
    pub user: UserId,
    /// True if they are a member.
    pub is_member: bool,
}
