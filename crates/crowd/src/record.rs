//! What people write down: everything they sent, what came of it, and everything they read, in order.

use wire::{Epoch, ReadState, ResetReason, Seq};

/// One person's notes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Who it is.
    pub name: String,
    /// What happened, in the order in which it happened to them.
    pub notes: Vec<Note>,
}

/// One line of notes.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A message was sent for the first time.
    Invoke {
        /// Its `SendId`.
        id: String,
        /// Its text.
        body: String,
    },
    /// It was acknowledged.
    Ok {
        /// Its `SendId`.
        id: String,
        /// Where it stands, as the ack says.
        seq: Seq,
        /// Whether the ack says that it was there already.
        duplicate: bool,
    },
    /// It was refused for good.
    Refused {
        /// Its `SendId`.
        id: String,
    },
    /// Live delivery began after this place.
    Subscribed {
        /// The life of the log.
        epoch: Epoch,
        /// The place.
        seq: Seq,
    },
    /// An entry came.
    Read(Line),
    /// The gap up to this place will not come.
    Reset {
        /// Why.
        reason: ResetReason,
        /// Where delivery goes on.
        seq: Seq,
    },
    /// What history gave for the gap of the oldest reset that nothing was noted for yet.
    Refilled {
        /// The entries, in the order in which they came.
        lines: Vec<Line>,
    },
    /// How far somebody is was told.
    Marks(ReadState),
    /// The seat was given up, by an act that stands at this place.
    Left {
        /// The place.
        seq: Seq,
    },
}

/// One entry of the log, as somebody read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place.
    pub seq: Seq,
    /// Its `SendId`.
    pub id: String,
    /// The text, if it is a message.
    pub body: Option<String>,
}
