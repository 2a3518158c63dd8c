//! The recovery cache: pages of history shared by subscribers that fell behind together, where
//! [`RecentEntries`](super::recent_entries::RecentEntries) does not reach.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::Frame;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use wire::limits::PAGE_ENTRIES;
use wire::{Epoch, LogKey, Seq};

use crate::ports::store::{Range, Store};
use crate::service::error::Fault;

/// Pages of history, as finished frames, for subscribers that fell behind the broker's log. Those that lack the same
/// page at about the same time share one read of the store: after a network restart on the way, all do.
#[derive(Debug)]
pub(crate) struct RecoveryCache {
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    slots: HashMap<(LogKey, u64), Slot>,
    /// The bytes of their frames, approximately.
    bytes: usize,
    /// The time of the last sweep of expired pages.
    swept: Instant,
}

/// A page of consecutive entries as finished frames, shared by subscribers.
#[derive(Debug)]
pub(crate) struct RecoveryPage {
    /// The Seq of the first frame.
    first: Seq,
    frames: Vec<Frame>,
    /// The bytes of the frames.
    bytes: usize,
    /// The epoch of the log.
    pub(crate) epoch: Epoch,
    /// The oldest entry that history had.
    pub(crate) begins: Seq,
}

#[derive(Clone, Debug)]
struct Slot {
    since: Instant,
    gap: Arc<OnceCell<Arc<RecoveryPage>>>,
}

/// The time for which a page is shared. Changes in the meantime follow in the log.
const SHARED_FOR: Duration = Duration::from_secs(2);
/// The most bytes of frames, approximately, that are kept to be shared.
const SHARED_BYTES: usize = 16 * 1_024 * 1_024;

impl Default for RecoveryCache {
    fn default() -> Self {
        Self { pages: Mutex::new(Pages { slots: HashMap::new(), bytes: 0, swept: Instant::now() }) }
    }
}

impl RecoveryCache {
    /// Returns a page that begins after `cursor`; it has all entries up to `until`, or up to its end.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) async fn page(
        &self,
        store: &dyn Store,
        log: &LogKey,
        cursor: Seq,
        until: Seq,
    ) -> Result<Arc<RecoveryPage>, Fault> {
        let number = cursor.0 / PAGE_ENTRIES as u64;
        let last = until.min(Seq((number + 1).saturating_mul(PAGE_ENTRIES as u64)));
        loop {
            let slot = self.slot(log, number);
            let is_own = AtomicBool::new(false);
            let gap = slot.gap.get_or_try_init(|| {
                is_own.store(true, Ordering::Relaxed);
                read(store, log, number)
            });
            let gap = Arc::clone(gap.await?);
            // A page that was read for another subscriber may be older than this request.
            let is_own = is_own.load(Ordering::Relaxed);
            if is_own {
                self.pages().bytes += gap.bytes;
            }
            if is_own || gap.last() >= last {
                return Ok(gap);
            }
            self.forget(log, number, &slot);
        }
    }

    /// Drops pages that are no longer shared.
    pub(crate) fn tidy(&self) {
        self.pages().sweep(Instant::now());
    }

    fn slot(&self, log: &LogKey, number: u64) -> Slot {
        let now = Instant::now();
        let mut pages = self.pages();
        let key = (log.clone(), number);
        if let Some(slot) = pages.slots.get(&key).filter(|slot| now < slot.since + SHARED_FOR) {
            return slot.clone();
        }
        // Rarely: after a restart every subscriber lacks another page, and all of them come here.
        if now >= pages.swept + SHARED_FOR {
            pages.sweep(now);
        }
        if pages.bytes > SHARED_BYTES {
            pages.slots.clear();
            pages.bytes = 0;
        }
        let slot = Slot { since: now, gap: Arc::default() };
        pages.slots.insert(key, slot.clone());
        slot
    }

    fn forget(&self, log: &LogKey, number: u64, slot: &Slot) {
        let mut pages = self.pages();
        let key = (log.clone(), number);
        if pages.slots.get(&key).is_some_and(|now| Arc::ptr_eq(&now.gap, &slot.gap)) {
            pages.slots.remove(&key);
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock()
    }
}

impl Pages {
    /// Drops pages that are too old to be shared.
    fn sweep(&mut self, now: Instant) {
        self.slots.retain(|_, slot| now < slot.since + SHARED_FOR);
        self.bytes = self.slots.values().filter_map(|slot| slot.gap.get()).map(|gap| gap.bytes).sum();
        self.swept = now;
    }
}

impl RecoveryPage {
    /// Makes a page of the frames from a Seq on.
    pub(crate) fn new(first: Seq, frames: Vec<Frame>, epoch: Epoch, begins: Seq) -> Self {
        let bytes = frames.iter().map(|frame| frame.bytes().len()).sum();
        Self { first, frames, bytes, epoch, begins }
    }

    /// Returns the frames after `cursor` and not after `until`.
    pub(crate) fn between(&self, cursor: Seq, until: Seq) -> &[Frame] {
        let place = |seq: Seq| {
            let place = usize::try_from(seq.next().0.saturating_sub(self.first.0)).unwrap_or(usize::MAX);
            place.min(self.frames.len())
        };
        self.frames.get(place(cursor)..place(until)).unwrap_or_default()
    }

    /// Returns the Seq of the last frame; the one before the first if there is none.
    fn last(&self) -> Seq {
        Seq((self.first.0 + self.frames.len() as u64).saturating_sub(1))
    }
}

async fn read(store: &dyn Store, log: &LogKey, number: u64) -> Result<Arc<RecoveryPage>, Fault> {
    let before_first = Seq(number.saturating_mul(PAGE_ENTRIES as u64));
    let before = Seq(before_first.0.saturating_add(PAGE_ENTRIES as u64)).next();
    let range = Range { after: Some(before_first), before: Some(before), limit: PAGE_ENTRIES };
    let page = store.reader(log.application).page(&log.topic, range).await?;
    let first = page.entries.first().map_or(before_first.next(), |entry| entry.seq);
    let frames: Vec<_> = page.entries.iter().map(|entry| Frame::text(&entry.encode())).collect();
    Ok(Arc::new(RecoveryPage::new(first, frames, page.epoch, page.begins)))
}
