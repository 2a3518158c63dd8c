//! The commit: one task that writes batches to the store and publishes what it committed.

pub(crate) mod committer;
pub(crate) mod metrics;
pub(crate) mod writability;

pub use metrics::{ChatMetrics, Histogram};
