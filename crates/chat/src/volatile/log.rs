use std::collections::VecDeque;

use wire::{Entry, Json, Seq, Timestamp, Topic, UserId};

use crate::store::{Draft, Mentions, Range, Sender, Unread, Version};

/// One log: its newest entries, contiguous.
#[derive(Debug, Default)]
pub(super) struct VolatileLog {
    kept: VecDeque<Held>,
    pub(super) head: Seq,
}

/// An entry that is kept, with the sender whose id it carries.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) entry: Entry<Json>,
    pub(super) sender: Sender,
    pub(super) about: Option<Seq>,
    pub(super) version: Version,
    pub(super) pinned: bool,
    pub(super) counts: bool,
    pub(super) mentions: Mentions,
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
        self.kept.push_back(Held {
            entry,
            sender: draft.sender,
            about: draft.about,
            version: Version(0),
            pinned: false,
            counts: draft.counts,
            mentions: draft.mentions.clone(),
        });
        self.head
    }

    /// Gives up the oldest entry; none if there is none.
    pub(super) fn forget(&mut self) -> Option<Held> {
        self.kept.pop_front()
    }

    /// The entry at a place, if it is kept.
    pub(super) fn at(&self, seq: Seq) -> Option<&Held> {
        self.kept.get(self.index(seq)?)
    }

    /// As [`VolatileLog::at`], to change it.
    pub(super) fn at_mut(&mut self, seq: Seq) -> Option<&mut Held> {
        let index = self.index(seq)?;
        self.kept.get_mut(index)
    }

    /// The entries of which this is true, oldest first.
    pub(super) fn all(&self, wanted: impl Fn(&Held) -> bool) -> Vec<Entry<Json>> {
        self.kept.iter().filter(|held| wanted(held)).map(|held| held.entry.clone()).collect()
    }

    /// How many entries after a place count as unread for somebody, and how many of them mention them.
    pub(super) fn unread(&self, after: Seq, user: UserId) -> Unread {
        let newer = self.kept.iter().rev().take_while(|held| held.entry.seq > after);
        let unread = newer.filter(|held| held.counts && held.sender != Sender::User(user));
        unread.fold(Unread::default(), |Unread { messages, mentions }, held| Unread {
            messages: messages + 1,
            mentions: mentions + u32::from(held.mentions.has(user)),
        })
    }

    /// When the newest entry that is kept was taken.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.kept.back().map(|held| held.entry.timestamp)
    }

    /// The first place of something taken then or later.
    pub(super) fn place_at(&self, at: Timestamp) -> Option<Seq> {
        self.kept.iter().find(|held| held.entry.timestamp >= at).map(|held| held.entry.seq)
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.0.checked_sub(self.begins().0)?).ok()
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

impl Held {
    /// What it weighs: its data, and about as much around it as a short message.
    pub(super) fn bytes(&self) -> usize {
        self.entry.data.as_str().len() + 200
    }
}
