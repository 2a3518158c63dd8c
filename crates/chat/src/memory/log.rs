//! A log in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wire::limits::MAX_UNREAD;
use wire::{Entry, Json, Seq, Timestamp, Topic, UserId};

use crate::ports::store::{
    Draft, Ends, FAR_BEHIND, LogSlice, LogUsage, Mentions, OldEntry, Position, Range, Retention, RowPage,
    SLICE_ENDS, SLICE_ENTRIES, Sender, Unread,
};

/// One log: its newest entries, contiguous.
#[derive(Clone, Debug, Default)]
pub(super) struct MemoryLog {
    kept: VecDeque<StoredEntry>,
    pub(super) head: Seq,
    /// The Seqs of the rows, oldest first.
    rows: VecDeque<Seq>,
    /// The Seqs of the entries about each entry, oldest first.
    about: BTreeMap<Seq, Vec<Seq>>,
    /// The Seqs of the pinned entries.
    pinned: BTreeSet<Seq>,
    /// The time of the newest entry, whether or not it is still kept.
    newest_at: Option<Timestamp>,
    /// The bytes of data of the entries that are kept.
    pub(super) bytes: u64,
    /// The position of the newest entry that is no longer kept.
    pub(super) trimmed: Position,
    /// The position of the last trim, which the tail of messages has.
    pub(super) trimmed_at: Option<Position>,
    /// The retention of this log, if it has one of its own.
    pub(super) retention: Option<Retention>,
}

/// A stored entry, with the sender whose id it carries.
#[derive(Clone, Debug)]
pub(super) struct StoredEntry {
    pub(super) entry: Entry<Json>,
    /// Its position, which it gets at the end of its write.
    pub(super) position: Position,
    pub(super) sender: Sender,
    pub(super) about: Option<Seq>,
    pub(super) counts: bool,
    pub(super) mentions: Mentions,
    ends: Ends,
}

impl MemoryLog {
    pub(super) fn append(&mut self, draft: &Draft) -> Seq {
        self.head = self.head.next();
        let entry = Entry {
            id: draft.id.clone(),
            topic: draft.topic.clone(),
            seq: self.head,
            data: draft.data.clone(),
            timestamp: draft.at,
        };
        self.newest_at = Some(draft.at);
        self.bytes += length(&draft.data);
        self.kept.push_back(StoredEntry {
            entry,
            position: Position::default(),
            sender: draft.sender,
            about: draft.about,
            counts: draft.counts,
            mentions: draft.mentions.clone(),
            ends: draft.ends.clone(),
        });
        if draft.is_row {
            self.rows.push_back(self.head);
        }
        if let Some(about) = draft.about {
            self.about.entry(about).or_default().push(self.head);
        }
        self.head
    }

    /// Removes and returns the oldest entry; none if there is none.
    pub(super) fn forget(&mut self) -> Option<StoredEntry> {
        let held = self.kept.pop_front()?;
        let seq = held.entry.seq;
        self.bytes -= length(&held.entry.data);
        self.trimmed = self.trimmed.max(held.position);
        if self.rows.front() == Some(&seq) {
            self.rows.pop_front();
        }
        self.pinned.remove(&seq);
        if let Some(about) = held.about
            && let Some(places) = self.about.get_mut(&about)
        {
            places.retain(|place| *place != seq);
            if places.is_empty() {
                self.about.remove(&about);
            }
        }
        Some(held)
    }

    /// Replaces the data of an entry.
    pub(super) fn rewrite(&mut self, seq: Seq, data: &Json) {
        let Some(held) = self.at_mut(seq) else { return };
        let old = length(&held.entry.data);
        held.entry.data = data.clone();
        self.bytes = self.bytes - old + length(data);
    }

    /// Returns the entries from a Seq on that are about earlier ones.
    pub(super) fn about_earlier(&self, before: Seq) -> Vec<Entry<Json>> {
        let places = self.about.range(..before).flat_map(|(_, places)| places);
        let later = places.filter(|place| **place >= before);
        later.filter_map(|place| self.at(*place)).map(|held| held.entry.clone()).collect()
    }

    /// Returns the entries after a position.
    pub(super) fn after(&self, after: Position) -> impl Iterator<Item = &StoredEntry> {
        self.kept.range(self.kept.partition_point(|held| held.position <= after)..)
    }

    /// Returns the position of the newest entry, whether or not it is still kept.
    pub(super) fn newest_position(&self) -> Position {
        self.kept.back().map_or(self.trimmed, |held| held.position)
    }

    /// Returns its size and its retention.
    pub(super) fn usage(&self, topic: &Topic) -> LogUsage {
        LogUsage {
            topic: topic.clone(),
            begins: self.begins(),
            head: self.head,
            bytes: self.bytes,
            oldest: self.kept.front().map(|held| held.entry.timestamp),
            retention: self.retention,
        }
    }

    /// Returns the oldest entries, up to a limit.
    pub(super) fn oldest(&self, limit: usize) -> Vec<OldEntry> {
        let old = |held: &StoredEntry| OldEntry {
            seq: held.entry.seq,
            at: held.entry.timestamp,
            bytes: length(&held.entry.data),
        };
        self.kept.iter().take(limit).map(old).collect()
    }

    /// Returns the entry with a Seq, if it is still kept.
    pub(super) fn at(&self, seq: Seq) -> Option<&StoredEntry> {
        self.kept.get(self.index(seq)?)
    }

    /// As [`MemoryLog::at`], to change it.
    pub(super) fn at_mut(&mut self, seq: Seq) -> Option<&mut StoredEntry> {
        let index = self.index(seq)?;
        self.kept.get_mut(index)
    }

    /// Returns the entries about an entry, oldest first.
    pub(super) fn about(&self, seq: Seq) -> Vec<Entry<Json>> {
        let places = self.about.get(&seq).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.at(*place)).map(|held| held.entry.clone()).collect()
    }

    /// Returns the pinned entries, oldest first.
    pub(super) fn pinned(&self) -> Vec<Entry<Json>> {
        self.pinned.iter().filter_map(|place| self.at(*place)).map(|held| held.entry.clone()).collect()
    }

    pub(super) fn pin(&mut self, seq: Seq, on: bool) {
        if on {
            self.pinned.insert(seq);
        } else {
            self.pinned.remove(&seq);
        }
    }

    /// Fills a page with the rows on both sides of its Seq, and those that only its viewer has.
    pub(super) fn fill(&self, page: &mut RowPage, after: usize, own: &BTreeMap<Seq, Entry<Json>>) {
        let place = self.rows.partition_point(|seq| *seq < page.at());
        let (mut older, mut newer): (Vec<Seq>, Vec<Seq>) =
            (self.rows.range(..place).copied().collect(), self.rows.range(place..).copied().collect());
        older.extend(own.range(..page.at()).map(|(seq, _)| *seq));
        newer.extend(own.range(page.at()..).map(|(seq, _)| *seq));
        older.sort_unstable();
        newer.sort_unstable();
        if let Some(most) = page.to_count() {
            page.count_older(older.len().min(most));
        }
        let public = |seq: &Seq| self.at(*seq).map(|held| held.entry.clone());
        let row = |seq: Seq| own.get(&seq).cloned().or_else(|| public(&seq));
        if after > 0 {
            newer.into_iter().filter_map(row).all(|row| page.push_newer(row));
        }
        older.into_iter().rev().filter_map(row).all(|row| page.push_older(row));
    }

    /// Counts the entries after a Seq that are unread for a user, and those that mention them.
    pub(super) fn unread(&self, after: Seq, user: UserId) -> Unread {
        let place = self.rows.partition_point(|seq| *seq <= after);
        let newer = self.rows.range(place..).filter_map(|seq| self.at(*seq));
        let unread = newer.filter(|held| held.counts && held.sender != Sender::User(user));
        let all = unread.fold(Unread::default(), |Unread { messages, mentions }, held| Unread {
            messages: messages + 1,
            mentions: mentions + u32::from(held.mentions.has(user)),
        });
        Unread { messages: all.messages.min(MAX_UNREAD), mentions: all.mentions.min(MAX_UNREAD) }
    }

    /// Returns the time of the newest entry.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.newest_at
    }

    /// Returns the first Seq with this time or a later one.
    pub(super) fn place_at(&self, at: Timestamp) -> Option<Seq> {
        // The clock hardly ever goes back, so a binary search finds the Seq in a few steps.
        let place = self.kept.partition_point(|held| held.entry.timestamp < at);
        self.kept.get(place).map(|held| held.entry.seq)
    }

    /// Returns the entries after a Seq, with the users whose right ends there.
    pub(super) fn slice(&self, after: Seq) -> LogSlice {
        if self.head <= after {
            return LogSlice::Entries(Vec::new());
        }
        if self.begins() > after.next() {
            return LogSlice::Lost;
        }
        let skip = usize::try_from(after.next().0 - self.begins().0).unwrap_or(usize::MAX);
        let newer = self.kept.iter().skip(skip);
        if self.head.0.saturating_sub(after.0) <= FAR_BEHIND {
            let newer = newer.take(SLICE_ENTRIES);
            return LogSlice::Entries(newer.map(|held| (held.entry.clone(), held.ends.clone())).collect());
        }
        let ending = newer.filter(|held| !held.ends.is_nobody()).take(SLICE_ENDS);
        let ends: Vec<_> = ending.map(|held| (held.entry.seq, held.ends.clone())).collect();
        let to = ends.last().filter(|_| ends.len() == SLICE_ENDS).map_or(self.head, |(seq, _)| *seq);
        LogSlice::Ends { ends, to }
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
        // Past the head there is nothing, for any later cursor.
        let from = range.after.map_or(begins, |after| after.min(self.head).next()).max(begins);
        let to = range.before.unwrap_or(Seq(u64::MAX)).min(self.head.next());
        let len = usize::try_from(to.0.saturating_sub(from.0)).unwrap_or(usize::MAX);
        let skip = usize::try_from(from.0 - begins.0).unwrap_or(usize::MAX);
        let skip = if range.after.is_some() { skip } else { skip + len.saturating_sub(range.limit) };
        let take = len.min(range.limit);
        self.kept.iter().skip(skip).take(take).map(|kept| kept.entry.clone()).collect()
    }
}

/// Returns the bytes of the data of an entry.
fn length(data: &Json) -> u64 {
    data.as_str().len() as u64
}

impl StoredEntry {
    /// Returns its weight: its data, and about as much around it as a short message.
    pub(super) fn bytes(&self) -> usize {
        self.entry.data.as_str().len() + 200
    }
}
