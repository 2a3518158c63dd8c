use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use wire::{Seq, UserId};

use crate::log::Log;

/// One topic that somebody reads: its log and who is to be woken.
#[derive(Debug)]
pub(crate) struct TopicLog {
    /// The head of the log, readable without its lock: most readers that wake lack nothing here.
    head: AtomicU64,
    log: Mutex<Log>,
    /// What is told in passing: a log of its own, which nobody resumes.
    signal_head: AtomicU64,
    signals: Mutex<Log>,
    seats: Mutex<HashMap<u64, Seat>>,
}

/// What all the seats of one connection share.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// Whose connection it is; ending a user's subscriptions looks for this.
    pub(crate) owner: Option<UserId>,
    /// Rung when there is news for the connection.
    pub(crate) bell: Notify,
    /// Whether nobody sits before it now.
    pub(crate) idle: AtomicBool,
}

/// What the topic knows of one reader.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Its connection.
    pub(crate) peer: Arc<Peer>,
    /// The last place this reader may be given; shared with the reader.
    pub(crate) until: Arc<AtomicU64>,
    /// Whether it reads: its right was checked.
    pub(crate) reads: bool,
}

/// How much of what was told in passing is kept for readers that are busy.
const SIGNAL_BYTES: usize = 8 * 1_024;

/// What an `until` says when nothing has ended.
pub(crate) const NEVER: u64 = u64::MAX;

impl TopicLog {
    pub(crate) const fn empty(seats: HashMap<u64, Seat>, max_bytes: usize) -> Self {
        Self {
            head: AtomicU64::new(0),
            log: Mutex::new(Log::new(max_bytes)),
            signal_head: AtomicU64::new(0),
            signals: Mutex::new(Log::new(SIGNAL_BYTES)),
            seats: Mutex::new(seats),
        }
    }

    pub(crate) fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        unpoisoned(&self.log)
    }

    pub(crate) fn seats(&self) -> MutexGuard<'_, HashMap<u64, Seat>> {
        unpoisoned(&self.seats)
    }

    pub(crate) fn signal_head(&self) -> Seq {
        Seq(self.signal_head.load(Ordering::Acquire))
    }

    pub(crate) fn signals(&self) -> MutexGuard<'_, Log> {
        unpoisoned(&self.signals)
    }

    /// The right of a reader was checked: it reads from now on.
    pub(crate) fn begin(&self, number: u64) {
        if let Some(seat) = self.seats().get_mut(&number) {
            seat.reads = true;
        }
    }

    /// Tells every reader something in passing.
    pub(crate) fn signal(&self, frame: Bytes) {
        let mut signals = self.signals();
        let next = signals.head().next();
        signals.append(next, frame);
        self.signal_head.store(next.0, Ordering::Release);
        drop(signals);
        self.wake();
    }

    /// Changes the log, then wakes every reader.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Log)) {
        let mut log = self.log();
        change(&mut log);
        self.head.store(log.head().0, Ordering::Release);
        drop(log);
        self.wake();
    }

    fn wake(&self) {
        for seat in self.seats().values() {
            seat.peer.bell.notify_one();
        }
    }
}

/// The locks here guard plain data that is whole between any two statements, so a panic elsewhere while one
/// was held leaves nothing half done.
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
