//! Leak check: compares the server's resources in the middle of a run with those at the end.

use serde::Serialize;

use crate::checker::Finding;
use probe::metrics::Metrics;
use probe::process::Holding;

/// The server's resources at one time.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sample {
    /// The resources that the system reports.
    pub holding: Holding,
    /// The number of open sockets, from the server's metrics.
    pub sockets: u64,
    /// The bytes of frames that the broker keeps, from the server's metrics.
    pub log_bytes: u64,
}

/// One quantity in the three thirds of a run, each as its median.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thirds {
    /// The name of the quantity, with its unit.
    pub what: &'static str,
    /// The first third, which does not count: everything warms up, and caches fill.
    pub first: u64,
    /// The middle third.
    pub middle: u64,
    /// The last third.
    pub last: u64,
    /// The most by which the last third may exceed the middle one.
    pub most: u64,
}

/// The most growth of resident memory, in KiB. A leak per message, socket or visit would exceed it within minutes;
/// allocator pages stay below it.
const MOST_KIB: u64 = 2 * 1_024;
/// The most growth in descriptors and sockets: people come and go while they are counted.
const MOST_DESCRIPTORS: u64 = 24;
/// The most growth in threads.
const MOST_THREADS: u64 = 4;
/// The most growth in bytes of frames: one more topic, full.
const MOST_LOG_BYTES: u64 = 256 * 1_024;

impl Sample {
    /// Combines the system's report and the server's metrics.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts, which are told as numbers with a point"
    )]
    pub fn of(holding: Holding, metrics: &Metrics) -> Self {
        let count = |name| metrics.of(name).unwrap_or_default() as u64;
        Self { holding, sockets: count("sockets"), log_bytes: count("log_bytes") }
    }
}

/// Returns every quantity in thirds.
#[must_use]
pub fn thirds(samples: &[Sample]) -> Vec<Thirds> {
    type Pick = fn(&Sample) -> u64;
    let quantities: [(&str, Pick, u64); 5] = [
        ("resident KiB", |sample| sample.holding.rss_kib, MOST_KIB),
        ("descriptors", |sample| sample.holding.descriptors, MOST_DESCRIPTORS),
        ("threads", |sample| sample.holding.threads, MOST_THREADS),
        ("sockets", |sample| sample.sockets, MOST_DESCRIPTORS),
        ("bytes of frames", |sample| sample.log_bytes, MOST_LOG_BYTES),
    ];
    let third = samples.len() / 3;
    let (first, rest) = samples.split_at(third);
    let (middle, last) = rest.split_at(third);
    quantities
        .map(|(what, pick, most)| {
            let [first, middle, last] = [first, middle, last].map(|part| median(part, pick));
            Thirds { what, first, middle, last, most }
        })
        .into()
}

/// Returns a finding for each quantity that grew by more than its limit from the middle third to the last.
#[must_use]
pub fn grown(thirds: &[Thirds]) -> Vec<Finding> {
    let more = |thirds: &Thirds| {
        let what = format!("{} more in the last third than in the middle one", thirds.what);
        Finding::if_too_much(&what, thirds.last.saturating_sub(thirds.middle), thirds.most)
    };
    thirds.iter().filter_map(more).collect()
}

fn median(samples: &[Sample], pick: fn(&Sample) -> u64) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(pick).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judges a server with this resident memory, given as a function of the second.
    fn run(rss_kib: impl Fn(u64) -> u64) -> Vec<Finding> {
        let sample = |second| {
            let holding = Holding { rss_kib: rss_kib(second), descriptors: 40 + second % 5, threads: 7 };
            Sample { holding, sockets: 20, log_bytes: 1_000 }
        };
        grown(&thirds(&(0..90).map(sample).collect::<Vec<_>>()))
    }

    #[test]
    fn what_fills_up_while_it_warms_up_is_no_drift_and_a_leak_is() {
        assert_eq!(run(|second| 40_000 + 2_000 * second.min(30)), []);
        // A page now and then, and one spike in between.
        assert_eq!(run(|second| 40_000 + 4 * second + if second == 80 { 50_000 } else { 0 }), []);
        let leak = run(|second| 40_000 + 300 * second);
        let what = "resident KiB more in the last third than in the middle one".into();
        assert_eq!(leak, [Finding::TooMuch { what, measured: 9_000, most: MOST_KIB }]);
    }

    #[test]
    fn descriptors_threads_and_sockets_that_stay_are_found() {
        let sample = |second: u64| Sample {
            holding: Holding { rss_kib: 40_000, descriptors: 40 + second, threads: 5 + second / 5 },
            sockets: second,
            log_bytes: 0,
        };
        assert_eq!(grown(&thirds(&(0..90).map(sample).collect::<Vec<_>>())).len(), 3);
        assert_eq!(grown(&thirds(&[])), []);
    }
}
