//! Delivery receipts: counts of the members who have, or have read, the viewer's newest message.

use leptos::prelude::*;
use wire::{Event, ReadState, UserId};

use super::timeline::Timeline;

/// The delivery receipt of the newest message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The names of its readers, the longest-standing members first; in a large group only some.
    pub read_by: Vec<String>,
    /// The number of readers.
    pub read: usize,
    /// The number of members who have it on a device, readers included.
    pub delivered: usize,
    /// The number of other members.
    pub others: usize,
}

impl Timeline {
    /// Returns the receipt of the newest message, if it is the viewer's and committed; none if they are alone.
    /// Tracks.
    #[must_use]
    pub fn receipt(&self, me: UserId) -> Option<Receipt> {
        if self.has_newer.get() || self.blocked {
            return None;
        }
        let newest = self.rows.with(|rows| {
            let message = |row: &super::row::Row| {
                row.content.with(|content| match &content.event {
                    Event::Message { author, recipients, .. } => {
                        let recipients: Vec<UserId> = recipients.iter().map(|person| person.id).collect();
                        Some((author.id, content.seq, recipients))
                    }
                    _ => None,
                })
            };
            rows.iter().rev().find_map(message)
        });
        let (author, seq, recipients) = newest?;
        let seq = seq.filter(|_| author == me)?;
        // Of a message to some, only the marks of its recipients: those of others have passed its placeholder.
        let is_for = |user: UserId| user != me && (recipients.is_empty() || recipients.contains(&user));
        let marks = self.marks.get();
        let others = match recipients.len() {
            0 => usize::try_from(self.member_count.get()).unwrap_or(usize::MAX).saturating_sub(1),
            recipients => recipients,
        };
        let has = |far: fn(&ReadState) -> wire::Seq| {
            marks.iter().filter(move |marks| is_for(marks.user) && far(marks) >= seq)
        };
        let read_by: Vec<String> = self.members.with(|members| {
            let readers = members
                .iter()
                .filter(|member| has(|marks| marks.read).any(|marks| marks.user == member.person.id));
            readers.map(|member| member.person.name.to_string()).collect()
        });
        let (read, delivered) = (has(|marks| marks.read).count(), has(|marks| marks.delivered).count());
        (others > 0).then_some(Receipt { read_by, read, delivered, others })
    }
}
