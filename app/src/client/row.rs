use leptos::prelude::*;
use wire::{Entry, Event, Person, Quote, Reaction, Seq, Timestamp};

use super::row_header::RowHeader;

/// One line of a timeline. Its key stays the same from the moment it is typed, so its node in the page does
/// too.
#[derive(Clone, Debug)]
pub struct Row {
    /// Unlike any other row's.
    pub key: String,
    /// What it shows.
    pub content: ArcRwSignal<RowContent>,
    /// What stands above it.
    pub lead: ArcRwSignal<RowHeader>,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub struct RowContent {
    /// Its place, once it has one.
    pub seq: Option<Seq>,
    /// When it was committed, or typed.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// How far it has come.
    pub state: RowState,
}

/// How far a row has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It is a fact.
    Delivered,
    /// It is on its way, or will be once there is a connection.
    Sending,
    /// Nobody has answered yet.
    Late,
    /// It was refused: the sentence says why.
    Failed(String),
}

impl Row {
    /// The row of an entry.
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

    /// A row of any content.
    #[must_use]
    pub fn new(key: String, content: RowContent) -> Self {
        Self { key, content: ArcRwSignal::new(content), lead: ArcRwSignal::new(RowHeader::default()) }
    }

    /// Its place, once it has one.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        self.content.with_untracked(|content| content.seq)
    }
}

impl RowContent {
    /// What an entry shows.
    #[must_use]
    pub fn delivered(entry: Entry) -> Self {
        Self { seq: Some(entry.seq), at: entry.timestamp, event: entry.data, state: RowState::Delivered }
    }

    /// Who said it, if somebody did.
    #[must_use]
    pub const fn author(&self) -> Option<&Person> {
        match &self.event {
            Event::Message { author, .. } => Some(author),
            _ => None,
        }
    }

    /// How people reacted to it.
    #[must_use]
    pub fn reactions(&self) -> &[Reaction] {
        match &self.event {
            Event::Message { reactions, .. } => reactions,
            _ => &[],
        }
    }

    /// What a reply to it quotes; none if it is no message, or none yet.
    #[must_use]
    pub fn quote(&self) -> Option<Quote> {
        let (Some(seq), Event::Message { author, body, .. }) = (self.seq, &self.event) else { return None };
        Some(Quote { seq, author: author.clone(), excerpt: body.excerpt() })
    }

    /// Whether it is a reply to the message at this place.
    pub(super) fn quotes(&self, target: Seq) -> bool {
        matches!(&self.event, Event::Message { reply_to: Some(quote), .. } if quote.seq == target)
    }

    /// The current words of the quoted message; empty if it is deleted.
    pub(super) fn set_quote(&mut self, excerpt: &str) {
        if let Event::Message { reply_to: Some(quote), .. } = &mut self.event {
            excerpt.clone_into(&mut quote.excerpt);
        }
    }
}

/// The key of a message's row: the same before and after it has its place.
pub(super) fn message_key(author: &Person, id: &str) -> String {
    format!("{}/{id}", author.id)
}
