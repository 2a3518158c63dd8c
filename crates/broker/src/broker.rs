//! The broker: admit, signal, close, and the map from topics to subscribers.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use wire::{LogKey, Seq, UserId};

use crate::delivery::{BrokerMetrics, FrameSink, Outbound, Shard, ShardQueue};
use crate::log::sync::{AtomicU64, Mutex, Ordering, unpoisoned};
use crate::log::{Budget, Log};
use crate::topic::{
    Admission, Cut, Ends, Gaps, Presence, PresenceChange, PresenceChanges, Subscriber, TopicLog,
};
use crate::websocket::Frame;

/// Maps logs to their subscribers. Each node has one, shared by all its connections.
#[derive(Debug)]
pub struct Broker {
    topics: Mutex<HashMap<LogKey, Arc<TopicLog<Outbound>>>>,
    /// The next number for a topic or a connection.
    next: AtomicU64,
    /// The most bytes of frames that one topic keeps.
    topic_bytes: usize,
    budget: Arc<Budget>,
    /// Ephemeral events have a budget of their own.
    signal_budget: Arc<Budget>,
    queues: Vec<Arc<ShardQueue>>,
    presence_changes: PresenceChanges,
    gaps: Gaps,
}

/// The bytes of frames that the logs keep for subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBytes {
    /// Of one topic.
    pub topic: usize,
    /// Of all topics together. Each keeps a few frames all the same, up to 4 KiB.
    pub all: usize,
}

/// The bytes of ephemeral events that a topic keeps for busy subscribers.
const SIGNAL_BYTES: usize = 8 * 1_024;

impl Broker {
    /// Creates a broker whose topics keep at most `log_bytes` of frames, and its shards. Nothing is delivered unless
    /// they run; one for each core is best.
    #[must_use]
    pub fn new(log_bytes: LogBytes, shards: NonZeroUsize) -> (Self, Vec<Shard>) {
        let queues: Vec<_> = (0..shards.get()).map(|_| Arc::new(ShardQueue::default())).collect();
        let shards = queues.iter().enumerate().map(|(number, queue)| Shard::new(number, Arc::clone(queue)));
        let shards = shards.collect();
        let broker = Self {
            topics: Mutex::default(),
            next: AtomicU64::new(0),
            topic_bytes: log_bytes.topic,
            budget: Budget::new(log_bytes.all),
            signal_budget: Budget::new(usize::MAX),
            queues,
            presence_changes: PresenceChanges::default(),
            gaps: Gaps::default(),
        };
        (broker, shards)
    }

    /// Admits an entry to the topic's log, in Seq order whatever the order of the calls: what comes too early waits, and
    /// is noted as a [gap](Broker::gaps_noted); what was admitted before is ignored. `ends` are the users whose
    /// subscriptions end with the entry. `frame` is called only if the topic has a subscriber. Never waits for one.
    pub fn admit(&self, key: &LogKey, seq: Seq, ends: &Ends, frame: impl FnOnce() -> Frame) {
        self.admit_all(key, std::iter::once_with(|| (seq, ends, frame())));
    }

    /// As [`Broker::admit`] for several entries: they are all in the log before a shard is woken, so that each subscriber
    /// gets them in as few writes as their bytes need. `frames` is read only if the topic has a subscriber.
    pub fn admit_all<'a>(&self, key: &LogKey, frames: impl IntoIterator<Item = (Seq, &'a Ends, Frame)>) {
        let Some(log) = self.find(key) else { return };
        // Encoded before the lock of the log is taken.
        let frames: Vec<_> = frames.into_iter().collect();
        self.change(&log, |entries, cut| {
            frames.into_iter().for_each(|(seq, ends, frame)| entries.admit(seq, ends, frame, cut));
        });
    }

    /// Moves the topic's head from `after` to `to` without the entries in between, which readers get from history.
    /// `ends` are all among them that end a subscription. Does nothing if entries before them are missing.
    pub fn skip(&self, key: &LogKey, after: Seq, to: Seq, ends: &[(Seq, Ends)]) {
        if let Some(log) = self.find(key) {
            self.change(&log, |entries, cut| entries.skip(after, to, ends, cut));
        }
    }

    /// Ends every subscription of a topic whose log is gone.
    pub fn close(&self, key: &LogKey) {
        let Some(log) = self.find(key) else { return };
        log.close();
        log.for_each_subscriber(|subscriber| self.wake(&subscriber.connection));
    }

    /// Has every subscriber of a topic subscribe again, before anything later is delivered: the log has lost entries
    /// that this node has not seen.
    pub fn begin_anew(&self, key: &LogKey) {
        let Some(log) = self.find(key) else { return };
        log.begin_anew();
        log.for_each_subscriber(|subscriber| self.wake(&subscriber.connection));
    }

    /// Returns the Seq of the last entry that was admitted to a topic's log; none without an active subscriber.
    #[must_use]
    pub fn admitted(&self, key: &LogKey) -> Option<Seq> {
        self.find(key)?.entries().head()
    }

    /// Returns the topics with subscribers, each with the Seq of the last entry that was admitted.
    #[must_use]
    pub fn heads(&self) -> Vec<(LogKey, Seq)> {
        self.all().iter().filter_map(|log| Some((log.key.clone(), log.entries().head()?))).collect()
    }

    /// Notes that a topic's log has entries up to a Seq: those that are missing here are a [gap](Broker::gaps_noted).
    pub fn learn(&self, key: &LogKey, head: Seq) {
        if let Some(log) = self.find(key) {
            self.learn_of(&log, head);
        }
    }

    /// Waits until entries are known that are missing here. Cancel-safe.
    pub async fn gaps_noted(&self) {
        self.gaps.noted().await;
    }

    /// Takes the gaps since the last call: the logs that lack entries, and the last of these entries that is known.
    #[must_use]
    pub fn take_gaps(&self) -> HashMap<LogKey, Seq> {
        self.gaps.take()
    }

    /// Sends an ephemeral event to the topic's subscribers: it has no Seq, is in no history, and a subscriber that is
    /// far behind may miss it.
    pub fn signal(&self, key: &LogKey, frame: impl FnOnce() -> Frame) {
        if let Some(log) = self.find(key) {
            log.signal(frame(), |shard| self.queues[shard].topic(&log));
        }
    }

    /// Drops the frames of topics that did not change since the last call: subscribers that lack them read history.
    pub fn shrink_idle(&self) {
        for topic in self.all() {
            topic.shrink_if_idle();
        }
    }

    /// Returns the users with an active subscription to a topic.
    #[must_use]
    pub fn presence(&self, key: &LogKey) -> Presence {
        let Some(log) = self.find(key) else { return Presence::default() };
        let mut users = Vec::new();
        log.for_each_subscriber(|subscriber| {
            if let Some(user) = subscriber.connection.owner().filter(|_| subscriber.reads()) {
                users.push((user, subscriber.connection.is_idle()));
            }
        });
        Presence::of(users)
    }

    /// Starts to note presence changes, one for each topic and user, until [`Broker::take_presence_changes`].
    pub fn watch_presence(&self) {
        self.presence_changes.watch();
    }

    /// Notes a user's presence change on a topic, or that it must be sent anew.
    pub fn note_presence(&self, key: &LogKey, user: UserId, how: PresenceChange) {
        self.presence_changes.note(key, user, how);
    }

    /// Waits for a presence change. Cancel-safe.
    pub async fn presence_changed(&self) {
        self.presence_changes.changed().await;
    }

    /// Takes the presence changes since the last call.
    #[must_use]
    pub fn take_presence_changes(&self) -> HashMap<LogKey, HashMap<UserId, PresenceChange>> {
        self.presence_changes.take()
    }

    /// Returns the metrics. It visits every subscription: call it every few seconds at most.
    #[must_use]
    pub fn metrics(&self) -> BrokerMetrics {
        let log_bytes = (self.budget.taken() + self.signal_budget.taken()) as u64;
        let mut metrics = BrokerMetrics { log_bytes, ..BrokerMetrics::default() };
        for queue in &self.queues {
            queue.counters.add_to(&mut metrics);
        }
        for topic in self.all() {
            let head = topic.head().0;
            metrics.topics += 1;
            topic.for_each_subscriber(|subscriber| {
                if subscriber.reads() {
                    metrics.subscriptions += 1;
                    metrics.slowest_lag = metrics.slowest_lag.max(head.saturating_sub(subscriber.given().0));
                }
            });
        }
        metrics
    }

    /// Returns the number of topics with a subscriber.
    #[must_use]
    pub fn topics(&self) -> usize {
        unpoisoned(&self.topics).len()
    }

    fn find(&self, key: &LogKey) -> Option<Arc<TopicLog<Outbound>>> {
        unpoisoned(&self.topics).get(key).cloned()
    }

    /// Returns every topic with a subscriber.
    fn all(&self) -> Vec<Arc<TopicLog<Outbound>>> {
        unpoisoned(&self.topics).values().cloned().collect()
    }

    fn change(&self, log: &Arc<TopicLog<Outbound>>, change: impl FnOnce(&mut Admission, &mut Cut<'_>)) {
        let is_of = |outbound: &Outbound, ends: &Ends| ends.has(outbound.owner());
        if let Some(seq) = log.change(|shard| self.queues[shard].topic(log), is_of, change) {
            self.gaps.note(&log.key, seq);
        }
    }

    /// Notes that a log has entries up to a Seq, of which some may be missing here.
    pub(crate) fn learn_of(&self, log: &TopicLog<Outbound>, head: Seq) {
        // Without the lock of the log: most entries are here before anybody tells of them.
        if head > log.head()
            && let Some(seq) = log.learn(head)
        {
            self.gaps.note(&log.key, seq);
        }
    }

    /// Notes a gap of a topic whose log was just based on a snapshot: there may be later entries that were heard of
    /// before.
    pub(crate) fn note_gap_of(&self, log: &TopicLog<Outbound>) {
        let gap = log.entries().gap();
        if let Some(seq) = gap {
            self.gaps.note(&log.key, seq);
        }
    }

    pub(crate) fn wake(&self, outbound: &Arc<Outbound>) {
        self.queues[outbound.shard()].outbound(outbound);
    }

    /// Creates a connection; connections go to the shards in turn.
    pub(crate) fn outbound(&self, owner: Option<UserId>, sink: Box<dyn FrameSink>) -> Outbound {
        let number = usize::try_from(self.number()).unwrap_or_default();
        let shard = number % self.queues.len();
        Outbound::new(owner, sink, shard, Arc::clone(&self.queues[shard].counters))
    }

    /// Adds a subscriber to a topic; returns its slot there, the topic's log, and the subscriber.
    pub(crate) fn add_subscriber(
        &self,
        key: &LogKey,
        outbound: Arc<Outbound>,
    ) -> (usize, Arc<TopicLog<Outbound>>, Arc<Subscriber<Outbound>>) {
        // Under the map's lock, so that a topic is never dropped between the lookup and the subscribe.
        let mut topics = unpoisoned(&self.topics);
        let log = topics.entry(key.clone()).or_insert_with(|| {
            let entries = Log::new(self.topic_bytes, Arc::clone(&self.budget));
            let signals = Log::new(SIGNAL_BYTES, Arc::clone(&self.signal_budget));
            Arc::new(TopicLog::new(key.clone(), self.number(), self.queues.len(), entries, signals))
        });
        let (slot, subscriber) = log.add_subscriber(outbound.shard(), outbound);
        (slot, Arc::clone(log), subscriber)
    }

    /// Removes a subscriber from a topic, and the topic with its last subscriber.
    pub(crate) fn remove_subscriber(&self, log: &TopicLog<Outbound>, shard: usize, slot: usize) {
        let mut topics = unpoisoned(&self.topics);
        if log.remove_subscriber(shard, slot) {
            topics.remove(&log.key);
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}
