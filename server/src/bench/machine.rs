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

/// What the machine is like before anything is measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    /// How many processor cores this process may use.
    pub(super) cores: usize,
    /// How much of the processor was taken already, from 0 to 1; none where the system does not tell.
    pub(super) busy: Option<f64>,
    /// How many files and sockets this process may have open.
    pub(super) descriptors: u64,
    /// How many people the operator's server would let in at once.
    pub(super) sockets: u64,
    /// How long the disk takes to make 4 KiB safe (`fdatasync`), the median in ms; none if nothing goes to disk.
    pub(super) sync_ms: Option<f64>,
}

/// How long it is looked how busy the machine is.
const LOOK: Duration = Duration::from_millis(500);
/// How often the disk is asked at most, and for how long.
const SYNCS: usize = 50;
const SYNCING: Duration = Duration::from_secs(1);
/// What is made safe at a time: a page of the database.
const PAGE: [u8; 4_096] = [0x5a; 4_096];

impl Machine {
    /// Looks, with a file in this folder.
    pub(super) async fn look(config: &Config, folder: &Path) -> io::Result<Self> {
        let before = ticks();
        sleep(LOOK).await;
        let busy = before.zip(ticks()).and_then(|(before, now)| now.busy_since(before));
        let sync_ms = match config.store {
            StoreChoice::Memory => None,
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

/// How many files and sockets this process may have open: as many as it gets when it asks for all.
pub(super) fn descriptors() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX)
}

/// How long the disk takes, in ms: the median of some.
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

/// The time of all processors since the system started, in ticks.
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

/// What Linux tells of its processors (proc(5), `/proc/stat`).
fn ticks() -> Option<Ticks> {
    parse(&fs::read_to_string("/proc/stat").ok()?)
}

fn parse(stat: &str) -> Option<Ticks> {
    let times = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    // What guests take is part of what came before.
    let times: Vec<f64> = times.take(8).map_while(|time| time.parse().ok()).collect();
    // Who waits for a disk has nothing to do, either.
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
