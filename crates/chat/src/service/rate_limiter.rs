//! The rate limiter: GCRA, with the clock as an argument.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;
use wire::{Refusal, Timestamp};

/// A rate limit by key: a burst at once, then a number a second.
///
/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling): one number per key, the time at which the bucket
/// would be full again.
#[derive(Debug)]
pub(crate) struct RateLimiter<K> {
    full_again_at: Mutex<HashMap<K, f64>>,
    burst: f64,
    millis_each: f64,
}

/// The number of keys at which those with a full bucket are dropped: they are as good as new.
const TIDY_AT: usize = 10_000;

impl<K: Eq + Hash> RateLimiter<K> {
    pub(crate) fn new(burst: u32, per_second: f64) -> Self {
        Self { full_again_at: Mutex::default(), burst: f64::from(burst), millis_each: 1_000.0 / per_second }
    }

    /// Takes one from the key's bucket; the refusal has the time to wait.
    pub(crate) fn take(&self, key: K, now: Timestamp) -> Result<(), Refusal> {
        self.take_many(key, 1, now)
    }

    /// Takes a number at once from the key's bucket; the refusal has the time to wait.
    pub(crate) fn take_many(&self, key: K, count: u32, now: Timestamp) -> Result<(), Refusal> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
        let now = now.0 as f64;
        let mut full_again_at = self.full_again_at.lock();
        if full_again_at.len() >= TIDY_AT {
            full_again_at.retain(|_, &mut at| at > now);
        }
        let at = full_again_at.entry(key).or_insert(now);
        let next = at.max(now) + self.millis_each * f64::from(count);
        let wait = next - now - self.millis_each * self.burst;
        if wait > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "bounded by the burst"
            )]
            return Err(Refusal::TooFast { retry_ms: wait.ceil().min(f64::from(u32::MAX)) as u32 });
        }
        *at = next;
        Ok(())
    }
}

impl<K: Eq + Hash> RateLimiter<K> {
    /// Returns the state of a key's bucket.
    pub(crate) fn quota(&self, key: &K, now: Timestamp) -> Quota {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
        let now = now.0 as f64;
        let used_ms = self.full_again_at.lock().get(key).map_or(0.0, |at| (at - now).max(0.0));
        let left = (self.burst - used_ms / self.millis_each).max(0.0).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded by the burst, and positive"
        )]
        let whole = |number: f64| number.min(f64::from(u32::MAX)) as u32;
        Quota {
            quota: whole(self.burst),
            window_s: whole((self.burst * self.millis_each / 1_000.0).ceil().max(1.0)),
            left: whole(left),
            full_in_s: whole((used_ms / 1_000.0).ceil()),
        }
    }
}

/// The state of a bucket, as a client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most at once.
    pub quota: u32,
    /// The seconds in which an empty bucket fills.
    pub window_s: u32,
    /// The number that is left now.
    pub left: u32,
    /// The seconds until the bucket is full again.
    pub full_in_s: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_sees_what_is_left() {
        let requests = RateLimiter::new(500, 50.0);
        let quota = |now| requests.quota(&"ann", Timestamp(now));
        assert_eq!(quota(0), Quota { quota: 500, window_s: 10, left: 500, full_in_s: 0 });
        requests.take_many("ann", 500, Timestamp(0)).unwrap();
        assert_eq!(quota(0), Quota { quota: 500, window_s: 10, left: 0, full_in_s: 10 });
        assert_eq!(quota(1_000), Quota { quota: 500, window_s: 10, left: 50, full_in_s: 9 });
    }

    #[test]
    fn a_burst_goes_through_then_the_rate_holds() {
        let send_rate = RateLimiter::new(3, 2.0);
        for _ in 0..3 {
            assert_eq!(send_rate.take("ann", Timestamp(1_000)), Ok(()));
        }
        assert_eq!(send_rate.take("ann", Timestamp(1_000)), Err(Refusal::TooFast { retry_ms: 500 }));
        assert_eq!(send_rate.take("ben", Timestamp(1_000)), Ok(()), "ben does not wait for ann");
        assert_eq!(send_rate.take("ann", Timestamp(1_499)), Err(Refusal::TooFast { retry_ms: 1 }));
        assert_eq!(send_rate.take("ann", Timestamp(1_500)), Ok(()));
        assert_eq!(send_rate.take_many("ann", 3, Timestamp(9_000)), Ok(()), "a rest fills the bucket again");
        assert!(send_rate.take("ann", Timestamp(9_000)).is_err());
    }
}
