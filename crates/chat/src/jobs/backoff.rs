//! Retry with backoff: the delay before the next attempt of a job that failed.

use wire::Timestamp;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The delay after each failed attempt; after one more the job is dead.
const DELAYS_MS: [i64; 9] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];

/// The most attempts of a job.
pub(super) const ATTEMPTS: u32 = DELAYS_MS.len() as u32 + 1;
/// A delay that no retry exceeds.
pub(super) const LONGEST_MS: i64 = 30 * HOUR_MS;

/// Returns the time of the next attempt after one that failed: the first is 1. `jitter` is random and changes the delay
/// by up to a fifth, so that jobs that failed together are not retried together. None if it was the last attempt; a
/// periodic job has no last one.
pub(super) fn retry_at(attempt: u32, now: Timestamp, jitter: u8, is_periodic: bool) -> Option<Timestamp> {
    let place = usize::try_from(attempt).ok()?.checked_sub(1)?;
    let delay = *DELAYS_MS.get(place).or_else(|| DELAYS_MS.last().filter(|_| is_periodic))?;
    // From 80 to 120 percent.
    let delay = delay * (80 * 255 + 40 * i64::from(jitter)) / (100 * 255);
    Some(Timestamp(now.0 + delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_the_tenth_failure_is_the_last() {
        let delay =
            |attempt, jitter| retry_at(attempt, Timestamp(1_000), jitter, false).map(|at| at.0 - 1_000);
        assert_eq!(delay(1, 0), Some(4_000));
        assert_eq!(delay(1, 255), Some(6_000));
        for attempt in 1..9 {
            assert!(delay(attempt, 100) < delay(attempt + 1, 100), "{attempt}");
        }
        assert_eq!(delay(9, 255), Some(28 * HOUR_MS + 48 * MINUTE_MS));
        assert_eq!((delay(10, 0), delay(0, 0)), (None, None));
        assert_eq!(ATTEMPTS, 10);
        let periodic = retry_at(4_000, Timestamp(0), 255, true).unwrap();
        assert!(delay(9, 255).unwrap() <= periodic.0 && periodic.0 < LONGEST_MS);
    }
}
