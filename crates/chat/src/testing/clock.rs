//! A clock for tests that only moves by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wire::Timestamp;

use crate::ports::clock::Clock;

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    elapsed: AtomicI64,
}

impl ManualClock {
    /// Creates a clock that shows this time.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.0), elapsed: AtomicI64::new(0) }
    }

    /// Advances by a number of milliseconds.
    pub fn advance(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
        self.elapsed.fetch_add(millis, Ordering::Relaxed);
    }

    /// Steps the wall clock forward or back by a number of milliseconds; no time passes.
    pub fn step(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Default for ManualClock {
    /// Returns a clock at 2026-11-21T04:17:37.250Z.
    fn default() -> Self {
        Self::at(Timestamp(1_795_234_657_250))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::Relaxed).unsigned_abs())
    }
}
