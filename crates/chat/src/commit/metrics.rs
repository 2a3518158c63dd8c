//! Metrics of the domain.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wire::ResetReason;

/// The counters of a node since it began, for monitoring. All of them only increase.
#[derive(Debug, Default)]
pub struct ChatMetrics {
    /// The number of writes in each commit.
    pub batches: Histogram<9>,
    /// The duration of each commit in the store, in seconds.
    pub commit_seconds: Histogram<11>,
    /// Commits that failed.
    pub failed: AtomicU64,
    /// Subscriptions whose gap was not replayed, by reason.
    resets: [AtomicU64; ResetReason::ALL.len()],
}

/// Counts values by their size.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    /// The upper bound of each bucket.
    bounds: [f64; N],
    counts: [AtomicU64; N],
    /// The number of values over the last bound.
    beyond: AtomicU64,
    /// The sum of all values, in millionths.
    sum: AtomicU64,
}

/// The bounds of batches: powers of two up to the most writes of one commit.
const BATCHES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// The bounds of commits, in seconds.
const SECONDS: [f64; 11] = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

impl ChatMetrics {
    /// Counts a commit with its number of writes and its duration.
    pub(crate) fn committed(&self, writes: usize, took: Duration, failed: bool) {
        let writes = u32::try_from(writes).unwrap_or(u32::MAX);
        self.batches.observe(f64::from(writes));
        self.commit_seconds.observe(took.as_secs_f64());
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    /// Counts a gap that was not replayed.
    pub(crate) fn reset(&self, reason: ResetReason) {
        let place = ResetReason::ALL.iter().position(|one| *one == reason);
        if let Some(count) = place.and_then(|place| self.resets.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of gaps that were not replayed, for each reason.
    pub fn resets(&self) -> impl Iterator<Item = (ResetReason, u64)> {
        ResetReason::ALL.into_iter().zip(self.resets.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl<const N: usize> Histogram<N> {
    const fn new(bounds: [f64; N]) -> Self {
        let counts = [const { AtomicU64::new(0) }; N];
        Self { bounds, counts, beyond: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    fn observe(&self, value: f64) {
        let place = self.bounds.iter().position(|bound| value <= *bound);
        place.map_or(&self.beyond, |place| &self.counts[place]).fetch_add(1, Ordering::Relaxed);
        let micros = Duration::try_from_secs_f64(value).map_or(u128::MAX, |value| value.as_micros());
        self.sum.fetch_add(u64::try_from(micros).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Returns the sum of all values.
    pub fn sum(&self) -> f64 {
        Duration::from_micros(self.sum.load(Ordering::Relaxed)).as_secs_f64()
    }

    /// Returns the bound of each bucket and the number of values up to it; the last bound is infinite.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let counts = self.counts.iter().chain([&self.beyond]).map(|count| count.load(Ordering::Relaxed));
        self.bounds.into_iter().chain([f64::INFINITY]).zip(counts).collect()
    }
}

impl Default for Histogram<9> {
    fn default() -> Self {
        Self::new(BATCHES)
    }
}

impl Default for Histogram<11> {
    fn default() -> Self {
        Self::new(SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_in_the_smallest_bucket_that_takes_it() {
        let metrics = ChatMetrics::default();
        for writes in [1, 2, 3, 256, 300] {
            metrics.committed(writes, Duration::from_millis(3), writes == 300);
        }
        let counts: Vec<u64> = metrics.batches.buckets().iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 1, 1, 0, 0, 0, 0, 0, 1, 1]);
        assert!((metrics.batches.sum() - 562.0).abs() < 0.001);
        assert!((metrics.commit_seconds.sum() - 0.015).abs() < 0.000_01);
        assert_eq!(metrics.failed.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn resets_are_counted_by_reason() {
        let metrics = ChatMetrics::default();
        metrics.reset(ResetReason::Trimmed);
        metrics.reset(ResetReason::Trimmed);
        let counted: u64 = metrics.resets().map(|(_, count)| count).sum();
        assert_eq!(counted, 2);
        assert!(metrics.resets().any(|one| one == (ResetReason::Trimmed, 2)));
    }
}
