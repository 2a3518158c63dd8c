//! A row of a timeline: its key, its content and the header above it.

use leptos::prelude::*;
use wire::{Entry, Event, Person, Seq};

use super::row_content::RowContent;
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

/// Returns the key of a message's row, the same before and after the message is committed.
pub(super) fn message_key(author: &Person, id: &str) -> String {
    format!("{}/{id}", author.id)
}
