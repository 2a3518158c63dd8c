//! Findings of the checker: violations of a promise that the server made.

use std::fmt;

use serde::{Serialize, Serializer};
use wire::ReadState;

/// A violation of one promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An acknowledged message is not in the log.
    Lost {
        /// The `SendId` of the message that is missing.
        id: String,
    },
    /// A message in the log, or read by somebody, was never sent, or was refused.
    Phantom {
        /// The `SendId` of the message that should not exist.
        id: String,
    },
    /// Two readers, or a reader and the log, have different entries at one Seq.
    TwoBodies {
        /// The Seq at which the entries differ.
        seq: u64,
        /// The reader that differs.
        reader: String,
    },
    /// A message is in the log twice.
    TwoPlaces {
        /// The `SendId` of the message that is there twice.
        id: String,
    },
    /// The ack named another Seq than the message has.
    WrongPlace {
        /// The `SendId` of the message whose ack was wrong.
        id: String,
        /// The Seq in the ack.
        acked: u64,
    },
    /// A message precedes one that its sender had already been acknowledged.
    Inverted {
        /// The message that was sent first.
        first: String,
        /// The message that was sent later, but precedes it.
        second: String,
    },
    /// The Seqs of the log are not 1, 2, 3, and so on.
    LogGap {
        /// The expected Seq.
        expected: u64,
        /// The Seq in the log.
        found: u64,
    },
    /// A reader missed entries without a reset.
    Gap {
        /// The name of the reader that missed entries.
        reader: String,
        /// The last Seq before the gap.
        after: u64,
        /// The next Seq that was read.
        found: u64,
    },
    /// A reader got an entry twice.
    Repeat {
        /// The name of the reader that got the entry again.
        reader: String,
        /// The Seq of the entry.
        seq: u64,
    },
    /// A reader was reset without a reason.
    ResetWithoutCause {
        /// The name of the reader that was reset.
        reader: String,
        /// The Seq to which the reset moved the cursor.
        seq: u64,
    },
    /// History does not have exactly the entries that a reset promised.
    Unfilled {
        /// The name of the reader whose gap history did not fill.
        reader: String,
        /// The last Seq before the gap.
        after: u64,
        /// The last Seq in the gap.
        until: u64,
    },
    /// A reader got an entry that was committed after their membership ended.
    AfterLeaving {
        /// The name of the reader that was no longer a member.
        reader: String,
        /// The Seq of the entry.
        seq: u64,
    },
    /// A reader got an entry, or a subscription, that is later than the end of their session.
    AfterSignOut {
        /// The name of the reader whose session had ended.
        reader: String,
        /// The Seq of the entry, or of the head of the subscription.
        seq: u64,
    },
    /// A member who was removed got a page of history.
    PageByNonMember {
        /// The removed member.
        reader: String,
    },
    /// A reader could subscribe, or read a page, without being a member.
    ReadByNonMember {
        /// The name of the reader.
        reader: String,
        /// The head of the log at that moment; 0 for a page.
        head: u64,
    },
    /// A message stands in the log where its sender was no member.
    SentByNonMember {
        /// The `SendId` of the message.
        id: String,
    },
    /// A page of history was answered to a session that had ended.
    PageAfterSignOut {
        /// The name of the reader.
        reader: String,
    },
    /// A member's read state went back, is past the head of the log, or has entries read that were not delivered.
    BadMarks {
        /// The reader that received it.
        reader: String,
        /// The read state.
        marks: ReadState,
    },
    /// A page of history has other entries than were requested.
    WrongPage {
        /// The name of the reader that requested the page.
        reader: String,
        /// The Seq before the first requested entry.
        after: u64,
        /// The last requested Seq.
        until: u64,
    },
    /// A measured quantity is over its limit.
    TooMuch {
        /// The measured quantity and its unit, in words.
        what: String,
        /// The measured value.
        measured: u64,
        /// The limit, in the unit of `measured`.
        most: u64,
    },
    /// A reader lacks entries at the end of the run.
    Unread {
        /// The name of the reader that fell short.
        reader: String,
        /// The last Seq that was read.
        last: u64,
        /// The head of the log.
        head: u64,
    },
}

impl Finding {
    /// Returns a finding if a quantity is over its limit.
    pub(crate) fn if_too_much(what: &str, measured: u64, most: u64) -> Option<Self> {
        (measured > most).then(|| Self::TooMuch { what: what.into(), measured, most })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { id } => write!(f, "{id} was acknowledged and is lost"),
            Self::Phantom { id } => write!(f, "{id} is in the log, but nobody sent it or it was refused"),
            Self::TwoBodies { seq, reader } => {
                write!(f, "{reader} read something else at {seq} than the log has")
            }
            Self::TwoPlaces { id } => write!(f, "{id} stands at two places"),
            Self::WrongPlace { id, acked } => {
                write!(f, "{id} was acknowledged at {acked} and stands elsewhere")
            }
            Self::Inverted { first, second } => {
                write!(f, "{second} stands before {first}, which was sent first")
            }
            Self::LogGap { expected, found } => write!(f, "the log has {found} where {expected} should be"),
            Self::Gap { reader, after, found } => write!(f, "{reader} got {found} after {after}"),
            Self::Repeat { reader, seq } => write!(f, "{reader} got {seq} again"),
            Self::ResetWithoutCause { reader, seq } => {
                write!(f, "{reader} was reset to {seq} without a cause")
            }
            Self::Unfilled { reader, after, until } => {
                write!(f, "{reader} was reset from {after} to {until}, and history does not fill that")
            }
            Self::WrongPage { reader, after, until } => {
                write!(f, "{reader} asked for what comes after {after} up to {until}, and got something else")
            }
            Self::TooMuch { what, measured, most } => {
                write!(f, "{measured} {what}; there may be {most} at most")
            }
            Self::AfterLeaving { reader, seq } => write!(f, "{reader} got {seq} after leaving"),
            Self::AfterSignOut { reader, seq } => {
                write!(f, "{reader} got {seq} over a session that had ended before that was sent")
            }
            Self::PageByNonMember { reader } => write!(f, "{reader} got a page of history after a removal"),
            Self::ReadByNonMember { reader, head } => {
                write!(f, "{reader} could subscribe at {head} without being a member")
            }
            Self::SentByNonMember { id } => write!(f, "{id} stands where its sender is no member"),
            Self::PageAfterSignOut { reader } => {
                write!(f, "{reader} got a page of history over a session that had ended")
            }
            Self::BadMarks { reader, marks: ReadState { user, delivered, read } } => {
                write!(
                    f,
                    "{reader} was told that {user} has {delivered} and has read {read}, which cannot be"
                )
            }
            Self::Unread { reader, last, head } => write!(f, "{reader} has read up to {last} of {head}"),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
