use std::sync::atomic::{AtomicI64, Ordering};

use wire::Timestamp;

use crate::outside::Clock;

/// A clock that stands still until it is told to go on.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Goes on by so many milliseconds.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Default for ManualClock {
    /// 2026-11-21T04:17:37.250Z.
    fn default() -> Self {
        Self::at(Timestamp(1_795_234_657_250))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}
