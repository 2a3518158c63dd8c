//! The store, two nodes that write to it, the broker of one and its shards, as the threads of a scenario share them.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use broker::{Broker, Ends, Frame, LogBytes, Shard};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::Ordering;
use shuttle::thread;
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

use crate::user::User;

/// The broker of this node, and the facts in the store, which another node writes to as well.
pub(crate) struct World {
    pub(crate) broker: Arc<Broker>,
    facts: Mutex<Facts>,
}

/// The contents of the store.
#[derive(Default)]
struct Facts {
    entries: Vec<Fact>,
    /// The number of the oldest entries that are no longer kept.
    lost: usize,
    /// True if the log was deleted.
    is_gone: bool,
    /// The heads that another node has told this one.
    hints: Vec<Seq>,
}

/// The meaning of an entry for the right to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A message.
    Said,
    /// A user is removed, and gets this entry as the last one.
    Removed(UserId),
    /// A user is a member again.
    Joined(UserId),
}

/// Reads what another node has written, when this node lacks it.
pub(crate) struct Tailer {
    world: Arc<World>,
    /// The most entries that are read at once.
    page: usize,
    /// True if entries are not read, but only the rights that end with them.
    skips: bool,
}

/// A shard as a runtime runs it: polled only when it was woken.
pub(crate) struct RunningShard {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    woken: Arc<Woken>,
}

/// Not one of the scheduler's atomics: a wake is one step.
struct Woken(std::sync::atomic::AtomicBool);

/// The number of rounds after which a scenario counts as a livelock.
const MOST_ROUNDS: usize = 200;

pub(crate) fn log_key() -> LogKey {
    LogKey::new(ApplicationId::BUILT_IN, Topic::new("news").unwrap())
}

/// Returns an entry's frame.
pub(crate) fn frame(seq: u64) -> Frame {
    Frame::text(&seq.to_string())
}

impl Fact {
    fn ends(self) -> Ends {
        match self {
            Self::Removed(user) => Ends::of(user),
            Self::Said | Self::Joined(_) => Ends::Nobody,
        }
    }
}

impl World {
    /// Creates a world of two shards, whose logs keep at most `log_bytes` of frames; each frame has three.
    pub(crate) fn new(log_bytes: usize) -> (Arc<Self>, Vec<RunningShard>) {
        let log_bytes = LogBytes { topic: log_bytes, all: usize::MAX };
        let (broker, shards) = Broker::new(log_bytes, 2.try_into().unwrap());
        let world = Self { broker: Arc::new(broker), facts: Mutex::default() };
        (Arc::new(world), shards.into_iter().map(RunningShard::new).collect())
    }

    /// Commits messages, all at once, and then admits them.
    pub(crate) fn commit(&self, count: usize) {
        self.commit_facts(&vec![Fact::Said; count]);
    }

    /// Commits entries, all at once, and then admits them.
    pub(crate) fn commit_facts(&self, facts: &[Fact]) {
        let first = self.write(facts);
        let ends: Vec<Ends> = facts.iter().map(|fact| fact.ends()).collect();
        let frames = (first..).zip(&ends).map(|(seq, ends)| (Seq(seq), ends, frame(seq)));
        self.broker.admit_all(&log_key(), frames);
    }

    /// Commits entries as another node does; this node only hears that there are some.
    pub(crate) fn commit_elsewhere(&self, facts: &[Fact]) {
        let first = self.write(facts);
        self.facts.lock().unwrap().hints.push(Seq(first + facts.len() as u64 - 1));
    }

    /// Commits entries as another node does, whose hint is lost.
    pub(crate) fn commit_unheard(&self, facts: &[Fact]) {
        self.write(facts);
    }

    /// Removes a user with an entry that they still get.
    pub(crate) fn remove(&self, user: UserId) {
        self.commit_facts(&[Fact::Removed(user)]);
    }

    /// Deletes the log, with everything in it.
    pub(crate) fn delete(&self) {
        self.facts.lock().unwrap().is_gone = true;
        self.broker.close(&log_key());
    }

    /// Removes all entries so far, as a store does that keeps the newest ones only.
    pub(crate) fn lose_all(&self) {
        let mut facts = self.facts.lock().unwrap();
        facts.lost = facts.entries.len();
    }

    pub(crate) fn signal(&self, number: u64) {
        self.broker.signal(&log_key(), || Frame::text(&format!("signal {number}")));
    }

    /// Returns the head of the log, the oldest entry that is kept, and whether a user may read it, as of one moment.
    pub(crate) fn open(&self, user: UserId) -> (u64, u64, bool) {
        let facts = self.facts.lock().unwrap();
        let standing = facts.entries.iter().rev().find_map(|fact| match fact {
            Fact::Removed(of) if *of == user => Some(false),
            Fact::Joined(of) if *of == user => Some(true),
            _ => None,
        });
        (facts.entries.len() as u64, facts.lost as u64 + 1, standing.unwrap_or(true) && !facts.is_gone)
    }

    /// Returns the Seq of an entry.
    pub(crate) fn seq_of(&self, fact: Fact) -> u64 {
        let facts = self.facts.lock().unwrap();
        facts.entries.iter().position(|one| *one == fact).map_or(0, |place| place as u64 + 1)
    }

    /// Writes entries to the store; returns the Seq of the first.
    fn write(&self, facts: &[Fact]) -> u64 {
        let mut all = self.facts.lock().unwrap();
        let first = all.entries.len() as u64 + 1;
        all.entries.extend(facts);
        first
    }
}

impl Tailer {
    pub(crate) fn new(world: &Arc<World>, page: usize, skips: bool) -> Self {
        Self { world: Arc::clone(world), page, skips }
    }

    /// Reads one slice of what is missing; returns false if nothing is, as far as this node has been told.
    pub(crate) fn poll(&self) -> bool {
        let world = &self.world;
        let told = pin!(world.broker.gaps_noted()).poll(&mut Context::from_waker(Waker::noop()));
        let gaps = if told.is_ready() { world.broker.take_gaps() } else { HashMap::new() };
        let hints = std::mem::take(&mut world.facts.lock().unwrap().hints);
        let is_told = told.is_ready() || !hints.is_empty();
        hints.into_iter().for_each(|head| world.broker.learn(&log_key(), head));
        if gaps.is_empty() {
            return is_told;
        }
        let Some(after) = world.broker.admitted(&log_key()) else { return is_told };
        let first = usize::try_from(after.0).unwrap();
        let (slice, lost) = {
            let facts = world.facts.lock().unwrap();
            let to = facts.entries.len().min(first + self.page);
            (facts.entries[first..to].to_vec(), facts.lost)
        };
        if lost > first {
            world.broker.begin_anew(&log_key());
        } else if self.skips {
            let ends = (after.0 + 1..).zip(&slice).map(|(seq, fact)| (Seq(seq), fact.ends()));
            let ends: Vec<_> = ends.filter(|(_, ends)| !ends.is_nobody()).collect();
            world.broker.skip(&log_key(), after, Seq(after.0 + slice.len() as u64), &ends);
        } else {
            for (seq, fact) in (after.0 + 1..).zip(slice) {
                world.broker.admit(&log_key(), Seq(seq), &fact.ends(), || frame(seq));
            }
        }
        true
    }

    /// Runs it in a thread for a few polls.
    pub(crate) fn spawn(self) -> thread::JoinHandle<Self> {
        thread::spawn(move || {
            for _ in 0..4 {
                self.poll();
                thread::yield_now();
            }
            self
        })
    }
}

impl RunningShard {
    fn new(shard: Shard) -> Self {
        Self { task: Box::pin(shard.run()), woken: Arc::new(Woken(true.into())) }
    }

    /// Polls the shard if it was woken; returns true if so.
    pub(crate) fn poll_if_woken(&mut self) -> bool {
        let woken = self.woken.0.swap(false, Ordering::SeqCst);
        if woken {
            let waker = Waker::from(Arc::clone(&self.woken));
            let _ = self.task.as_mut().poll(&mut Context::from_waker(&waker));
        }
        woken
    }

    /// Runs each shard in a thread for a few polls.
    pub(crate) fn spawn(shards: Vec<Self>) -> Vec<thread::JoinHandle<Self>> {
        let spawn = |mut shard: Self| {
            thread::spawn(move || {
                for _ in 0..4 {
                    shard.poll_if_woken();
                    thread::yield_now();
                }
                shard
            })
        };
        shards.into_iter().map(spawn).collect()
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Ends a scenario: joins all threads, gives every socket room, and polls tailer, shards and users until none has
/// anything to do. Returns the users.
pub(crate) fn settle<const N: usize>(
    tailer: thread::JoinHandle<Tailer>,
    shards: Vec<thread::JoinHandle<RunningShard>>,
    users: [thread::JoinHandle<User>; N],
) -> [User; N] {
    let mut users = users.map(|user| user.join().unwrap());
    let mut shards: Vec<_> = shards.into_iter().map(|shard| shard.join().unwrap()).collect();
    let tailer = tailer.join().unwrap();
    users.iter().for_each(|user| user.peer()(usize::MAX));
    for _ in 0..MOST_ROUNDS {
        let reads = tailer.poll();
        let any_shard = shards.iter_mut().fold(false, |any, shard| shard.poll_if_woken() | any);
        let any_user = users.iter_mut().fold(false, |any, user| user.poll_task() | any);
        if !reads && !any_shard && !any_user {
            users.iter_mut().for_each(User::receive);
            return users;
        }
    }
    panic!("the scenario does not settle: a livelock");
}
