use leptos::prelude::*;
use wire::{Event, Marks, UserId};

use super::timeline::Timeline;

/// How far the newest message of a conversation has come to everyone else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The names of those who have read it, the longest there first.
    pub read_by: Vec<String>,
    /// How many have it on a device, those who have read it among them.
    pub delivered: usize,
    /// How many there are.
    pub others: usize,
}

impl Timeline {
    /// How far the newest message has come, if the viewer said it and it is a fact; none if they are alone. Tracks.
    #[must_use]
    pub fn receipt(&self, me: UserId) -> Option<Receipt> {
        if self.has_newer.get() || self.blocked {
            return None;
        }
        let newest = self.rows.with(|rows| {
            let message = |row: &super::row::Row| {
                row.content.with(|content| match &content.event {
                    Event::Message { author, .. } => Some((author.id, content.seq)),
                    _ => None,
                })
            };
            rows.iter().rev().find_map(message)
        });
        let (author, seq) = newest?;
        let seq = seq.filter(|_| author == me)?;
        let marks = self.marks.get();
        let marks_of = |user: UserId| marks.iter().find(|marks| marks.user == user).copied();
        self.members.with(|members| {
            let others = members.iter().filter(|member| member.person.id != me);
            let others: Vec<_> = others.map(|member| (member, marks_of(member.person.id))).collect();
            let has = |far: fn(Marks) -> wire::Seq| {
                others.iter().filter(move |(_, marks)| marks.is_some_and(|marks| far(marks) >= seq))
            };
            let read_by = has(|marks| marks.read).map(|(member, _)| member.person.name.to_string()).collect();
            let delivered = has(|marks| marks.delivered).count();
            (!others.is_empty()).then_some(Receipt { read_by, delivered, others: others.len() })
        })
    }
}
