//! Pages of rows: the assembly that every store shares.

use wire::{Entry, Epoch, Json, Rows, Seq};

use super::RowRange;

/// Assembles the rows of a page, for every store: first those at the Seq and after it, then those before it.
#[derive(Debug)]
pub struct RowPage {
    range: RowRange,
    at: Seq,
    log: LogBounds,
    after: Side,
    before: Side,
}

/// The state of the log that a page is from.
#[derive(Clone, Copy, Debug)]
pub struct LogBounds {
    /// The life of the log.
    pub epoch: Epoch,
    /// The oldest entry that is kept.
    pub begins: Seq,
    /// The newest entry.
    pub head: Seq,
}

/// The rows on one side of the Seq.
#[derive(Debug, Default)]
struct Side {
    rows: Vec<Entry<Json>>,
    bytes: usize,
    /// True if there was a row that did not fit.
    is_full: bool,
}

impl RowPage {
    /// Begins an empty page.
    #[must_use]
    pub fn new(range: RowRange, log: LogBounds) -> Self {
        let at = range.at.clamp(log.begins, log.head.next().max(log.begins));
        Self { range, at, log, after: Side::default(), before: Side::default() }
    }

    /// Returns the Seq between the two sides, within the log.
    #[must_use]
    pub const fn at(&self) -> Seq {
        self.at
    }

    /// Returns the number of rows before the Seq that have to be counted before any is pushed; none if there is no
    /// need.
    #[must_use]
    pub const fn to_count(&self) -> Option<usize> {
        let RowRange { before, after, .. } = self.range;
        if before > 0 && after > 0 { Some(before) } else { None }
    }

    /// Sets the count of rows before the Seq, up to [`RowPage::to_count`]: if there are fewer, more may follow after
    /// it.
    pub const fn count_older(&mut self, rows: usize) {
        self.range.after += self.range.before.saturating_sub(rows);
    }

    /// Adds the next row at the Seq or after it; false if there is no room for it, nor for any later one.
    pub fn push_newer(&mut self, row: Entry<Json>) -> bool {
        let RowRange { before, after, bytes, .. } = self.range;
        let most = if before == 0 { bytes } else { bytes / 2 };
        self.after.push(row, after, most, true)
    }

    /// Adds the next row before the Seq, the newest first; false if there is no room for it, nor for any older one.
    /// The newer rows come first.
    pub fn push_older(&mut self, row: Entry<Json>) -> bool {
        let RowRange { before, bytes, .. } = self.range;
        let most = bytes.saturating_sub(self.after.bytes);
        let rows = if before == 0 { 0 } else { before + self.unused_after() };
        self.before.push(row, rows, most, self.after.rows.is_empty())
    }

    /// Returns the page. Each side that is not full was offered all rows there are.
    #[must_use]
    pub fn finish(self) -> Rows<Json> {
        let LogBounds { epoch, begins, head } = self.log;
        let to = match self.after.rows.last() {
            _ if self.range.after == 0 => Seq(self.at.0.saturating_sub(1)),
            Some(last) if self.after.is_full => last.seq,
            _ => head,
        };
        let from = match self.before.rows.last() {
            _ if self.range.before == 0 => self.at,
            Some(first) if self.before.is_full => first.seq,
            None if self.before.is_full => self.at,
            _ => begins,
        };
        let entries = self.before.rows.into_iter().rev().chain(self.after.rows).collect();
        Rows { entries, epoch, begins, head, from, to }
    }

    /// Returns the number of requested rows after the Seq that do not exist.
    fn unused_after(&self) -> usize {
        if self.after.is_full { 0 } else { self.range.after - self.after.rows.len() }
    }
}

impl Side {
    fn push(&mut self, row: Entry<Json>, rows: usize, most: usize, needs_one: bool) -> bool {
        let bytes = self.bytes + row.data.as_str().len();
        let is_needed = needs_one && self.rows.is_empty() && rows > 0;
        self.is_full = self.rows.len() >= rows || (bytes > most && !is_needed);
        if !self.is_full {
            self.bytes = bytes;
            self.rows.push(row);
        }
        !self.is_full
    }
}
