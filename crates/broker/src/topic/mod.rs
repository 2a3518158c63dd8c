//! A topic: its log and its subscribers.

mod admission;
mod cutoff;
mod gaps;
mod presence;
mod subscriber;

use std::sync::Arc;

use slab::Slab;
use wire::{LogKey, Seq};

use crate::log::Log;
use crate::log::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, unpoisoned};
use crate::websocket::Frame;

pub(crate) use admission::{Admission, Cut};
pub use cutoff::Ends;
pub(crate) use gaps::Gaps;
pub(crate) use presence::PresenceChanges;
pub use presence::{Presence, PresenceChange};
pub(crate) use subscriber::Subscriber;

/// One topic with a subscriber: its logs and its subscribers. `C` is a connection; a topic knows nothing of it.
#[derive(Debug)]
pub(crate) struct TopicLog<C> {
    pub(crate) key: LogKey,
    /// A number that, unlike the key, is never reused in this process.
    pub(crate) number: u64,
    /// The head of the log, readable without its lock: most connections of a pass lack nothing here.
    head: AtomicU64,
    entries: Mutex<Admission>,
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

impl<C> TopicLog<C> {
    pub(crate) fn new(key: LogKey, number: u64, shards: usize, entries: Log, signals: Log) -> Self {
        Self {
            key,
            number,
            head: AtomicU64::new(0),
            entries: Mutex::new(Admission::new(entries)),
            signal_head: AtomicU64::new(0),
            signals: Mutex::new(signals),
            members: (0..shards).map(|_| Members::default()).collect(),
            quiet_at: [AtomicU64::new(0), AtomicU64::new(0)],
        }
    }

    pub(crate) fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    pub(crate) fn entries(&self) -> MutexGuard<'_, Admission> {
        unpoisoned(&self.entries)
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

    /// Changes the entries, then has the shards with subscribers woken. `change` gets what ends the rights of
    /// subscribers: those for which `is_of` is true. Returns the last entry that is known, if entries are missing.
    pub(crate) fn change(
        &self,
        wake: impl FnMut(usize),
        is_of: impl Fn(&C, &Ends) -> bool,
        change: impl FnOnce(&mut Admission, &mut Cut<'_>),
    ) -> Option<Seq> {
        let mut entries = self.entries();
        change(&mut entries, &mut |seq, ends| {
            self.for_each_subscriber(|subscriber| {
                if is_of(&subscriber.connection, ends) {
                    subscriber.cut(seq);
                }
            });
        });
        self.head.store(entries.log().head().0, Ordering::Release);
        let gap = entries.gap();
        drop(entries);
        self.wake(wake);
        gap
    }

    /// Notes that the log has entries up to a Seq; returns it if some of them are missing here.
    pub(crate) fn learn(&self, head: Seq) -> Option<Seq> {
        let mut entries = self.entries();
        entries.learn(head);
        entries.gap()
    }

    /// Activates a subscriber whose right was checked on a snapshot with this head; returns false if the snapshot is
    /// too old.
    pub(crate) fn activate(&self, subscriber: &Subscriber<C>, head: Seq) -> bool {
        // Under the lock, so that no entry comes in between.
        let mut entries = self.entries();
        let activated = !subscriber.is_outdated() && entries.activate(head) && subscriber.activate(head);
        self.head.store(entries.log().head().0, Ordering::Release);
        activated
    }

    /// Ends every subscription at once: the log is gone.
    pub(crate) fn close(&self) {
        let _entries = self.entries();
        self.for_each_subscriber(|subscriber| subscriber.close());
    }

    /// Ends every subscription at once, to be checked again, and begins the log anew.
    pub(crate) fn begin_anew(&self) {
        let mut entries = self.entries();
        self.for_each_subscriber(|subscriber| subscriber.outdate());
        entries.begin_anew();
        self.head.store(entries.log().head().0, Ordering::Release);
    }

    /// Drops the frames of each log that did not change since the last call.
    pub(crate) fn shrink_if_idle(&self) {
        let [entries, signals] = &self.quiet_at;
        let is_quiet = |at: &AtomicU64, head: Seq| at.swap(head.0, Ordering::AcqRel) == head.0;
        if is_quiet(entries, self.head()) {
            self.entries().log_mut().shrink();
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
