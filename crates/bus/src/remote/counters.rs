//! Counters of a bus over a service.

use std::sync::atomic::{AtomicU64, Ordering};

use chat::BusMetrics;

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// The counters of a bus.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sent: Counter,
    pub(crate) received: Counter,
    pub(crate) dropped: Counter,
    pub(crate) forged: Counter,
    pub(crate) repeated: Counter,
    pub(crate) strangers: Counter,
    pub(crate) unreadable: Counter,
    pub(crate) missing: Counter,
    pub(crate) connections: Counter,
}

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn metrics(&self) -> BusMetrics {
        BusMetrics {
            sent: self.sent.get(),
            received: self.received.get(),
            dropped: self.dropped.get(),
            forged: self.forged.get(),
            repeated: self.repeated.get(),
            strangers: self.strangers.get(),
            unreadable: self.unreadable.get(),
            missing: self.missing.get(),
            connections: self.connections.get(),
        }
    }
}
