//! The counters of a node's connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat::store::SharedStoreMetrics;

/// The counters since the start, and what the last report of the node has found.
#[derive(Debug, Default)]
pub(super) struct Counters {
    connections: AtomicU64,
    retries: AtomicU64,
    unknown_outcomes: AtomicU64,
    horizon_millis: AtomicU64,
    live_nodes: AtomicU64,
}

impl Counters {
    /// Counts a connection that was made.
    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a commit that is tried again.
    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a commit whose outcome has to be asked for.
    pub(super) fn outcome_unknown(&self) {
        self.unknown_outcomes.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets what a report has found.
    pub(super) fn reported(&self, horizon_age: Duration, live_nodes: u64) {
        let millis = u64::try_from(horizon_age.as_millis()).unwrap_or(u64::MAX);
        self.horizon_millis.store(millis, Ordering::Relaxed);
        self.live_nodes.store(live_nodes, Ordering::Relaxed);
    }

    /// Returns all of them.
    pub(super) fn metrics(&self) -> SharedStoreMetrics {
        SharedStoreMetrics {
            connections: self.connections.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            unknown_outcomes: self.unknown_outcomes.load(Ordering::Relaxed),
            horizon_age: Duration::from_millis(self.horizon_millis.load(Ordering::Relaxed)),
            live_nodes: self.live_nodes.load(Ordering::Relaxed),
        }
    }
}
