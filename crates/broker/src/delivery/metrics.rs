//! Metrics of the broker: counters and gauges.

use crate::broker::Broker;
use crate::delivery::sync::{AtomicU64, Ordering};

/// Metrics of a node's broker: counters since its start, and gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerMetrics {
    /// Entries written to sockets, counted once for each connection.
    pub deliveries: u64,
    /// Successful writes to sockets, deliveries and everything else.
    pub writes: u64,
    /// Bytes of these writes.
    pub written_bytes: u64,
    /// The number of times a socket had no room: backpressure.
    pub stalls: u64,
    /// Topics with a subscriber.
    pub topics: u64,
    /// Active subscriptions, of all connections and topics together.
    pub subscriptions: u64,
    /// Bytes of all frames that are kept.
    pub log_bytes: u64,
    /// The lag of the slowest subscription, in entries.
    pub slowest_lag: u64,
}

/// Counters of one shard; each shard has its own, so that none waits for another's cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    pub(crate) deliveries: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) written_bytes: AtomicU64,
    pub(crate) stalls: AtomicU64,
}

impl Counters {
    /// Counts a write of this many bytes.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Collecting the counters of all shards and topics.
impl Broker {
    /// Returns the metrics. It visits every subscription: call it every few seconds at most.
    #[must_use]
    pub fn metrics(&self) -> BrokerMetrics {
        let mut metrics = BrokerMetrics { log_bytes: self.log_bytes() as u64, ..BrokerMetrics::default() };
        for counters in self.counters() {
            let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            metrics.deliveries += of(&counters.deliveries);
            metrics.writes += of(&counters.writes);
            metrics.written_bytes += of(&counters.written_bytes);
            metrics.stalls += of(&counters.stalls);
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
}
