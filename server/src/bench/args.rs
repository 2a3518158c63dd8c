//! Arguments of `hubbub bench`, and the plan made of them. Doc comments of arguments are the `--help` text.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{ConfigError, StoreChoice};

/// The arguments of `hubbub bench`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BenchArgs {
    /// Measure for one second each: rougher, and done in about 12 seconds
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// The number of people who receive each message [default: 1000]
    #[arg(long, value_name = "COUNT", value_parser = number)]
    subscribers: Option<u64>,
    /// The number of idle connections [default: 2000]
    #[arg(long, value_name = "COUNT", value_parser = number)]
    connections: Option<u64>,
    /// The seconds that each measurement takes [default: 3]
    #[arg(long, value_name = "COUNT", value_parser = number)]
    seconds: Option<u64>,
    /// The file to write the figures to, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A folder on the disk to measure: the data folder; its contents are not touched [default: ./data]
    #[arg(long, env = "HUBBUB_DATA", value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// The storage backend [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_enum)]
    pub(crate) store: Option<StoreChoice>,
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
const SUBSCRIBERS: (u32, u32) = (1_000, 20_000);
const CONNECTIONS: (u32, u32) = (2_000, 100_000);
const SECONDS: (u64, u64) = (3, 600);

impl BenchArgs {
    /// Plans the measurements, for a process that may have this many files and sockets open.
    pub(super) fn plan(&self, descriptors: u64) -> Result<Plan, ConfigError> {
        let room = descriptors.saturating_sub(SPARE).max(1);
        let seconds = if self.quick { 1 } else { self.seconds.unwrap_or(SECONDS.0) };
        if !(1..=SECONDS.1).contains(&seconds) {
            return Err(out_of_bounds("seconds", seconds, SECONDS.1));
        }
        Ok(Plan {
            subscribers: count("subscribers", self.subscribers, SUBSCRIBERS, room)?,
            connections: count("connections", self.connections, CONNECTIONS, room)?,
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

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "give a whole number, such as 500".into())
}

/// Returns the requested count; by default, as many as the process may open, up to the usual count.
fn count(flag: &str, wished: Option<u64>, (usual, most): (u32, u32), room: u64) -> Result<u32, ConfigError> {
    let Some(wished) = wished else {
        return Ok(u32::try_from(room).map_or(usual, |room| room.min(usual)));
    };
    match u32::try_from(wished) {
        Ok(count @ 1..) if count <= most && wished <= room => Ok(count),
        Ok(count @ 1..) if count <= most => Err(ConfigError(format!(
            "--{flag} {wished} is more than this process may have open; it is at most {room}, or raise the limit \
             first: ulimit -n {}",
            wished + SPARE
        ))),
        _ => Err(out_of_bounds(flag, wished, most)),
    }
}

fn out_of_bounds(flag: &str, wished: u64, most: impl fmt::Display) -> ConfigError {
    ConfigError(format!("--{flag} {wished} is not right; it is at least 1 and at most {most}"))
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
    fn every_wish_that_cannot_be_is_told_what_would_be_right() {
        let none = BenchArgs::default;
        for (args, says) in [
            (
                BenchArgs { subscribers: Some(0), ..none() },
                "--subscribers 0 is not right; it is at least 1 and at most 20000",
            ),
            (BenchArgs { subscribers: Some(20_001), ..none() }, "at most 20000"),
            (BenchArgs { connections: Some(0), ..none() }, "at least 1 and at most 100000"),
            (BenchArgs { connections: Some(u64::MAX), ..none() }, "at most 100000"),
            (
                BenchArgs { connections: Some(925), ..none() },
                "at most 924, or raise the limit first: ulimit -n 1025",
            ),
            (
                BenchArgs { seconds: Some(0), ..none() },
                "--seconds 0 is not right; it is at least 1 and at most 600",
            ),
            (BenchArgs { seconds: Some(601), ..none() }, "at most 600"),
        ] {
            let wrong = args.plan(1_024).unwrap_err();
            assert!(wrong.0.contains(says), "{wrong}");
        }
        assert_eq!(BenchArgs { connections: Some(924), ..none() }.plan(1_024).unwrap().connections, 924);
    }
}
