use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use wire::{Seq, Topic, UserId};

use crate::frame::Frame;
use crate::line::Line;
use crate::log::{Budget, Log};
use crate::outlet::Outlet;
use crate::presence::Stirred;
use crate::shard::{Desk, Shard};
use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::tally::Counters;
use crate::topic::{Seat, TopicLog, unpoisoned};

/// Maps topics to those who read them. One for each node, shared by all its connections.
#[derive(Debug)]
pub struct Broker {
    topics: Mutex<HashMap<Topic, Arc<TopicLog>>>,
    /// The next number of a topic, and of a connection.
    next: AtomicU64,
    /// How many bytes of frames one topic keeps.
    topic_bytes: usize,
    budget: Arc<Budget>,
    /// What is told in passing takes none of it.
    signal_budget: Arc<Budget>,
    desks: Vec<Arc<Desk>>,
    pub(crate) stirred: Stirred,
}

/// How many bytes of frames are kept for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBytes {
    /// Of one topic.
    pub topic: usize,
    /// Of all topics together. Each keeps a few frames all the same, up to 4 KiB.
    pub all: usize,
}

/// Which subscriptions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Those of one user.
    Of(UserId),
    /// All of them.
    All,
}

/// How much of what was told in passing a topic keeps for readers that are busy.
const SIGNAL_BYTES: usize = 8 * 1_024;

impl Broker {
    /// A broker whose topics keep at most `log_bytes` of frames, and its shards. Nothing is delivered unless they run;
    /// one for each core is best.
    #[must_use]
    pub fn new(log_bytes: LogBytes, shards: NonZeroUsize) -> (Self, Vec<Shard>) {
        let desks: Vec<_> = (0..shards.get()).map(|_| Arc::new(Desk::default())).collect();
        let shards = desks.iter().enumerate().map(|(number, desk)| Shard::new(number, Arc::clone(desk)));
        let shards = shards.collect();
        let broker = Self {
            topics: Mutex::default(),
            next: AtomicU64::new(0),
            topic_bytes: log_bytes.topic,
            budget: Budget::new(log_bytes.all),
            signal_budget: Budget::new(usize::MAX),
            desks,
            stirred: Stirred::default(),
        };
        (broker, shards)
    }

    /// Appends the entry at `seq` to the topic's log and wakes the shards where it has readers. `frame` is called only
    /// if anyone reads the topic. Publish in Seq order: a place at or before the head is passed over, and a leap sends
    /// the readers to history. Never waits for a reader.
    pub fn publish(&self, topic: &Topic, seq: Seq, frame: impl FnOnce() -> Frame) {
        if let Some(log) = self.find(topic) {
            let frame = frame();
            log.change(&self.desks, |log| log.append(seq, frame));
        }
    }

    /// Tells those who read the topic now something in passing: it has no place, is in no history, and a reader
    /// that is far behind may miss it.
    pub fn signal(&self, topic: &Topic, frame: impl FnOnce() -> Frame) {
        if let Some(log) = self.find(topic) {
            log.signal(frame(), &self.desks);
        }
    }

    /// Learns that the topic has entries up to `head`, which other nodes wrote: readers that lack them are
    /// sent to history.
    pub fn raise(&self, topic: &Topic, head: Seq) {
        if let Some(log) = self.find(topic) {
            self.raise_log(&log, head);
        }
    }

    /// Ends subscriptions of a topic: their readers still get what stands at or before `after`, and nothing
    /// later. Call it before anything later is published.
    pub fn end(&self, topic: &Topic, ended: Ended, after: Seq) {
        let Some(log) = self.find(topic) else { return };
        log.each(|seat| {
            let hit = match ended {
                Ended::Of(user) => seat.line.owner == Some(user),
                Ended::All => true,
            };
            if hit {
                seat.end(after);
                self.wake(&seat.line);
            }
        });
    }

    /// Forgets the frames of topics that had no news since this was called last: who lacks them finds them in history.
    pub fn shrink_idle(&self) {
        for topic in self.all() {
            topic.shrink_if_idle();
        }
    }

    /// How many topics have a reader.
    #[must_use]
    pub fn topics(&self) -> usize {
        unpoisoned(&self.topics).len()
    }

    pub(crate) fn find(&self, topic: &Topic) -> Option<Arc<TopicLog>> {
        unpoisoned(&self.topics).get(topic).cloned()
    }

    /// Every topic that somebody reads.
    pub(crate) fn all(&self) -> Vec<Arc<TopicLog>> {
        unpoisoned(&self.topics).values().cloned().collect()
    }

    /// How many bytes of frames are kept, also of what is told in passing.
    pub(crate) fn log_bytes(&self) -> usize {
        self.budget.taken() + self.signal_budget.taken()
    }

    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.desks.iter().map(|desk| &*desk.counters)
    }

    pub(crate) fn raise_log(&self, log: &Arc<TopicLog>, head: Seq) {
        if head > log.head() {
            log.change(&self.desks, |log| log.raise(head));
        }
    }

    pub(crate) fn wake(&self, line: &Arc<Line>) {
        self.desks[line.shard()].line(line);
    }

    /// A new connection, in the shard whose turn it is.
    pub(crate) fn line(&self, owner: Option<UserId>, outlet: Box<dyn Outlet>) -> Line {
        let number = usize::try_from(self.number()).unwrap_or_default();
        let shard = number % self.desks.len();
        Line::new(owner, outlet, shard, Arc::clone(&self.desks[shard].counters))
    }

    /// Adds a reader to a topic; gives its key there, the topic, and its seat.
    pub(crate) fn sit(&self, topic: &Topic, line: Arc<Line>) -> (usize, Arc<TopicLog>, Arc<Seat>) {
        // Under the map's lock, so that a topic is never dropped between being found and being read.
        let mut topics = unpoisoned(&self.topics);
        let log = topics.entry(topic.clone()).or_insert_with(|| {
            let entries = Log::new(self.topic_bytes, Arc::clone(&self.budget));
            let signals = Log::new(SIGNAL_BYTES, Arc::clone(&self.signal_budget));
            Arc::new(TopicLog::new(topic.clone(), self.number(), self.desks.len(), entries, signals))
        });
        let (key, seat) = log.sit(line);
        (key, Arc::clone(log), seat)
    }

    /// Takes a reader off a topic. A topic that nobody reads costs nothing: its log goes too.
    pub(crate) fn stand(&self, log: &TopicLog, shard: usize, key: usize) {
        let mut topics = unpoisoned(&self.topics);
        if log.stand(shard, key) {
            topics.remove(&log.name);
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}
