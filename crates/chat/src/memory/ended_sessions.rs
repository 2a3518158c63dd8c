//! Ended sessions and revoked tokens of programs in memory, in the order in which they ended.

use std::collections::VecDeque;

use wire::{Seq, Timestamp};

use crate::ports::store::{REVOCATIONS, Revocation, RevocationSlice};

/// The newest entries of the log, each with its time.
#[derive(Clone, Default)]
pub(super) struct MemoryRevocations {
    kept: VecDeque<(Timestamp, Vec<Revocation>)>,
    head: Seq,
}

impl MemoryRevocations {
    pub(super) const fn head(&self) -> Seq {
        self.head
    }

    pub(super) fn append(&mut self, at: Timestamp, revocations: Vec<Revocation>) {
        self.head = self.head.next();
        self.kept.push_back((at, revocations));
    }

    /// Removes what ended before a time, but the newest entry.
    pub(super) fn trim(&mut self, before: Timestamp) {
        while self.kept.len() > 1 && self.kept.front().is_some_and(|(at, _)| *at < before) {
            self.kept.pop_front();
        }
    }

    pub(super) fn after(&self, after: Seq) -> RevocationSlice {
        let head = self.head;
        if head <= after {
            return RevocationSlice { after, entries: Vec::new(), head };
        }
        let before_first = Seq(head.0 - self.kept.len() as u64);
        let after = after.max(before_first);
        if head.0 - after.0 > REVOCATIONS {
            return RevocationSlice { after: head, entries: Vec::new(), head };
        }
        let skip = usize::try_from(after.0 - before_first.0).unwrap_or(usize::MAX);
        let newer = self.kept.iter().skip(skip).map(|(_, revocations)| revocations.clone());
        RevocationSlice { after, entries: (after.0 + 1..).map(Seq).zip(newer).collect(), head }
    }
}
