//! Quantiles and medians of samples.

/// Returns a percentile in ms, of samples in microseconds in ascending order.
pub fn quantile_ms(sorted: &[u64], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0.0, |micros| float(*micros) / 1_000.0)
}

/// Returns the median; `None` if there are no values.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Converts a count, for divisions.
#[expect(clippy::cast_precision_loss, reason = "what a run counts is exact in an f64")]
pub fn float(number: u64) -> f64 {
    number as f64
}
