use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use broker::{Broker, Ended, Frame, LogBytes, Shard};
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::thread;
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

use crate::person::Person;

/// The committed entries, the right to read them, and the broker.
pub(crate) struct World {
    pub(crate) broker: Arc<Broker>,
    /// The newest entry of the store, which is a fact before the broker hears of it.
    head: AtomicU64,
    /// Whether the user who is to lose the right to read has lost it.
    parted: AtomicBool,
}

/// A shard as a runtime runs it: polled when it was woken, and otherwise not.
pub(crate) struct Running {
    shard: Pin<Box<dyn Future<Output = ()> + Send>>,
    woken: Arc<Woken>,
}

/// Not one of the scheduler's: waking is one step.
struct Woken(std::sync::atomic::AtomicBool);

/// The number of rounds after which something goes in circles.
const MOST_ROUNDS: usize = 200;

pub(crate) fn log_key() -> LogKey {
    LogKey::new(ApplicationId::BUILT_IN, Topic::new("news").unwrap())
}

pub(crate) fn entry(seq: u64) -> Frame {
    Frame::text(&seq.to_string())
}

impl World {
    /// A world of two shards whose topics keep so many bytes of frames; each entry has three.
    pub(crate) fn new(log_bytes: usize) -> (Arc<Self>, Vec<Running>) {
        let log_bytes = LogBytes { topic: log_bytes, all: usize::MAX };
        let (broker, shards) = Broker::new(log_bytes, 2.try_into().unwrap());
        let (head, parted) = (AtomicU64::new(0), AtomicBool::new(false));
        let world = Self { broker: Arc::new(broker), head, parted };
        (Arc::new(world), shards.into_iter().map(Running::new).collect())
    }

    /// Makes entries facts, all at once, and then publishes them.
    pub(crate) fn commit(&self, count: u64) {
        let last = self.head.fetch_add(count, Ordering::SeqCst);
        for seq in last + 1..=last + count {
            self.broker.publish(&log_key(), Seq(seq), || entry(seq));
        }
    }

    /// Another node makes an entry a fact, and this one hears of it.
    pub(crate) fn learn(&self) {
        let last = self.head.fetch_add(1, Ordering::SeqCst);
        self.broker.advance_head(&log_key(), Seq(last + 1));
    }

    /// Takes somebody's right to read by an entry, which still is for them.
    pub(crate) fn part(&self, user: UserId) {
        self.parted.store(true, Ordering::SeqCst);
        self.commit(1);
        self.broker.end(&log_key(), Ended::Of(user), Seq(self.head()));
    }

    /// Takes everybody's right to read.
    pub(crate) fn close(&self) {
        self.parted.store(true, Ordering::SeqCst);
        self.broker.end(&log_key(), Ended::All, Seq(self.head()));
    }

    pub(crate) fn signal(&self, number: u64) {
        self.broker.signal(&log_key(), || Frame::text(&format!("signal {number}")));
    }

    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::SeqCst)
    }

    pub(crate) fn has_parted(&self) -> bool {
        self.parted.load(Ordering::SeqCst)
    }
}

impl Running {
    fn new(shard: Shard) -> Self {
        Self { shard: Box::pin(shard.run()), woken: Arc::new(Woken(true.into())) }
    }

    /// Goes on if it was woken; gives whether it was.
    pub(crate) fn go_on(&mut self) -> bool {
        let woken = self.woken.0.swap(false, Ordering::SeqCst);
        if woken {
            let waker = Waker::from(Arc::clone(&self.woken));
            let _ = self.shard.as_mut().poll(&mut Context::from_waker(&waker));
        }
        woken
    }

    /// Works beside the others for a while.
    pub(crate) fn work(shards: Vec<Self>) -> Vec<thread::JoinHandle<Self>> {
        let work = |mut shard: Self| {
            thread::spawn(move || {
                for _ in 0..4 {
                    shard.go_on();
                    thread::yield_now();
                }
                shard
            })
        };
        shards.into_iter().map(work).collect()
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Ends the story: everybody comes to the end of what they were doing, every socket has room, and then whoever is woken
/// or called goes on until nobody is. Gives the people.
pub(crate) fn settle<const N: usize>(
    shards: Vec<thread::JoinHandle<Running>>,
    people: [thread::JoinHandle<Person>; N],
) -> [Person; N] {
    let mut people = people.map(|person| person.join().unwrap());
    let mut shards: Vec<_> = shards.into_iter().map(|shard| shard.join().unwrap()).collect();
    people.iter().for_each(|person| person.peer()(usize::MAX));
    for _ in 0..MOST_ROUNDS {
        let worked = shards.iter_mut().fold(false, |any, shard| shard.go_on() | any);
        let attended = people.iter_mut().fold(false, |any, person| person.attend() | any);
        if !worked && !attended {
            people.iter_mut().for_each(Person::look);
            return people;
        }
    }
    panic!("it goes in circles");
}
