//! The store, the broker and its shards, as the threads of a scenario share them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use broker::{Broker, Ended, Frame, LogBytes, Shard};
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::thread;
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

use crate::user::User;

/// The broker, and what the store knows: the committed entries and the permission to read them.
pub(crate) struct World {
    pub(crate) broker: Arc<Broker>,
    /// The newest entry of the store, which is committed before the broker publishes it.
    head: AtomicU64,
    /// True if the permission to read has ended, for the user whom the scenario removes.
    permission_ended: AtomicBool,
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

impl World {
    /// Creates a world of two shards, whose logs keep at most `log_bytes` of frames; each frame has three.
    pub(crate) fn new(log_bytes: usize) -> (Arc<Self>, Vec<RunningShard>) {
        let log_bytes = LogBytes { topic: log_bytes, all: usize::MAX };
        let (broker, shards) = Broker::new(log_bytes, 2.try_into().unwrap());
        let (head, permission_ended) = (AtomicU64::new(0), AtomicBool::new(false));
        let world = Self { broker: Arc::new(broker), head, permission_ended };
        (Arc::new(world), shards.into_iter().map(RunningShard::new).collect())
    }

    /// Commits entries, all at once, and then publishes them.
    pub(crate) fn commit(&self, count: u64) {
        let last = self.head.fetch_add(count, Ordering::SeqCst);
        for seq in last + 1..=last + count {
            self.broker.publish(&log_key(), Seq(seq), || frame(seq));
        }
    }

    /// Commits an entry as another node does; this node only learns the new head.
    pub(crate) fn commit_elsewhere(&self) {
        let last = self.head.fetch_add(1, Ordering::SeqCst);
        self.broker.advance_head(&log_key(), Seq(last + 1));
    }

    /// Removes a user with an entry that they still get.
    pub(crate) fn remove(&self, user: UserId) {
        self.permission_ended.store(true, Ordering::SeqCst);
        self.commit(1);
        self.broker.end(&log_key(), Ended::Of(user), Seq(self.head()));
    }

    /// Ends the subscriptions of all users, without an entry.
    pub(crate) fn end_all(&self) {
        self.permission_ended.store(true, Ordering::SeqCst);
        self.broker.end(&log_key(), Ended::All, Seq(self.head()));
    }

    pub(crate) fn signal(&self, number: u64) {
        self.broker.signal(&log_key(), || Frame::text(&format!("signal {number}")));
    }

    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::SeqCst)
    }

    pub(crate) fn permission_ended(&self) -> bool {
        self.permission_ended.load(Ordering::SeqCst)
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

/// Ends a scenario: joins all threads, gives every socket room, and polls shards and users until none is woken. Returns
/// the users.
pub(crate) fn settle<const N: usize>(
    shards: Vec<thread::JoinHandle<RunningShard>>,
    users: [thread::JoinHandle<User>; N],
) -> [User; N] {
    let mut users = users.map(|user| user.join().unwrap());
    let mut shards: Vec<_> = shards.into_iter().map(|shard| shard.join().unwrap()).collect();
    users.iter().for_each(|user| user.peer()(usize::MAX));
    for _ in 0..MOST_ROUNDS {
        let any_shard = shards.iter_mut().fold(false, |any, shard| shard.poll_if_woken() | any);
        let any_user = users.iter_mut().fold(false, |any, user| user.poll_task() | any);
        if !any_shard && !any_user {
            users.iter_mut().for_each(User::receive);
            return users;
        }
    }
    panic!("the scenario does not settle: a livelock");
}
