use std::sync::{Arc, PoisonError};

use slab::Slab;
use wire::{Seq, Topic};

use crate::frame::Frame;
use crate::line::Line;
use crate::log::Log;
use crate::shard::Desk;
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering};

/// One topic that somebody reads: its log and who is to be told.
#[derive(Debug)]
pub(crate) struct TopicLog {
    pub(crate) name: Topic,
    /// Unlike the name, never used again in this process.
    pub(crate) number: u64,
    /// The head of the log, readable without its lock: most lines that are looked at lack nothing here.
    head: AtomicU64,
    log: Mutex<Log>,
    /// What is told in passing: a log of its own, which nobody resumes.
    signal_head: AtomicU64,
    signals: Mutex<Log>,
    /// Who reads it, by shard.
    members: Box<[Members]>,
    /// Both heads when somebody last asked whether there was news.
    quiet_at: [AtomicU64; 2],
}

/// Who reads a topic in one shard.
#[derive(Debug, Default)]
struct Members {
    seats: Mutex<Slab<Arc<Seat>>>,
    /// How many there are, readable without the lock.
    count: AtomicUsize,
    /// Whether the shard knows already that there is news.
    told: AtomicBool,
}

/// What a topic knows of one reader.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) line: Arc<Line>,
    /// The last place this reader may be given.
    until: AtomicU64,
    /// The last place it was given, for those who count.
    given: AtomicU64,
    /// Whether it reads: its right was checked.
    reads: AtomicBool,
}

/// What an end says when nothing has ended.
const NEVER: u64 = u64::MAX;

impl TopicLog {
    pub(crate) fn new(name: Topic, number: u64, shards: usize, entries: Log, signals: Log) -> Self {
        Self {
            name,
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

    /// Adds a reader; gives its key among those of its shard.
    pub(crate) fn sit(&self, line: Arc<Line>) -> (usize, Arc<Seat>) {
        let members = &self.members[line.shard()];
        let seat = Arc::new(Seat::new(line));
        let key = members.seats().insert(Arc::clone(&seat));
        members.count.fetch_add(1, Ordering::Release);
        (key, seat)
    }

    /// Takes a reader off; gives whether nobody is left.
    pub(crate) fn stand(&self, shard: usize, key: usize) -> bool {
        let members = &self.members[shard];
        drop(members.seats().remove(key));
        members.count.fetch_sub(1, Ordering::Release);
        self.members.iter().all(|members| members.count.load(Ordering::Acquire) == 0)
    }

    /// Looks at every reader. Whoever is looked at must not be waited for.
    pub(crate) fn each(&self, mut look: impl FnMut(&Arc<Seat>)) {
        for members in &self.members {
            members.seats().iter().for_each(|(_, seat)| look(seat));
        }
    }

    /// The readers in one shard, which is about to tell them the news.
    pub(crate) fn tell(&self, shard: usize, mut each: impl FnMut(&Arc<Line>)) {
        let members = &self.members[shard];
        // Before the log is looked at: what joins it from now on is news again. A swap and not a store, so that what
        // was published by whoever found it told already is seen.
        members.told.swap(false, Ordering::AcqRel);
        members.seats().iter().for_each(|(_, seat)| each(&seat.line));
    }

    /// Tells every reader something in passing.
    pub(crate) fn signal(self: &Arc<Self>, frame: Frame, desks: &[Arc<Desk>]) {
        let mut signals = self.signals();
        let next = signals.head().next();
        signals.append(next, frame);
        self.signal_head.store(next.0, Ordering::Release);
        drop(signals);
        self.wake(desks);
    }

    /// Changes the log, then tells the shards where it has readers.
    pub(crate) fn change(self: &Arc<Self>, desks: &[Arc<Desk>], change: impl FnOnce(&mut Log)) {
        let mut log = self.log();
        change(&mut log);
        self.head.store(log.head().0, Ordering::Release);
        drop(log);
        self.wake(desks);
    }

    /// Forgets the frames of each log that had no news since this was called last.
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

    fn wake(self: &Arc<Self>, desks: &[Arc<Desk>]) {
        for (members, desk) in self.members.iter().zip(desks) {
            if members.count.load(Ordering::Acquire) > 0 && !members.told.swap(true, Ordering::AcqRel) {
                desk.topic(Arc::clone(self));
            }
        }
    }
}

impl Members {
    fn seats(&self) -> MutexGuard<'_, Slab<Arc<Seat>>> {
        unpoisoned(&self.seats)
    }
}

impl Seat {
    const fn new(line: Arc<Line>) -> Self {
        Self { line, until: AtomicU64::new(NEVER), given: AtomicU64::new(0), reads: AtomicBool::new(false) }
    }

    /// The last place it was given.
    pub(crate) fn given(&self) -> Seq {
        Seq(self.given.load(Ordering::Relaxed))
    }

    pub(crate) fn note_given(&self, last: Seq) {
        self.given.store(last.0, Ordering::Relaxed);
    }

    /// The last place this reader may be given; the largest there is if nothing has ended.
    pub(crate) fn until(&self) -> Seq {
        Seq(self.until.load(Ordering::Acquire))
    }

    /// Whether its right to read has ended, now or at some place.
    pub(crate) fn has_ended(&self) -> bool {
        self.until().0 != NEVER
    }

    /// Nothing after this place is for this reader.
    pub(crate) fn end(&self, after: Seq) {
        self.until.fetch_min(after.0, Ordering::AcqRel);
    }

    /// The right of the reader was checked: it reads from now on.
    pub(crate) fn begin(&self) {
        self.reads.store(true, Ordering::Release);
    }

    /// Whether it reads and may go on.
    pub(crate) fn reads(&self) -> bool {
        self.reads.load(Ordering::Acquire) && !self.has_ended()
    }
}

/// The locks here guard plain data that is whole between any two statements, so a panic elsewhere while one
/// was held leaves nothing half done.
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
