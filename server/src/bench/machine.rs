//! The machine before a benchmark: cores, load, descriptors, and the disk's flush time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZero;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::config::{Config, StoreChoice};

/// The state of the machine before the first measurement.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    /// The processor cores that this process may use.
    pub(super) cores: usize,
    /// The share of the processor that is in use already, from 0 to 1; none where the system does not report it.
    pub(super) busy: Option<f64>,
    /// The limit of files and sockets that this process may have open.
    pub(super) descriptors: u64,
    /// The limit of sockets of the operator's server.
    pub(super) sockets: u64,
    /// The median time of the disk to flush 4 KiB (`fdatasync`), in ms; none if nothing goes to disk.
    pub(super) sync_ms: Option<f64>,
}

/// The time over which the processor's load is observed.
const LOOK: Duration = Duration::from_millis(500);
/// The most flushes that are measured, and the most time for them.
const SYNCS: usize = 50;
const SYNCING: Duration = Duration::from_secs(1);
/// The bytes of one flush: a page of the database.
const PAGE: [u8; 4_096] = [0x5a; 4_096];

impl Machine {
    /// Inspects the machine, with a temporary file in this folder.
    pub(super) async fn look(config: &Config, folder: &Path) -> io::Result<Self> {
        let before = ticks();
        sleep(LOOK).await;
        let busy = before.zip(ticks()).and_then(|(before, now)| now.busy_since(before));
        let sync_ms = match config.store {
            StoreChoice::Memory | StoreChoice::Postgres(_) => None,
            StoreChoice::Sqlite => {
                let path = folder.join("sync");
                Some(spawn_blocking(move || sync_ms(&path)).await.map_err(io::Error::other)??)
            }
        };
        let cores = available_parallelism().map_or(1, NonZero::get);
        let sockets = u64::try_from(config.sockets.node).unwrap_or(u64::MAX);
        Ok(Self { cores, busy, descriptors: descriptors(), sockets, sync_ms })
    }
}

/// Raises the limit of open files and sockets as far as the system allows, and returns it.
pub(super) fn descriptors() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX)
}

/// Returns the disk's median flush time, in ms.
fn sync_ms(path: &Path) -> io::Result<f64> {
    let mut file = File::create(path)?;
    let (begun, mut took) = (Instant::now(), Vec::new());
    while took.is_empty() || took.len() < SYNCS && begun.elapsed() < SYNCING {
        let one = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        took.push(one.elapsed());
    }
    took.sort_unstable();
    Ok(took[took.len() / 2].as_secs_f64() * 1_000.0)
}

/// The time of all processors since boot, in ticks.
#[derive(Clone, Copy)]
struct Ticks {
    idle: f64,
    all: f64,
}

impl Ticks {
    fn busy_since(self, before: Self) -> Option<f64> {
        let all = self.all - before.all;
        (all > 0.0).then(|| 1.0 - (self.idle - before.idle) / all)
    }
}

/// Reads processor times from Linux (proc(5), `/proc/stat`).
fn ticks() -> Option<Ticks> {
    parse(&fs::read_to_string("/proc/stat").ok()?)
}

fn parse(stat: &str) -> Option<Ticks> {
    let times = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    // Later columns, the time of virtual guests, are part of earlier ones.
    let times: Vec<f64> = times.take(8).map_while(|time| time.parse().ok()).collect();
    // Waiting for a disk is idle time, too.
    let idle = times.get(3)? + times.get(4)?;
    Some(Ticks { idle, all: times.iter().sum() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_idle_is_busy() {
        let before = parse("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n").unwrap();
        let now = parse("cpu  150 0 110 730 110 0 0 0 90 0\n").unwrap();
        assert_eq!(now.busy_since(before), Some(0.6));
        assert_eq!(before.busy_since(before), None);
        assert!(parse("").is_none() && parse("cpu  1 2\n").is_none());
    }
}
