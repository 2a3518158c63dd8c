//! A row of a timeline: a message or a notice, delivered or pending.

use leptos::prelude::*;
use wire::{Entry, Event, Person, Quote, Reaction, Seq, Timestamp};

use super::row_header::RowHeader;

/// A row of a timeline. Its key stays the same from the moment the message is typed, so its DOM node does too.
#[derive(Clone, Debug)]
pub struct Row {
    /// A key that no other row has.
    pub key: String,
    /// The content of the row.
    pub content: ArcRwSignal<RowContent>,
    /// The header above the row.
    pub lead: ArcRwSignal<RowHeader>,
}

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
    /// Refused, with the reason to show.
    Failed(String),
}

impl Row {
    /// Creates the row of an entry.
    #[must_use]
    pub fn delivered(entry: Entry) -> Self {
        let key = match &entry.data {
            Event::Message { author, .. } | Event::Tombstone { author, .. } => {
                message_key(author, entry.id.as_str())
            }
            _ => format!("#{}", entry.seq),
        };
        Self::new(key, RowContent::delivered(entry))
    }

    /// Creates a row of any content.
    #[must_use]
    pub fn new(key: String, content: RowContent) -> Self {
        Self { key, content: ArcRwSignal::new(content), lead: ArcRwSignal::new(RowHeader::default()) }
    }

    /// Returns the Seq, once the entry is committed.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        self.content.with_untracked(|content| content.seq)
    }
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
        let (Some(seq), Event::Message { author, body, .. }) = (self.seq, &self.event) else { return None };
        Some(Quote { seq, author: author.clone(), excerpt: body.excerpt() })
    }

    /// Returns true if it is a reply to the message with this Seq.
    pub(super) fn quotes(&self, target: Seq) -> bool {
        matches!(&self.event, Event::Message { reply_to: Some(quote), .. } if quote.seq == target)
    }

    /// Sets the excerpt of the quoted message; empty if that is deleted.
    pub(super) fn set_quote(&mut self, excerpt: &str) {
        if let Event::Message { reply_to: Some(quote), .. } = &mut self.event {
            excerpt.clone_into(&mut quote.excerpt);
        }
    }
}

/// Returns the key of a message's row, the same before and after the message is committed.
pub(super) fn message_key(author: &Person, id: &str) -> String {
    format!("{}/{id}", author.id)
}
