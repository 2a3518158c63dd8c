//! The entry interner: each entry that listeners read is decoded and stored once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;
use wire::Seq;

use crate::record::Line;

/// Every entry that somebody has read, once, regardless of the number of readers: most of them read the same bytes,
/// which are decoded for the first reader only.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    table: RwLock<Table>,
    /// The scheduled time of each message.
    sent: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug, Default)]
struct Table {
    kept: Vec<Kept>,
    numbers: HashMap<Arc<[u8]>, u32>,
}

#[derive(Debug)]
struct Kept {
    bytes: Arc<[u8]>,
    line: Line,
    sent: Option<Instant>,
}

/// An entry of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Its number in the table, in the order of arrival.
    pub(super) number: u32,
    pub(super) seq: Seq,
    /// The time at which it was scheduled, if one of our speakers sent it.
    pub(super) sent: Option<Instant>,
}

impl Lines {
    /// Notes that a message is about to be sent.
    pub(crate) fn note_sent(&self, id: &str, at: Instant) {
        self.sent.lock().insert(id.to_owned(), at);
    }

    /// Returns the entry with these bytes; most likely it has the number `next`.
    pub(super) fn find(&self, next: u32, bytes: &[u8]) -> Option<Found> {
        let table = self.table.read();
        let number = match table.kept.get(next as usize) {
            Some(kept) if *kept.bytes == *bytes => next,
            _ => *table.numbers.get(bytes)?,
        };
        table.found(number)
    }

    /// Adds the entry with these bytes.
    pub(super) fn learn(&self, bytes: &[u8], line: Line) -> Option<Found> {
        let sent = self.sent.lock().get(&line.id).copied();
        let mut table = self.table.write();
        // Another listener may have been faster.
        if let Some(number) = table.numbers.get(bytes).copied() {
            return table.found(number);
        }
        let (bytes, number) = (Arc::<[u8]>::from(bytes), u32::try_from(table.kept.len()).ok()?);
        table.numbers.insert(Arc::clone(&bytes), number);
        table.kept.push(Kept { bytes, line, sent });
        table.found(number)
    }

    /// Returns the entries with these numbers.
    pub(super) fn of(&self, first: u32, count: u32) -> Vec<Line> {
        let table = self.table.read();
        let kept = table.kept.iter().skip(first as usize).take(count as usize);
        kept.map(|kept| kept.line.clone()).collect()
    }
}

impl Table {
    fn found(&self, number: u32) -> Option<Found> {
        let kept = self.kept.get(number as usize)?;
        Some(Found { number, seq: kept.line.seq, sent: kept.sent })
    }
}
