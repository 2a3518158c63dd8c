//! A user's connection into memory, and the broker that delivers to it.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Arc;

use broker::{
    Activation, Broker, BufferSink, Ends, FlushOutcome, Frame, LogBytes, OutboundConnection, Shard,
    SubscriptionError,
};
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

pub(crate) const ANN: UserId = UserId::from_bytes([1; 10]);
pub(crate) const BEN: UserId = UserId::from_bytes([2; 10]);

/// A user's connection, and the sink that it writes to.
pub(crate) struct Connection {
    pub(crate) outbound: OutboundConnection,
    pub(crate) sink: Arc<BufferSink>,
}

impl Connection {
    /// Creates a connection without subscriptions, whose sink accepts this many bytes.
    pub(crate) fn new(broker: &Arc<Broker>, owner: UserId, room: usize) -> Self {
        let sink = Arc::new(BufferSink::new(room));
        let outbound = OutboundConnection::new(Arc::clone(broker), Some(owner), Arc::clone(&sink));
        Self { outbound, sink }
    }

    /// Creates a connection with a subscription to [`log_key`] from the first entry on.
    pub(crate) fn subscribed(broker: &Arc<Broker>, owner: UserId) -> Self {
        let mut connection = Self::new(broker, owner, usize::MAX);
        connection.subscribe(&log_key(), 0, 0);
        connection
    }

    /// Subscribes to a log after `cursor`; `head` is the head that the store had.
    pub(crate) fn subscribe(&mut self, key: &LogKey, cursor: u64, head: u64) {
        assert!(self.outbound.reserve(key));
        assert_eq!(self.outbound.activate(key, Seq(cursor), Seq(head)), Activation::Active);
    }

    /// Returns the numbers of the frames that were written since the last call.
    pub(crate) fn received(&self) -> Vec<u64> {
        let payloads = self.sink.take();
        payloads.iter().map(|payload| std::str::from_utf8(payload).unwrap().parse().unwrap()).collect()
    }

    /// Flushes until there is nothing more or recovery is needed; returns the received frames and the errors.
    pub(crate) fn drain(&mut self) -> (Vec<u64>, Vec<SubscriptionError>) {
        let mut errors = Vec::new();
        loop {
            while self.outbound.flush() == FlushOutcome::More {}
            match self.outbound.subscription_error() {
                Some(behind @ SubscriptionError::Behind { .. }) => {
                    errors.push(behind);
                    return (self.received(), errors);
                }
                Some(ended) => errors.push(ended),
                None => return (self.received(), errors),
            }
        }
    }
}

/// The log of the topic `news` in the built-in application.
pub(crate) fn log_key() -> LogKey {
    log_key_in(ApplicationId::BUILT_IN)
}

/// The log of the topic `news` in an application.
pub(crate) fn log_key_in(application: ApplicationId) -> LogKey {
    LogKey::new(application, Topic::new("news").unwrap())
}

/// Creates a broker with two shards, whose topics keep at most `log_bytes` of frames.
pub(crate) fn broker(log_bytes: usize) -> (Arc<Broker>, Vec<Shard>) {
    let log_bytes = LogBytes { topic: log_bytes, all: usize::MAX };
    let (broker, shards) = Broker::new(log_bytes, NonZeroUsize::new(2).unwrap());
    (Arc::new(broker), shards)
}

/// Creates a frame of six bytes.
pub(crate) fn frame(number: u64) -> Frame {
    Frame::text(&format!("{number:04}"))
}

/// Publishes entries whose frames have their Seqs as numbers.
pub(crate) fn publish(broker: &Broker, key: &LogKey, seqs: RangeInclusive<u64>) {
    for seq in seqs {
        publish_ending(broker, key, seq, &Ends::Nobody);
    }
}

/// Publishes an entry with which the right of some users ends.
pub(crate) fn publish_ending(broker: &Broker, key: &LogKey, seq: u64, ends: &Ends) {
    broker.admit(key, Seq(seq), ends, || frame(seq));
}

/// Runs passes until no shard has anything to do.
pub(crate) fn run_passes(shards: &mut [Shard]) {
    while shards.iter_mut().any(Shard::pass) {}
}
