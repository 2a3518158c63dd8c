//! Many people in many groups, a few of which say most: what it costs that nothing is shared by all.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::checker::Finding;
use crate::gathering::gather_groups;
use crate::listener::{Audience, Reads};
use crate::process::{cpu_s, rss_kib};
use crate::quantiles::{float, quantile_ms};
use crate::record::Record;
use crate::server::Server;
use crate::speaker::Speaker;

/// What happens: every member of every group listens, and one of each talks, the more often the more popular the group is.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The binary of the product.
    pub server: PathBuf,
    /// How many groups.
    pub groups: u32,
    /// How many people each of them has.
    pub each: u32,
    /// How many messages a second are said in all of them together.
    pub rate: u32,
    /// For how long.
    pub time: Duration,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    /// How long half of the deliveries took at most, from when a message was to be sent, in ms.
    pub median_ms: f64,
    /// How long 99 of 100 took at most.
    pub p99_ms: f64,
    /// Entries that were read, all together.
    pub deliveries: u64,
    /// Deliveries for each second of the server's own processor time.
    pub deliveries_per_cpu_s: f64,
    /// How much the server's resident memory grew for each listener, in KiB.
    pub rss_kib_each: f64,
    /// How often the server has let go of somebody.
    pub kicked: u64,
    /// Every promise that was not kept.
    pub findings: Vec<Finding>,
}

/// How many bytes a message has.
const PAYLOAD: usize = 128;
/// How long everybody may need to come, and later to read everything.
const PATIENCE: Duration = Duration::from_secs(240);

impl Groups {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or somebody is not answered.
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

    /// One of each group comes to talk.
    async fn open(&self, audiences: &[Audience]) -> io::Result<Vec<Speaker>> {
        let mut speakers = Vec::new();
        for (number, audience) in (self.groups * self.each..).zip(audiences) {
            let cookie = audience.crowd.cookie(0);
            speakers.push(Speaker::open(&audience.target, number, cookie, "speaker", PAYLOAD).await?);
        }
        Ok(speakers)
    }

    /// Has them talk; gives what they noted, group by group.
    async fn speak(&self, speakers: Vec<Speaker>) -> io::Result<Vec<Record>> {
        let begun = Instant::now();
        let mut talking = JoinSet::new();
        for ((place, mut speaker), pause) in
            speakers.into_iter().enumerate().zip(pauses(self.groups, self.rate))
        {
            // Everybody begins at another time, so that not all who talk as seldom do it together.
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

/// What is left of multiples of this, after the point, is spread evenly.
const GOLDEN: f64 = 0.618_033_988_75;

/// The pause between two messages of each group, the most popular first: how often something is said in a group is as one
/// by its rank (Zipf's law).
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
