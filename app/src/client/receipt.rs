//! Delivery receipts: counts of the members who have, or have read, the viewer's newest message.

use leptos::prelude::*;
use wire::{DeliveryState, Event, ReadState, Seq, UserId};

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

/// The most receipts of messages to some members that a page keeps: those of the newest message are shown.
const KEPT: usize = 200;

impl Timeline {
    /// Merges receipts of a message to some members: they only advance.
    pub(super) fn note_receipts(&self, seq: Seq, news: Vec<wire::Receipt>) {
        self.receipts.update(|receipts| {
            for new in news {
                match receipts.iter_mut().find(|(of, old)| (*of, old.user) == (seq, new.user)) {
                    Some((_, old)) => old.state = old.state.max(new.state),
                    None => receipts.push((seq, new)),
                }
            }
            let most = receipts.len().saturating_sub(KEPT);
            receipts.drain(..most);
        });
    }

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
                        Some((author.id, content.seq, recipients.clone()))
                    }
                    _ => None,
                })
            };
            rows.iter().rev().find_map(message)
        });
        let (author, seq, recipients) = newest?;
        let seq = seq.filter(|_| author == me)?;
        if !recipients.is_empty() {
            let receipts = self.receipts.get();
            let has = |user: UserId, state| {
                receipts.iter().any(|(of, one)| (*of, one.user) == (seq, user) && one.state >= state)
            };
            let with = |state| recipients.iter().filter(move |person| has(person.id, state));
            let read_by: Vec<String> =
                with(DeliveryState::Read).map(|person| person.name.to_string()).collect();
            let (read, delivered) = (read_by.len(), with(DeliveryState::Delivered).count());
            return Some(Receipt { read_by, read, delivered, others: recipients.len() });
        }
        let marks = self.marks.get();
        let others = usize::try_from(self.member_count.get()).unwrap_or(usize::MAX).saturating_sub(1);
        let has = |far: fn(&ReadState) -> wire::Seq| {
            marks.iter().filter(move |marks| marks.user != me && far(marks) >= seq)
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
