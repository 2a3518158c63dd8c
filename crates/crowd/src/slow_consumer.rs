//! What it does to the others, and to the server, that some stop reading: nothing. And what it costs those: nothing that
//! they cannot read later.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use crate::checker::Finding;
use crate::gathering::gather;
use crate::listener::{Audience, assemble};
use crate::process::rss_kib;
use crate::quantiles::quantile_ms;
use crate::server::Server;
use crate::speaker::Speaker;

/// What happens: somebody talks, all listen, and some stop reading after a quarter of the time. Half of these read again
/// after an eighth more, the others when all is said.
#[derive(Clone, Debug)]
pub struct SlowConsumer {
    /// The binary of the product.
    pub server: PathBuf,
    /// How many sockets listen to one group.
    pub subscribers: u32,
    /// How many of them stop reading.
    pub stalled: u32,
    /// How many messages a second are said.
    pub rate: u32,
    /// How many bytes a message has.
    pub payload: usize,
    /// For how long.
    pub time: Duration,
}

/// What was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Slowed {
    /// How long half of the deliveries to those who read on took at most, from when a message was to be sent, in ms.
    pub median_ms: f64,
    /// How long 99 of 100 took at most.
    pub p99_ms: f64,
    /// How much the server's resident memory grew while all of those did not read, in KiB.
    pub rss_kib: u64,
    /// How often the server has let go of somebody who did not read.
    pub let_go: u64,
    /// How often it has let go of somebody else.
    pub kicked: u64,
    /// How often a gap was not replayed, but left to history.
    pub resets: u64,
    /// Entries that were read, all together.
    pub deliveries: u64,
    /// Every promise that was not kept.
    pub findings: Vec<Finding>,
}

/// How many people there are; each has many sockets.
const PEOPLE: usize = 40;
/// How long after all is said somebody may need until they have it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How much the server's memory may grow for each hundred who do not read, in KiB.
const MOST_KIB_PER_100: u64 = 1_024;
/// How much it may grow besides, in KiB: what it needs for the messages themselves, as the caches of its database, and
/// for those who read.
const MOST_KIB_BESIDES: u64 = 8_192;

impl SlowConsumer {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or the speaker is not answered.
    pub async fn run(&self) -> io::Result<Slowed> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let pid = server.running()?;
        let crowd = gather(&server.host(), PEOPLE).await?;
        let give_up = Instant::now() + self.time + PATIENCE;
        let audience = Audience::seat(&server, crowd, self.stalled..self.subscribers, give_up).await?;
        let Audience { target, crowd, .. } = &audience;
        let mut early = assemble(target, crowd, 0..self.stalled, true).await?;
        let late = early.split_off(early.len() / 2);
        let mut speaker =
            Speaker::open(target, self.subscribers, crowd.cookie(0), "speaker", self.payload).await?;

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
    /// In a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { deliveries, let_go, resets, rss_kib, .. } = self;
        format!("{deliveries} entries read, {let_go} let go of, {resets} resets, {rss_kib} KiB more")
    }
}

/// How much the resident memory of a process grows at most in a time, in KiB.
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

/// What is wrong with such a growth for so many who did not read.
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
