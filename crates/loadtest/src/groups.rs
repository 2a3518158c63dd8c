//! Many-groups test: many people in many groups, a few of which have most of the traffic, so that fan-out shares little
//! work.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::checker::Finding;
use crate::listener::{Audience, Reads};
use crate::record::Record;
use crate::speaker::Speaker;
use probe::process::{cpu_s, rss_kib};
use probe::quantiles::{float, quantile_ms};
use probe::server::Server;
use probe::setup::gather_groups;

/// The parameters of a many-groups test: every member of every group listens, and one of each sends, more often in more
/// popular groups.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The server binary.
    pub server: PathBuf,
    /// The number of groups.
    pub groups: u32,
    /// The number of members of each.
    pub each: u32,
    /// The rate of all groups together, in messages per second.
    pub rate: u32,
    /// The time for which messages are sent.
    pub time: Duration,
}

/// The result of a many-groups test.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    /// The median latency of a delivery, from the scheduled send, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// Entries read, all together.
    pub deliveries: u64,
    /// Deliveries per second of the server's processor time.
    pub deliveries_per_cpu_s: f64,
    /// The growth of the server's resident memory per listener, in KiB.
    pub rss_kib_each: f64,
    /// The number of times that the server disconnected somebody.
    pub kicked: u64,
    /// The broken promises; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;
/// The timeout for everybody to connect, and later to read everything.
const PATIENCE: Duration = Duration::from_secs(240);

impl Groups {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or somebody gets no answer.
    pub async fn run(&self) -> io::Result<Spread> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let (pid, until) = (server.running()?, Instant::now() + self.time + PATIENCE);
        let groups = gather_groups(&server.host(), self.groups as usize, self.each as usize).await?;
        let before = rss_kib(pid).unwrap_or_default();
        let audiences = Audience::seat_all(&server, groups, self.each, until).await?;
        let rss = rss_kib(pid).unwrap_or_default().saturating_sub(before);

        let (speakers, cpu) = (self.open(&audiences).await?, cpu_s(pid).unwrap_or_default());
        let records = self.speak(speakers).await?;
        let cpu = cpu_s(pid).unwrap_or_default() - cpu;
        let (mut reads, mut findings) = (Reads::default(), Vec::new());
        for (audience, record) in audiences.into_iter().zip(records) {
            let mut ended = audience.end().await?;
            findings.extend(ended.judge(&[record]));
            ended.add_to(&mut reads);
        }
        server.kill().await?;
        let Reads { mut samples, deliveries, falls: kicked } = reads;
        samples.sort_unstable();
        Ok(Spread {
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
            deliveries,
            deliveries_per_cpu_s: float(deliveries) / cpu,
            rss_kib_each: float(rss) / f64::from(self.groups * self.each),
            kicked,
            findings,
        })
    }

    /// Opens one speaker for each group.
    async fn open(&self, audiences: &[Audience]) -> io::Result<Vec<Speaker>> {
        let mut speakers = Vec::new();
        for (number, audience) in (self.groups * self.each..).zip(audiences) {
            let cookie = audience.test_group.cookie(0);
            speakers.push(Speaker::open(&audience.target, number, cookie, "speaker", PAYLOAD).await?);
        }
        Ok(speakers)
    }

    /// Has the speakers send; returns their records, by group.
    async fn speak(&self, speakers: Vec<Speaker>) -> io::Result<Vec<Record>> {
        let begun = Instant::now();
        let mut talking = JoinSet::new();
        for ((place, mut speaker), pause) in
            speakers.into_iter().enumerate().zip(pauses(self.groups, self.rate))
        {
            // Speakers start at different times, so that those with the same rate do not send together.
            let first = pause.mul_f64(float(place as u64) * GOLDEN % 1.0);
            let count = (self.time.saturating_sub(first).as_secs_f64() / pause.as_secs_f64()).ceil();
            talking.spawn(async move {
                sleep_until(begun + first).await;
                speaker.say(whole(count), pause).await?;
                Ok::<_, io::Error>((place, speaker.record))
            });
        }
        let mut records = Vec::new();
        while let Some(ended) = talking.join_next().await {
            records.push(ended.map_err(io::Error::other)??);
        }
        records.sort_by_key(|(place, _)| *place);
        Ok(records.into_iter().map(|(_, record)| record).collect())
    }
}

/// The golden ratio's fraction: the fractional parts of its multiples are evenly spread.
const GOLDEN: f64 = 0.618_033_988_75;

/// Returns the pause between two messages of each group, the most popular first: a group's rate is inversely
/// proportional to its rank (Zipf's law).
fn pauses(groups: u32, rate: u32) -> impl Iterator<Item = Duration> {
    let sum: f64 = (1..=groups).map(|rank| 1.0 / f64::from(rank)).sum();
    (1..=groups).map(move |rank| Duration::from_secs_f64(f64::from(rank) * sum / f64::from(rate.max(1))))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of messages")]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_groups_say_as_much_together_as_they_shall_and_the_second_half_of_the_first() {
        let pauses: Vec<f64> = pauses(1_000, 400).map(|pause| pause.as_secs_f64()).collect();
        let rate: f64 = pauses.iter().map(|pause| 1.0 / pause).sum();
        assert!((rate - 400.0).abs() < 0.1, "{rate}");
        assert!((pauses[1] / pauses[0] - 2.0).abs() < 1e-6 && pauses.len() == 1_000);
    }
}
