//! Metrics of the broker: counters and gauges.

use crate::log::sync::{AtomicU64, Ordering};

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
    /// Adds these counters to the metrics.
    pub(crate) fn add_to(&self, metrics: &mut BrokerMetrics) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        metrics.deliveries += of(&self.deliveries);
        metrics.writes += of(&self.writes);
        metrics.written_bytes += of(&self.written_bytes);
        metrics.stalls += of(&self.stalls);
    }

    /// Counts a write of this many bytes.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
