//! A slot of the cache of newest entries: one log that was read, and whether its entries are in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use wire::LogKey;

use super::recent_log::{LogChange, RecentLog};

/// A log that was read: the state of its entries.
#[derive(Debug)]
pub(super) struct Slot {
    /// The time of the last read, in milliseconds since the start.
    pub(super) read_at: AtomicU64,
    /// The time at which its bounds were last those of the store.
    pub(super) checked_at: AtomicU64,
    /// Held by the one who reads the log into memory.
    pub(super) filling: tokio::sync::Mutex<()>,
    pub(super) state: Mutex<State>,
}

/// The state of the entries of a log.
#[derive(Debug)]
pub(super) enum State {
    /// Its entries are not here: it was read once, or what was here is old.
    Cold,
    /// Its entries are being read. These commits may come after them; and their bytes.
    Filling(Vec<LogChange>, usize),
    /// Its entries are here.
    Filled(RecentLog),
    /// The slot was removed.
    Gone,
}

/// The parts of a commit by their slots.
pub(super) struct Changes<'a> {
    slots: &'a HashMap<LogKey, Arc<Slot>>,
    changes: Vec<(Arc<Slot>, LogChange)>,
}

impl<'a> Changes<'a> {
    /// Begins without any part.
    pub(super) const fn of(slots: &'a HashMap<LogKey, Arc<Slot>>) -> Self {
        Self { slots, changes: Vec::new() }
    }

    /// Returns the parts.
    pub(super) fn into_parts(self) -> Vec<(Arc<Slot>, LogChange)> {
        self.changes
    }

    /// Returns the part of a log; none if the log has no slot.
    pub(super) fn part(&mut self, log: &LogKey) -> Option<&mut LogChange> {
        let slot = self.slots.get(log)?;
        let place = self.changes.iter().rposition(|(of, _)| Arc::ptr_eq(of, slot));
        let place = place.unwrap_or_else(|| {
            self.changes.push((Arc::clone(slot), LogChange::default()));
            self.changes.len() - 1
        });
        self.changes.get_mut(place).map(|(_, change)| change)
    }
}

impl Slot {
    /// Makes a slot that was read at a time, in milliseconds since the start.
    pub(super) fn new(now: u64) -> Self {
        Self {
            read_at: AtomicU64::new(now),
            checked_at: AtomicU64::new(0),
            filling: tokio::sync::Mutex::default(),
            state: Mutex::new(State::Cold),
        }
    }

    /// Reads the entries, if they are here.
    pub(super) fn filled<T>(&self, read: impl FnOnce(&RecentLog) -> Option<T>) -> Option<T> {
        match &*self.state.lock() {
            State::Filled(recent) => read(recent),
            State::Cold | State::Filling(..) | State::Gone => None,
        }
    }
}

impl State {
    /// Returns its memory, approximately.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Cold | Self::Gone => 0,
            Self::Filling(_, bytes) => *bytes,
            Self::Filled(recent) => recent.bytes(),
        }
    }
}
