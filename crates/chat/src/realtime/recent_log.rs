//! The newest entries of one log as finished JSON, and the slices of it that they answer.

use std::collections::VecDeque;
use std::ops::Range as Span;

use broker::Frame;
use wire::{Entry, Json, Page, Rows, Seq};

use super::recovery_cache::RecoveryPage;
use crate::ports::store::{LogBounds, Range, RowPage, RowRange};

/// The most entries of a log that are kept in memory.
pub(super) const ENTRIES: usize = 200;
/// The most bytes of them; the newest one stays in any case.
pub(super) const LOG_BYTES: usize = 1_024 * 1_024;
/// The memory of an entry beside its bytes, approximately.
const ENTRY_BYTES: usize = 96;

/// The newest entries of a log: contiguous up to its head.
///
/// The bounds of a log name the state of its entries. Whatever changes one appends an entry, so the head grows, or
/// removes the oldest ones, so the beginning does. Only the copies of restricted messages change otherwise, and no slice
/// has them. So a slice for the bounds that a reader's permission was checked with has what the store had at that
/// moment, whatever node wrote it.
#[derive(Debug)]
pub(crate) struct RecentLog {
    bounds: LogBounds,
    /// The head when the data of an entry was last replaced: slices for an older head are not known any more.
    rewritten_at: Seq,
    entries: VecDeque<RecentEntry>,
    bytes: usize,
}

/// An entry, as it is now.
#[derive(Clone, Debug)]
pub(super) struct RecentEntry {
    frame: Frame,
    content: Content,
    /// True if the page of a conversation shows it as a row.
    is_row: bool,
}

/// The readers for whom an entry is what the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Everyone.
    Same,
    /// Everyone but the audience of a restricted message: this is its placeholder.
    Placeholder,
    /// Nobody: it is a copy of a restricted message, which is filled when it is read, or damaged.
    Elsewhere,
}

/// The part of a commit that concerns one log.
#[derive(Debug, Default)]
pub(super) struct LogChange {
    /// The entries that were appended.
    pub(super) appended: Vec<(Seq, RecentEntry)>,
    /// The entries whose data was replaced.
    pub(super) rewritten: Vec<Entry<Json>>,
    /// The beginning before and after each removal of the oldest entries.
    pub(super) begins: Vec<(Seq, Seq)>,
}

impl RecentEntry {
    /// Makes it of an entry and its frame.
    pub(super) fn new(data: &Json, frame: Frame) -> Self {
        let tag = data.as_str().strip_prefix(r#"{"type":""#).unwrap_or_default();
        let tag = tag.split_once('"').map_or("", |(tag, _)| tag);
        let content = match tag {
            "restricted" => Content::Placeholder,
            "restricted_message" | "damaged" => Content::Elsewhere,
            _ => Content::Same,
        };
        // As `Event::is_silent`, without decoding the event.
        let is_row = !matches!(tag, "restricted" | "restricted_message" | "edited" | "deleted" | "reacted");
        Self { frame, content, is_row }
    }

    fn of(entry: &Entry<Json>) -> Self {
        Self::new(&entry.data, Frame::text(&entry.encode()))
    }

    /// Returns the entry.
    fn decode(&self) -> Option<Entry<Json>> {
        serde_json::from_slice(self.frame.payload()).ok()
    }

    fn bytes(&self) -> usize {
        self.frame.bytes().len() + ENTRY_BYTES
    }
}

impl LogChange {
    /// Returns the memory that it takes, approximately.
    pub(super) fn bytes(&self) -> usize {
        let rewritten = self.rewritten.iter().map(|entry| entry.data.as_str().len() + ENTRY_BYTES);
        self.appended.iter().map(|(_, entry)| entry.bytes()).chain(rewritten).sum::<usize>() + ENTRY_BYTES
    }
}

impl RecentLog {
    /// Makes it of the newest [`ENTRIES`] of a log; none if some are missing.
    pub(super) fn of(Page { entries, epoch, begins, head }: &Page<Json>) -> Option<Self> {
        let kept = usize::try_from(head.next().0.saturating_sub(begins.0)).unwrap_or(usize::MAX);
        let first = head.next().0.saturating_sub(kept.min(ENTRIES) as u64);
        if !entries.iter().map(|entry| entry.seq.0).eq(first..head.next().0) {
            return None;
        }
        let entries: VecDeque<_> = entries.iter().map(RecentEntry::of).collect();
        let bytes = entries.iter().map(RecentEntry::bytes).sum();
        let bounds = LogBounds { epoch: *epoch, begins: *begins, head: *head };
        let mut log = Self { bounds, rewritten_at: *head, entries, bytes };
        log.shrink();
        Some(log)
    }

    /// Returns its memory, approximately.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns its bounds.
    pub(super) const fn bounds(&self) -> LogBounds {
        self.bounds
    }

    /// Applies the next commit to the log. Does nothing if it is in already; returns false if earlier ones are missing.
    pub(super) fn apply(&mut self, change: &LogChange) -> bool {
        let LogChange { appended, rewritten, begins } = change;
        // All of a commit is visible at once, so any part of it tells whether a page has it.
        let is_in = appended.last().is_some_and(|(seq, _)| *seq <= self.bounds.head)
            || begins.last().is_some_and(|(_, to)| *to <= self.bounds.begins);
        if is_in {
            return true;
        }
        if appended.is_empty() && begins.is_empty() {
            return false;
        }
        for (seq, entry) in appended {
            if *seq != self.bounds.head.next() {
                return false;
            }
            self.bounds.head = *seq;
            self.bytes += entry.bytes();
            self.entries.push_back(entry.clone());
        }
        for entry in rewritten {
            let Some(place) = self.index(entry.seq) else { continue };
            let now = RecentEntry::of(entry);
            self.bytes += now.bytes();
            self.bytes -= self.entries[place].bytes();
            self.entries[place] = now;
            self.rewritten_at = self.bounds.head;
        }
        for (from, to) in begins {
            if *from != self.bounds.begins {
                return false;
            }
            self.bounds.begins = *to;
        }
        self.shrink();
        true
    }

    /// Returns the frames of a slice, as [`StoreReader::page`](crate::ports::store::StoreReader::page) returns its
    /// entries, for a reader whose permission was checked with these bounds. None if an entry is not here, or not the
    /// same for every reader.
    pub(crate) fn slice(&self, bounds: LogBounds, range: Range) -> Option<Vec<Frame>> {
        let span = self.span(bounds, range)?;
        Some(self.entries.range(span).map(|entry| entry.frame.clone()).collect())
    }

    /// Returns true if it has a slice of the log as it is now.
    pub(super) fn has_slice(&self, range: Range) -> bool {
        self.span(self.bounds, range).is_some()
    }

    /// Returns the decoded entries of a slice; see [`RecentLog::slice`].
    pub(crate) fn entries(&self, bounds: LogBounds, range: Range) -> Option<Vec<Entry<Json>>> {
        self.entries.range(self.span(bounds, range)?).map(RecentEntry::decode).collect()
    }

    /// Returns true if it probably has rows of the log as it is now.
    pub(super) fn may_have_rows(&self, range: RowRange) -> bool {
        let LogBounds { begins, head, .. } = self.bounds;
        let at = range.at.clamp(begins, head.next().max(begins));
        let has_older = |place: usize| place > 0 || range.before == 0 || self.first() == begins;
        self.entries.iter().all(|entry| entry.content == Content::Same)
            && self.place(at).is_some_and(has_older)
    }

    /// Returns rows of a conversation, as [`StoreReader::rows`](crate::ports::store::StoreReader::rows) does. None if a
    /// row may not be here, or may not be the same for every reader.
    pub(crate) fn rows(&self, bounds: LogBounds, range: RowRange) -> Option<Rows<Json>> {
        self.check(bounds)?;
        let mut page = RowPage::new(range, bounds);
        let end = self.place(bounds.head.next())?;
        let at = self.place(page.at())?;
        let is_all = self.first() == bounds.begins;
        if let Some(most) = page.to_count() {
            let rows = self.count_rows(at, most)?;
            if rows < most && !is_all {
                return None;
            }
            page.count_older(rows);
        }
        if range.after > 0 {
            for entry in self.entries.range(at..end) {
                if entry.content != Content::Same {
                    return None;
                }
                if entry.is_row && !page.push_newer(entry.decode()?) {
                    break;
                }
            }
        }
        for entry in self.entries.range(..at).rev() {
            if entry.content != Content::Same {
                return None;
            }
            if entry.is_row && !page.push_older(entry.decode()?) {
                return Some(page.finish());
            }
        }
        is_all.then(|| page.finish())
    }

    /// Returns the entries after `cursor` and up to `until` for subscribers of the log; none if one of them is not here.
    pub(super) fn recovery_page(&self, cursor: Seq, until: Seq) -> Option<RecoveryPage> {
        let LogBounds { epoch, begins, head } = self.bounds;
        if until <= cursor || until > head || cursor.next() < self.first() {
            return None;
        }
        let wanted = self.entries.range(self.place(cursor.next())?..self.place(until.next())?);
        let frame =
            |entry: &RecentEntry| Some(entry.frame.clone()).filter(|_| entry.content != Content::Elsewhere);
        let frames: Vec<Frame> = wanted.map(frame).collect::<Option<_>>()?;
        Some(RecoveryPage::new(cursor.next(), frames, epoch, begins))
    }

    /// Counts the rows before a place, up to a limit; none if one of them may not be the same for every reader.
    fn count_rows(&self, place: usize, most: usize) -> Option<usize> {
        let mut rows = 0;
        for entry in self.entries.range(..place).rev() {
            if rows == most {
                break;
            }
            if entry.content != Content::Same {
                return None;
            }
            rows += usize::from(entry.is_row);
        }
        Some(rows)
    }

    /// Returns the places of a slice; none if it has entries that are not here, or not the same for every reader.
    fn span(&self, bounds: LogBounds, range: Range) -> Option<Span<usize>> {
        self.check(bounds)?;
        let most = u64::try_from(range.limit).unwrap_or(u64::MAX);
        let end = range.before.map_or(u64::MAX, |before| before.0).min(bounds.head.next().0);
        let (first, end) = match range.after {
            Some(after) => {
                let first = after.0.saturating_add(1).max(bounds.begins.0);
                (first, end.min(first.saturating_add(most)))
            }
            None => (end.saturating_sub(most).max(bounds.begins.0), end),
        };
        if first >= end {
            return Some(0..0);
        }
        let span = self.place(Seq(first))?..self.place(Seq(end))?;
        let is_same = self.entries.range(span.clone()).all(|entry| entry.content == Content::Same);
        is_same.then_some(span)
    }

    /// Checks that the entries up to a head are as they were when the log had these bounds.
    fn check(&self, LogBounds { epoch, begins, head }: LogBounds) -> Option<()> {
        let is_known = self.rewritten_at <= head && head <= self.bounds.head;
        (epoch == self.bounds.epoch && begins == self.bounds.begins && is_known).then_some(())
    }

    /// Returns the Seq of the first entry that is here; the one after the head if there is none.
    fn first(&self) -> Seq {
        Seq(self.bounds.head.next().0 - self.entries.len() as u64)
    }

    /// Returns the index of an entry; none if it is not here.
    fn index(&self, seq: Seq) -> Option<usize> {
        self.place(seq).filter(|place| *place < self.entries.len())
    }

    /// Returns the number of entries here before a Seq; none if it is before them or past the end.
    fn place(&self, seq: Seq) -> Option<usize> {
        let place = usize::try_from(seq.0.checked_sub(self.first().0)?).ok()?;
        (place <= self.entries.len()).then_some(place)
    }

    /// Drops what is no longer kept, and what is too much.
    fn shrink(&mut self) {
        while self.entries.len() > 1 && (self.entries.len() > ENTRIES || self.bytes > LOG_BYTES)
            || self.first() < self.bounds.begins
        {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests;
