//! Recent entries: the newest entries of logs that are read at present, so that their history needs no read of the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use wire::{LogKey, Seq};

use super::appended_frame::AppendedFrame;
use super::recent_log::{ENTRIES, LOG_BYTES, LogChange, RecentEntry, RecentLog};
use super::recent_slot::{Changes, Slot, State};
use super::recovery_cache::RecoveryPage;
use crate::ports::store::{Appended, LogBounds, Range, Rewritten, RowRange, Shortened, Store};
use crate::service::error::Fault;

/// The newest entries of logs, as finished JSON.
///
/// A log that is read twice within a minute is read into memory, once for all who ask. From then on the committer adds
/// what it commits, before it answers. Readers name the [bounds](LogBounds) of the log with which their permission was
/// checked, and get what the store had then or nothing: entries of other nodes, which are not added, make the copy of a
/// log old, and it is read again.
#[derive(Debug)]
pub(crate) struct RecentEntries {
    slots: Mutex<HashMap<LogKey, Arc<Slot>>>,
    /// The number of slots, readable without the lock: a committer with nothing to add need not wait.
    count: AtomicUsize,
    bytes: AtomicUsize,
    hits: AtomicU64,
    misses: AtomicU64,
    /// The most bytes of all entries, approximately.
    max_bytes: usize,
    begun: Instant,
}

/// The number of reads of recent history by their source, and the memory of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentMetrics {
    /// Reads of history that needed no entry of the store.
    pub hits: u64,
    /// Reads of history from the store.
    pub misses: u64,
    /// Bytes of entries in memory, approximately.
    pub bytes: u64,
}

/// A log whose entries are in memory, or will be as soon as they are read.
#[derive(Debug)]
pub(crate) struct RecentLookup {
    log: LogKey,
    slot: Arc<Slot>,
}

/// The most bytes of entries, approximately, of all logs.
const BYTES: usize = 64 * 1_024 * 1_024;
/// The most logs.
const LOGS: usize = 20_000;
/// The memory of a log beside its entries, approximately.
const SLOT_BYTES: usize = 384;
/// The time within which a log is read twice before its entries are kept.
const AGAIN_WITHIN: Duration = Duration::from_secs(60);
/// The time after which the entries of a log that nobody reads are dropped.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// The time for which bounds count as those of the store where no permission is checked. Later changes follow in the log.
const FRESH_FOR: Duration = Duration::from_secs(2);

impl Default for RecentEntries {
    fn default() -> Self {
        Self::bounded(BYTES)
    }
}

impl RecentEntries {
    fn bounded(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            slots: Mutex::default(),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            begun: Instant::now(),
        }
    }
}

/// Reading.
impl RecentEntries {
    /// Notes a read of a log. Returns the log if it is worth asking it for a slice.
    pub(crate) fn lookup(&self, log: &LogKey, range: Range) -> Option<RecentLookup> {
        self.look(log, |recent| recent.has_slice(range))
    }

    /// As [`RecentEntries::lookup`], for rows.
    pub(crate) fn lookup_rows(&self, log: &LogKey, range: RowRange) -> Option<RecentLookup> {
        self.look(log, |recent| recent.may_have_rows(range))
    }

    /// Returns the entries after `cursor` and up to `until`, for the subscribers of a log who lack them; none if the
    /// store has to be asked.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn recovery_page(
        &self,
        store: &dyn Store,
        log: &LogKey,
        cursor: Seq,
        until: Seq,
    ) -> Result<Option<Arc<RecoveryPage>>, Fault> {
        if until.0.saturating_sub(cursor.0) > ENTRIES as u64 {
            return Ok(None);
        }
        let wanted = |recent: &RecentLog| recent.recovery_page(cursor, until);
        let Some(lookup) = self.look(log, |recent| wanted(recent).is_some()) else { return Ok(None) };
        self.fill(store, &lookup).await?;
        let is_fresh = self.is_within(FRESH_FOR, &lookup.slot.checked_at);
        let page = lookup.slot.filled(|recent| wanted(recent).filter(|_| is_fresh));
        Ok(page.map(Arc::new))
    }

    /// Notes that a read needed no entry of the store.
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the store was asked. `stale` is the lookup that did not help, and the bounds it was asked for: if it
    /// has not come as far meanwhile, another node has written, and the log is read again the next time.
    pub(crate) fn miss(&self, stale: Option<(&RecentLookup, LogBounds)>) {
        self.misses.fetch_add(1, Ordering::Relaxed);
        if let Some((lookup, bounds)) = stale {
            self.drop_older(&lookup.slot, bounds);
        }
    }

    /// Notes the bounds of a log that were read from the store just now.
    pub(crate) fn check(&self, log: &LogKey, bounds: LogBounds) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Some(slot) = self.slots.lock().get(log).cloned() else { return };
        let is_same = |recent: &RecentLog| {
            recent.bounds().epoch == bounds.epoch && recent.bounds().begins == bounds.begins
        };
        if slot.filled(|recent| is_same(recent).then_some(())).is_some() {
            slot.checked_at.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Returns the metrics.
    pub(crate) fn metrics(&self) -> RecentMetrics {
        RecentMetrics {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed) as u64,
        }
    }

    fn look(&self, log: &LogKey, is_here: impl FnOnce(&RecentLog) -> bool) -> Option<RecentLookup> {
        let now = self.now();
        let mut slots = self.slots.lock();
        let Some(slot) = slots.get(log).cloned() else {
            slots.insert(log.clone(), Arc::new(Slot::new(now)));
            self.count.store(slots.len(), Ordering::Relaxed);
            self.bytes.fetch_add(SLOT_BYTES, Ordering::Relaxed);
            drop(slots);
            self.shrink();
            return None;
        };
        drop(slots);
        let is_again = self.is_within(AGAIN_WITHIN, &slot.read_at);
        slot.read_at.store(now, Ordering::Relaxed);
        let is_worth_it = match &*slot.state.lock() {
            State::Cold => is_again,
            State::Filling(..) => true,
            State::Filled(recent) => is_here(recent),
            State::Gone => false,
        };
        is_worth_it.then(|| RecentLookup { log: log.clone(), slot })
    }

    /// Reads from a log, once its entries are in memory: a [slice](RecentLog::slice), for example. None if the store has
    /// to be asked.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn read<T>(
        &self,
        store: &dyn Store,
        lookup: &RecentLookup,
        read: impl FnOnce(&RecentLog) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        self.fill(store, lookup).await?;
        let found = lookup.slot.filled(read);
        if found.is_some() {
            lookup.slot.checked_at.store(self.now(), Ordering::Relaxed);
        }
        Ok(found)
    }

    /// Reads the entries of a log into memory, unless they are there or somebody else reads them just now.
    async fn fill(&self, store: &dyn Store, RecentLookup { log, slot }: &RecentLookup) -> Result<(), Fault> {
        if slot.filled(|_| Some(())).is_some() {
            return Ok(());
        }
        let _turn = slot.filling.lock().await;
        match &mut *slot.state.lock() {
            State::Filled(_) | State::Gone => return Ok(()),
            // Also one that was given up, whose reader has gone away.
            state => self.replace(state, State::Filling(Vec::new(), 0)),
        }
        let (range, now) = (Range { limit: ENTRIES, ..Range::default() }, self.now());
        let page = store.reader(log.application).page(&log.topic, range).await;
        let read = page.as_ref().ok().and_then(RecentLog::of);
        let mut state = slot.state.lock();
        if let State::Filling(changes, _) = &*state {
            // A commit that the page has is not applied again.
            let apply = |mut recent: RecentLog| {
                changes.iter().all(|change| recent.apply(change)).then_some(State::Filled(recent))
            };
            let filled = read.and_then(apply).unwrap_or(State::Cold);
            self.replace(&mut state, filled);
            slot.checked_at.store(now, Ordering::Relaxed);
        }
        drop(state);
        self.shrink();
        page.map(|_| ())
    }
}

/// Writing.
impl RecentEntries {
    /// Adds a commit of this node, before its entries are published and its callers answered.
    pub(crate) fn commit(
        &self,
        appended: &[AppendedFrame<'_>],
        rewritten: Vec<Rewritten>,
        shortened: Vec<Shortened>,
    ) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let slots = self.slots.lock();
        let mut changes = Changes::of(&slots);
        for one in appended {
            let Appended { log, entry, .. } = one.appended;
            if let Some(change) = changes.part(log) {
                change.appended.push((entry.seq, RecentEntry::new(&entry.data, one.frame())));
            }
        }
        for Rewritten { log, entry } in rewritten {
            if let Some(change) = changes.part(&log) {
                change.rewritten.push(entry);
            }
        }
        for Shortened { log, from, to } in shortened {
            if let Some(change) = changes.part(&log) {
                change.begins.push((from, to));
            }
        }
        let changes = changes.into_parts();
        drop(slots);
        if changes.is_empty() {
            return;
        }
        for (slot, change) in changes {
            self.apply(&slot, change);
        }
        self.shrink();
    }

    /// Drops the entries of a log that is gone.
    pub(crate) fn close(&self, log: &LogKey) {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.remove(log) {
            self.remove(&slot);
        }
        self.count.store(slots.len(), Ordering::Relaxed);
    }

    /// Drops the logs that nobody reads any more.
    pub(crate) fn tidy(&self) {
        let mut slots = self.slots.lock();
        slots.retain(|_, slot| {
            let is_kept = self.is_within(KEPT_FOR, &slot.read_at);
            if !is_kept {
                self.remove(slot);
            }
            is_kept
        });
        self.count.store(slots.len(), Ordering::Relaxed);
    }

    fn apply(&self, slot: &Slot, change: LogChange) {
        let mut state = slot.state.lock();
        match &mut *state {
            State::Cold | State::Gone => {}
            State::Filling(changes, bytes) => {
                let more = change.bytes();
                *bytes += more;
                self.bytes.fetch_add(more, Ordering::Relaxed);
                changes.push(change);
                if *bytes > LOG_BYTES {
                    self.replace(&mut state, State::Cold);
                }
            }
            State::Filled(recent) => {
                let before = recent.bytes();
                let is_whole = recent.apply(&change);
                self.bytes.fetch_add(recent.bytes(), Ordering::Relaxed);
                self.bytes.fetch_sub(before, Ordering::Relaxed);
                if !is_whole {
                    self.replace(&mut state, State::Cold);
                }
            }
        }
    }

    /// Drops the entries of a log that has changed elsewhere since: the store had these bounds before.
    fn drop_older(&self, slot: &Slot, bounds: LogBounds) {
        let mut state = slot.state.lock();
        if let State::Filled(recent) = &*state {
            let LogBounds { epoch, begins, head } = recent.bounds();
            if epoch != bounds.epoch || begins < bounds.begins || head < bounds.head {
                self.replace(&mut state, State::Cold);
            }
        }
    }

    /// Removes the logs read longest ago, if all of them together are too much.
    fn shrink(&self) {
        let is_too_much = |logs: usize, parts| {
            self.bytes.load(Ordering::Relaxed) > self.max_bytes / 8 * parts || logs > LOGS / 8 * parts
        };
        if !is_too_much(self.count.load(Ordering::Relaxed), 8) {
            return;
        }
        let mut slots = self.slots.lock();
        let read_at = |slot: &Arc<Slot>| slot.read_at.load(Ordering::Relaxed);
        let mut oldest: Vec<_> = slots.iter().map(|(log, slot)| (read_at(slot), log.clone())).collect();
        oldest.sort_unstable();
        for (_, log) in oldest {
            if !is_too_much(slots.len(), 7) {
                break;
            }
            if let Some(slot) = slots.remove(&log) {
                self.remove(&slot);
            }
        }
        self.count.store(slots.len(), Ordering::Relaxed);
    }

    /// Ends the use of a slot.
    fn remove(&self, slot: &Slot) {
        self.replace(&mut slot.state.lock(), State::Gone);
        self.bytes.fetch_sub(SLOT_BYTES, Ordering::Relaxed);
    }

    /// Replaces the state of a slot, and counts the bytes.
    fn replace(&self, state: &mut State, now: State) {
        self.bytes.fetch_add(now.bytes(), Ordering::Relaxed);
        self.bytes.fetch_sub(state.bytes(), Ordering::Relaxed);
        *state = now;
    }

    /// Returns the time in milliseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_within(&self, span: Duration, since: &AtomicU64) -> bool {
        u128::from(self.now().saturating_sub(since.load(Ordering::Relaxed))) <= span.as_millis()
    }
}

#[cfg(test)]
mod tests;
