//! A topic: its log and its subscribers.

mod cutoff;
mod presence;

use std::sync::Arc;

use slab::Slab;
use wire::{LogKey, Seq};

use crate::log::Log;
use crate::log::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, unpoisoned};
use crate::websocket::Frame;

pub use cutoff::Ends;
pub(crate) use presence::PresenceChanges;
pub use presence::{Presence, PresenceChange};

/// One topic with a subscriber: its logs and its subscribers. `C` is a connection; a topic knows nothing of it.
#[derive(Debug)]
pub(crate) struct TopicLog<C> {
    pub(crate) key: LogKey,
    /// A number that, unlike the key, is never reused in this process.
    pub(crate) number: u64,
    /// The head of the log, readable without its lock: most connections of a pass lack nothing here.
    head: AtomicU64,
    log: Mutex<Log>,
    /// Ephemeral events: a log of its own, which nobody resumes.
    signal_head: AtomicU64,
    signals: Mutex<Log>,
    /// The subscribers, by shard.
    members: Box<[Members<C>]>,
    /// Both heads at the last [`TopicLog::shrink_if_idle`].
    quiet_at: [AtomicU64; 2],
}

/// The subscribers of a topic in one shard.
#[derive(Debug)]
struct Members<C> {
    subscribers: Mutex<Slab<Arc<Subscriber<C>>>>,
    /// Their number, readable without the lock.
    count: AtomicUsize,
    /// True if the topic is in the shard's queue.
    told: AtomicBool,
}

/// A topic's view of one subscription.
#[derive(Debug)]
pub(crate) struct Subscriber<C> {
    pub(crate) connection: Arc<C>,
    /// The last Seq that may be delivered.
    until: AtomicU64,
    /// The last Seq that was delivered, for the metrics.
    given: AtomicU64,
    /// True if it is active: the permission was checked.
    reads: AtomicBool,
}

/// The value of `until` before any end.
const NEVER: u64 = u64::MAX;

impl<C> TopicLog<C> {
    pub(crate) fn new(key: LogKey, number: u64, shards: usize, entries: Log, signals: Log) -> Self {
        Self {
            key,
            number,
            head: AtomicU64::new(0),
            log: Mutex::new(entries),
            signal_head: AtomicU64::new(0),
            signals: Mutex::new(signals),
            members: (0..shards).map(|_| Members::default()).collect(),
            quiet_at: [AtomicU64::new(0), AtomicU64::new(0)],
        }
    }

    pub(crate) fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        unpoisoned(&self.log)
    }

    pub(crate) fn signal_head(&self) -> Seq {
        Seq(self.signal_head.load(Ordering::Acquire))
    }

    pub(crate) fn signals(&self) -> MutexGuard<'_, Log> {
        unpoisoned(&self.signals)
    }

    /// Adds a subscriber to a shard; returns its slot there.
    pub(crate) fn add_subscriber(&self, shard: usize, connection: Arc<C>) -> (usize, Arc<Subscriber<C>>) {
        let members = &self.members[shard];
        let subscriber = Arc::new(Subscriber::new(connection));
        let slot = members.subscribers().insert(Arc::clone(&subscriber));
        members.count.fetch_add(1, Ordering::Release);
        (slot, subscriber)
    }

    /// Removes a subscriber; returns true if it was the last.
    pub(crate) fn remove_subscriber(&self, shard: usize, slot: usize) -> bool {
        let members = &self.members[shard];
        drop(members.subscribers().remove(slot));
        members.count.fetch_sub(1, Ordering::Release);
        self.members.iter().all(|members| members.count.load(Ordering::Acquire) == 0)
    }

    /// Visits every subscriber, under the lock: the visitor must not wait for one.
    pub(crate) fn for_each_subscriber(&self, mut look: impl FnMut(&Arc<Subscriber<C>>)) {
        for members in &self.members {
            members.subscribers().iter().for_each(|(_, subscriber)| look(subscriber));
        }
    }

    /// Visits the connections of the subscribers in one shard, which is about to flush them.
    pub(crate) fn tell(&self, shard: usize, mut each: impl FnMut(&Arc<C>)) {
        let members = &self.members[shard];
        // Before the log is read: later appends queue the topic again. A swap and not a store, so that the appends of
        // publishers that found it queued are visible.
        members.told.swap(false, Ordering::AcqRel);
        members.subscribers().iter().for_each(|(_, subscriber)| each(&subscriber.connection));
    }

    /// Appends an ephemeral event, and has the shards with subscribers woken.
    pub(crate) fn signal(&self, frame: Frame, wake: impl FnMut(usize)) {
        let mut signals = self.signals();
        let next = signals.head().next();
        signals.append(next, frame);
        self.signal_head.store(next.0, Ordering::Release);
        drop(signals);
        self.wake(wake);
    }

    /// Changes the log, then has the shards with subscribers woken.
    pub(crate) fn change(&self, wake: impl FnMut(usize), change: impl FnOnce(&mut Log)) {
        let mut log = self.log();
        change(&mut log);
        self.head.store(log.head().0, Ordering::Release);
        drop(log);
        self.wake(wake);
    }

    /// Drops the frames of each log that did not change since the last call.
    pub(crate) fn shrink_if_idle(&self) {
        let [entries, signals] = &self.quiet_at;
        let is_quiet = |at: &AtomicU64, head: Seq| at.swap(head.0, Ordering::AcqRel) == head.0;
        if is_quiet(entries, self.head()) {
            self.log().shrink();
        }
        if is_quiet(signals, self.signal_head()) {
            self.signals().shrink();
        }
    }

    /// Calls `wake` with each shard that has subscribers and does not have the topic in its queue.
    fn wake(&self, mut wake: impl FnMut(usize)) {
        for (shard, members) in self.members.iter().enumerate() {
            if members.count.load(Ordering::Acquire) > 0 && !members.told.swap(true, Ordering::AcqRel) {
                wake(shard);
            }
        }
    }
}

impl<C> Default for Members<C> {
    fn default() -> Self {
        Self { subscribers: Mutex::default(), count: AtomicUsize::new(0), told: AtomicBool::new(false) }
    }
}

impl<C> Members<C> {
    fn subscribers(&self) -> MutexGuard<'_, Slab<Arc<Subscriber<C>>>> {
        unpoisoned(&self.subscribers)
    }
}

impl<C> Subscriber<C> {
    const fn new(connection: Arc<C>) -> Self {
        Self {
            connection,
            until: AtomicU64::new(NEVER),
            given: AtomicU64::new(0),
            reads: AtomicBool::new(false),
        }
    }

    /// Returns the last Seq that was delivered.
    pub(crate) fn given(&self) -> Seq {
        Seq(self.given.load(Ordering::Relaxed))
    }

    pub(crate) fn note_given(&self, last: Seq) {
        self.given.store(last.0, Ordering::Relaxed);
    }

    /// Returns the last Seq that may be delivered; the largest there is before any end.
    pub(crate) fn until(&self) -> Seq {
        Seq(self.until.load(Ordering::Acquire))
    }

    /// Returns true if the permission has ended, at whatever Seq.
    pub(crate) fn has_ended(&self) -> bool {
        self.until().0 != NEVER
    }

    /// Ends the subscription after this Seq.
    pub(crate) fn end(&self, after: Seq) {
        self.until.fetch_min(after.0, Ordering::AcqRel);
    }

    /// Activates it, after the permission was checked.
    pub(crate) fn begin(&self) {
        self.reads.store(true, Ordering::Release);
    }

    /// Returns true if it is active and has not ended.
    pub(crate) fn reads(&self) -> bool {
        self.reads.load(Ordering::Acquire) && !self.has_ended()
    }
}
