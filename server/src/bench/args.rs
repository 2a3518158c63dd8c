//! Arguments of `hubbub bench`, and the plan made of them. Doc comments of arguments are the `--help` text.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::value_parser;

use crate::config::ConfigError;

/// The arguments of `hubbub bench`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BenchArgs {
    /// Measure for one second each: rougher, and done in about 12 seconds
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// The number of people who receive each message [default: 1000]
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u32).range(1..=SUBSCRIBERS.1))]
    subscribers: Option<u32>,
    /// The number of idle connections [default: 2000]
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u32).range(1..=CONNECTIONS.1))]
    connections: Option<u32>,
    /// The seconds that each measurement takes [default: 3]
    #[arg(long, value_name = "COUNT", value_parser = value_parser!(u64).range(1..=SECONDS.1))]
    seconds: Option<u64>,
    /// The file to write the figures to, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A folder on the disk to measure: the data folder; its contents are not touched [default: ./data]
    #[arg(long, env = "HUBBUB_DATA", value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// The storage backend [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_name = "sqlite|memory", hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// The settings file, of which only data and store are used [default: ./hubbub.toml, if it is there]
    #[arg(long, env = "HUBBUB_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The size and duration of the measurements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The number of people who receive each message.
    pub(super) subscribers: u32,
    /// The number of idle connections.
    pub(super) connections: u32,
    /// The duration of each measurement.
    pub(super) time: Duration,
}

/// File descriptors that the server and the benchmark need beside their sockets.
pub(super) const SPARE: u64 = 100;

/// The default and the maximum of each argument: more would take long and show nothing new.
const SUBSCRIBERS: (u32, i64) = (1_000, 20_000);
const CONNECTIONS: (u32, i64) = (2_000, 100_000);
const SECONDS: (u64, u64) = (3, 600);

impl BenchArgs {
    /// Plans the measurements, for a process that may have this many files and sockets open.
    pub(super) fn plan(&self, descriptors: u64) -> Result<Plan, ConfigError> {
        let room = descriptors.saturating_sub(SPARE).max(1);
        let seconds = if self.quick { 1 } else { self.seconds.unwrap_or(SECONDS.0) };
        Ok(Plan {
            subscribers: count("subscribers", self.subscribers, SUBSCRIBERS.0, room)?,
            connections: count("connections", self.connections, CONNECTIONS.0, room)?,
            time: Duration::from_secs(seconds),
        })
    }

    /// Returns the file to write the figures to.
    pub(super) fn json(&self) -> Option<&Path> {
        self.json.as_deref()
    }

    /// Returns true if the data folder is given.
    pub(super) fn names_data(&self) -> bool {
        self.data.is_some()
    }
}

/// Returns the requested count; by default, as many as the process may open, up to the usual count.
fn count(flag: &str, wished: Option<u32>, usual: u32, room: u64) -> Result<u32, ConfigError> {
    match wished {
        None => Ok(u32::try_from(room).map_or(usual, |room| room.min(usual))),
        Some(count) if u64::from(count) <= room => Ok(count),
        Some(count) => Err(ConfigError(format!(
            "--{flag} {count} is more than this process may have open; it is at most {room}, or raise the limit \
             first: ulimit -n {}",
            u64::from(count) + SPARE
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wishes_for_nothing_gets_what_is_usual_and_fits() {
        let plan = |descriptors| {
            let Plan { subscribers, connections, time } = BenchArgs::default().plan(descriptors).unwrap();
            (subscribers, connections, time.as_secs())
        };
        assert_eq!(plan(20_000), (1_000, 2_000, 3));
        assert_eq!(plan(u64::MAX), (1_000, 2_000, 3));
        assert_eq!(plan(1_024), (924, 924, 3));
        assert_eq!(plan(10), (1, 1, 3));
        assert_eq!(BenchArgs { quick: true, ..BenchArgs::default() }.plan(10).unwrap().time.as_secs(), 1);
    }

    #[test]
    fn who_wishes_for_more_than_the_process_may_open_is_told_the_limit() {
        let wished = |connections| BenchArgs { connections: Some(connections), ..BenchArgs::default() };
        let wrong = wished(925).plan(1_024).unwrap_err();
        assert!(wrong.0.contains("at most 924, or raise the limit first: ulimit -n 1025"), "{wrong}");
        assert_eq!(wished(924).plan(1_024).unwrap().connections, 924);
    }
}
