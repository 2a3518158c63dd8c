use std::fmt;

use serde::{Serialize, Serializer};
use wire::ReadState;

/// One promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Acknowledged, but not in the log.
    Lost {
        /// The message.
        id: String,
    },
    /// In the log, or read, but never sent, or refused.
    Phantom {
        /// The message.
        id: String,
    },
    /// Two readers, or a reader and the log, have different entries at one place.
    TwoBodies {
        /// The place.
        seq: u64,
        /// Who reads it differently.
        reader: String,
    },
    /// One message stands at two places.
    TwoPlaces {
        /// The message.
        id: String,
    },
    /// The ack named another place than the message has.
    WrongPlace {
        /// The message.
        id: String,
        /// What the ack said.
        acked: u64,
    },
    /// A message stands before one that its sender had had acknowledged already.
    Inverted {
        /// The earlier message.
        first: String,
        /// The later one, which stands before it.
        second: String,
    },
    /// The log is not 1, 2, 3.
    LogGap {
        /// What should come.
        expected: u64,
        /// What comes.
        found: u64,
    },
    /// A reader missed entries in silence.
    Gap {
        /// Who.
        reader: String,
        /// The last entry before.
        after: u64,
        /// The next that came.
        found: u64,
    },
    /// A reader got an entry again.
    Repeat {
        /// Who.
        reader: String,
        /// Which.
        seq: u64,
    },
    /// A reader was told to reset for no reason.
    ResetWithoutCause {
        /// Who.
        reader: String,
        /// Where to.
        seq: u64,
    },
    /// History does not have exactly what a reset said that it has.
    Unfilled {
        /// Who looked.
        reader: String,
        /// The last entry before the gap.
        after: u64,
        /// The last one in it.
        until: u64,
    },
    /// A reader got an entry that was committed after the seat was gone.
    AfterLeaving {
        /// Who.
        reader: String,
        /// Which.
        seq: u64,
    },
    /// A mark of somebody went back, or is past the end of the log, or says that they read what was not delivered.
    BadMarks {
        /// Who was told.
        reader: String,
        /// Whose, and how far.
        marks: ReadState,
    },
    /// A page of history has other entries than were asked for.
    WrongPage {
        /// Who looked.
        reader: String,
        /// The entry before the first that was asked for.
        after: u64,
        /// The last one.
        until: u64,
    },
    /// More than there may be.
    TooMuch {
        /// Of what.
        what: String,
        /// How much there is.
        measured: u64,
        /// How much there may be.
        most: u64,
    },
    /// At the end a reader does not have everything.
    Unread {
        /// Who.
        reader: String,
        /// The last entry they have.
        last: u64,
        /// The last one there is.
        head: u64,
    },
}

impl Finding {
    /// That there is more of something than there may be, if there is.
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
