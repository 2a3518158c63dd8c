use std::collections::VecDeque;

use wire::{Entry, Json, Seq, Topic};

use crate::store::{Draft, Range, Sender};

/// One log: its newest entries, contiguous.
#[derive(Debug, Default)]
pub(super) struct VolatileLog {
    kept: VecDeque<Kept>,
    pub(super) head: Seq,
}

/// An entry that is kept, with the sender whose id it carries.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) entry: Entry<Json>,
    pub(super) sender: Sender,
}

impl VolatileLog {
    pub(super) fn append(&mut self, draft: &Draft) -> Seq {
        self.head = self.head.next();
        let entry = Entry {
            id: draft.id.clone(),
            topic: draft.topic.clone(),
            seq: self.head,
            data: draft.data.clone(),
            timestamp: draft.at,
        };
        self.kept.push_back(Kept { entry, sender: draft.sender });
        self.head
    }

    /// Gives up the oldest entry; none if there is none.
    pub(super) fn forget(&mut self) -> Option<Kept> {
        self.kept.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn begins(&self) -> Seq {
        Seq(self.head.0 + 1 - self.kept.len() as u64)
    }

    pub(super) fn entries(&self, topic: &Topic, range: Range) -> Vec<Entry<Json>> {
        debug_assert!(self.kept.front().is_none_or(|kept| kept.entry.topic == *topic));
        let begins = self.begins();
        // Past the head there is nothing, however far somebody asks.
        let from = range.after.map_or(begins, |after| after.min(self.head).next()).max(begins);
        let to = range.before.unwrap_or(Seq(u64::MAX)).min(self.head.next());
        let len = usize::try_from(to.0.saturating_sub(from.0)).unwrap_or(usize::MAX);
        let skip = usize::try_from(from.0 - begins.0).unwrap_or(usize::MAX);
        let skip = if range.after.is_some() { skip } else { skip + len.saturating_sub(range.limit) };
        let take = len.min(range.limit);
        self.kept.iter().skip(skip).take(take).map(|kept| kept.entry.clone()).collect()
    }
}

impl Kept {
    /// What it weighs: its data, and about as much around it as a short message.
    pub(super) fn bytes(&self) -> usize {
        self.entry.data.as_str().len() + 200
    }
}
