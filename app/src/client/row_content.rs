//! The content of a row: a message or a notice, delivered or pending.

use wire::{Entry, Event, Person, Quote, Reaction, Refused, Seq, Timestamp};

/// The content of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowContent {
    /// The Seq, once the entry is committed.
    pub seq: Option<Seq>,
    /// The time at which it was committed, or typed.
    pub at: Timestamp,
    /// The event that the row shows.
    pub event: Event,
    /// The delivery state.
    pub state: RowState,
}

/// The delivery state of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Committed, with a Seq.
    Delivered,
    /// Sent, or waiting for a connection.
    Sending,
    /// Sent, and not acknowledged in time.
    Late,
    /// Refused.
    Failed(Refused),
}

impl RowContent {
    /// Returns the content for an entry.
    #[must_use]
    pub fn delivered(entry: Entry) -> Self {
        Self { seq: Some(entry.seq), at: entry.timestamp, event: entry.data, state: RowState::Delivered }
    }

    /// Returns the author, if it is a message.
    #[must_use]
    pub const fn author(&self) -> Option<&Person> {
        match &self.event {
            Event::Message { author, .. } => Some(author),
            _ => None,
        }
    }

    /// Returns the reactions to the message.
    #[must_use]
    pub fn reactions(&self) -> &[Reaction] {
        match &self.event {
            Event::Message { reactions, .. } => reactions,
            _ => &[],
        }
    }

    /// Returns the quote for a reply to it; none if it is no message, or not committed yet.
    #[must_use]
    pub fn quote(&self) -> Option<Quote> {
        let (Some(seq), Event::Message { author, body, attachments, .. }) = (self.seq, &self.event) else {
            return None;
        };
        Some(Quote::of(seq, author.clone(), body, attachments))
    }

    /// Returns true if it is a reply to the message with this Seq.
    pub(super) fn quotes(&self, target: Seq) -> bool {
        matches!(&self.event, Event::Message { reply_to: Some(quote), .. } if quote.seq == target)
    }

    /// Sets the excerpt of the quoted message; empty if that is deleted.
    pub(super) fn set_quote(&mut self, excerpt: &str) {
        if let Event::Message { reply_to: Some(quote), .. } = &mut self.event {
            quote.requote(excerpt);
        }
    }
}
