//! Slow-consumer test: subscribers that stop reading affect neither the others nor the server, and can read everything
//! later.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::checker::Finding;
use crate::listener::{Audience, assemble};
use crate::speaker::Speaker;
use probe::process::rss_kib;
use probe::quantiles::quantile_ms;
use probe::server::Server;
use probe::setup::gather;

/// The parameters of a slow-consumer test: one person sends, everybody listens, and some stop reading after a quarter
/// of the time. Half of these resume after another eighth, the others when everything is sent.
#[derive(Clone, Debug)]
pub struct SlowConsumer {
    /// The server binary.
    pub server: PathBuf,
    /// The number of sockets that listen to one group.
    pub subscribers: u32,
    /// The number of those that stop reading.
    pub stalled: u32,
    /// Messages sent per second.
    pub rate: u32,
    /// The payload of a message, in bytes.
    pub payload: usize,
    /// The time for which messages are sent.
    pub time: Duration,
}

/// The result of a slow-consumer test.
#[derive(Clone, Debug, Serialize)]
pub struct Slowed {
    /// The median latency to those who kept reading, from the scheduled send, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// The growth of the server's resident memory while all the slow ones did not read, in KiB.
    pub rss_kib: u64,
    /// The number of times that the server disconnected a slow subscriber.
    pub let_go: u64,
    /// The number of times that it disconnected another one.
    pub kicked: u64,
    /// The number of gaps that were left to history instead of being replayed.
    pub resets: u64,
    /// Entries read, all together.
    pub deliveries: u64,
    /// The broken promises and exceeded limits; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The number of people; each has many sockets.
const PEOPLE: usize = 40;
/// The timeout for reading everything after the last send.
const PATIENCE: Duration = Duration::from_secs(60);
/// The interval between two looks at the server's memory.
const LOOK: Duration = Duration::from_millis(200);
/// The most growth of the server's memory per hundred subscribers that do not read, in KiB.
const MOST_KIB_PER_100: u64 = 1_024;
/// The most growth besides, in KiB: for the messages themselves, such as the caches of its database, and for those who
/// read.
const MOST_KIB_BESIDES: u64 = 8_192;

impl SlowConsumer {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or the speaker gets no answer.
    pub async fn run(&self) -> io::Result<Slowed> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let pid = server.running()?;
        let test_group = gather(&server.host(), PEOPLE).await?;
        let give_up = Instant::now() + self.time + PATIENCE;
        let audience = Audience::seat(&server, test_group, self.stalled..self.subscribers, give_up).await?;
        let Audience { target, test_group, .. } = &audience;
        let mut early = assemble(target, test_group, 0..self.stalled, true).await?;
        let late = early.split_off(early.len() / 2);
        let mut speaker =
            Speaker::open(target, self.subscribers, test_group.cookie(0), "speaker", self.payload).await?;

        let begun = Instant::now();
        let [stops, soon, all_said] =
            [(1, 4), (3, 8), (1, 1)].map(|(part, of)| begun + self.time * part / of);
        let mut slow = JoinSet::new();
        for (again, listeners) in [(soon, early), (all_said, late)] {
            for (mut listener, link) in listeners {
                let goal = audience.goal();
                slow.spawn(async move {
                    let link = listener.listen(link, stops).await?;
                    sleep_until(again).await;
                    listener.follow(link, goal, give_up).await;
                    Ok::<_, io::Error>(listener)
                });
            }
        }
        let grown = tokio::spawn(grown(pid, stops, soon));
        let (count, pause) = (u64::from(self.rate) * self.time.as_secs(), Duration::from_secs(1));
        speaker.say(count, pause / self.rate.max(1)).await?;
        let rss_kib = grown.await.map_err(io::Error::other)?;

        let mut ended = audience.end().await?;
        let kicked = ended.listeners.iter().map(|listener| listener.falls).sum();
        let mut samples: Vec<u64> =
            ended.listeners.iter().flat_map(|listener| listener.samples.iter().copied()).collect();
        let mut let_go = 0;
        while let Some(listener) = slow.join_next().await {
            let listener = listener.map_err(io::Error::other)??;
            let_go += listener.falls;
            ended.listeners.push(listener);
        }
        server.kill().await?;
        samples.sort_unstable();
        let mut findings = ended.judge(&[speaker.record]);
        findings.extend(is_too_large(rss_kib, self.stalled));
        Ok(Slowed {
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
            rss_kib,
            let_go,
            kicked,
            resets: ended.listeners.iter().map(|listener| listener.trail.resets()).sum(),
            deliveries: ended.listeners.iter().map(|listener| listener.trail.count()).sum(),
            findings,
        })
    }
}

impl Slowed {
    /// Returns a one-line summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { deliveries, let_go, resets, rss_kib, .. } = self;
        format!("{deliveries} entries read, {let_go} let go of, {resets} resets, {rss_kib} KiB more")
    }
}

/// Returns the largest growth of a process's resident memory in a time, in KiB.
async fn grown(pid: u32, from: Instant, until: Instant) -> u64 {
    sleep_until(from).await;
    let before = rss_kib(pid).unwrap_or_default();
    let (mut most, mut looks) = (before, interval(LOOK));
    while Instant::now() < until {
        looks.tick().await;
        most = most.max(rss_kib(pid).unwrap_or_default());
    }
    most - before
}

/// Returns a finding if memory grew too much for this many slow subscribers.
fn is_too_large(rss_kib: u64, stalled: u32) -> Option<Finding> {
    let most = MOST_KIB_BESIDES + MOST_KIB_PER_100 * u64::from(stalled) / 100;
    Finding::if_too_much("KiB of memory more while some did not read", rss_kib, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_what_is_not_read_is_found() {
        // The short form of the tests: 100 do not read 300 messages, each of more than a kilobyte as it is delivered.
        assert_eq!(is_too_large(9_000, 100), None);
        let what = "KiB of memory more while some did not read".into();
        assert_eq!(is_too_large(30_000, 100), Some(Finding::TooMuch { what, measured: 30_000, most: 9_216 }));
    }
}
