//! End-to-end latency: from a sender's write to another person's read, with a commit to disk and, for comparison,
//! without one.

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
use probe::quantiles::{median, quantile_ms};
use probe::server::Server;
use probe::setup::gather_groups;

/// The parameters of an end-to-end measurement.
#[derive(Clone, Debug)]
pub struct EndToEnd {
    /// The server binary.
    pub server: PathBuf,
    /// The number of groups.
    pub groups: u32,
    /// The number of people in each; all of them send, and all of them listen over a second socket.
    pub each: u32,
    /// The rate of all people together, in messages per second.
    pub rate: u32,
    /// The duration of one measurement.
    pub time: Duration,
    /// The number of measurements of each store, in turn; the result has their medians.
    pub rounds: usize,
}

/// The result for one store.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// The store: sqlite or memory.
    pub store: &'static str,
    /// The median latency of a delivery, from the scheduled send, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// Entries read, all together.
    pub deliveries: u64,
    /// The broken promises of all rounds; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;
/// The timeout for reading everything after the last send.
const PATIENCE: Duration = Duration::from_secs(60);

impl EndToEnd {
    /// Measures both stores in turn; returns one result for each, the durable one first.
    ///
    /// # Errors
    /// If a server cannot be started or reached, or somebody gets no answer.
    pub async fn run(&self) -> io::Result<Vec<Delivered>> {
        let stores = ["sqlite", "memory"];
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..self.rounds.max(1) {
            for (store, rounds) in stores.into_iter().zip(&mut rounds) {
                rounds.push(self.measure(store).await?);
            }
        }
        let medians = |(store, rounds): (_, Vec<Delivered>)| Delivered {
            store,
            median_ms: median(rounds.iter().map(|round| round.median_ms)).unwrap_or_default(),
            p99_ms: median(rounds.iter().map(|round| round.p99_ms)).unwrap_or_default(),
            deliveries: rounds.iter().map(|round| round.deliveries).sum(),
            findings: rounds.into_iter().flat_map(|round| round.findings).collect(),
        };
        Ok(stores.into_iter().zip(rounds).map(medians).collect())
    }

    async fn measure(&self, store: &'static str) -> io::Result<Delivered> {
        let mut server = Server::start(&self.server, store, None).await?;
        let until = Instant::now() + self.time + PATIENCE;
        let groups = gather_groups(&server.host(), self.groups as usize, self.each as usize).await?;
        let audiences = Audience::seat_all(&server, groups, self.each, until).await?;
        let records = self.speak(&audiences).await?;
        let (mut reads, mut findings) = (Reads::default(), Vec::new());
        for (audience, said) in audiences.into_iter().zip(records) {
            let mut ended = audience.end().await?;
            // The memory store keeps only the newest entries, so there is no whole log to check against.
            if store == "sqlite" {
                findings.extend(ended.judge(&said));
            }
            ended.add_to(&mut reads);
        }
        server.kill().await?;
        let Reads { mut samples, deliveries, .. } = reads;
        samples.sort_unstable();
        let (median_ms, p99_ms) = (quantile_ms(&samples, 50), quantile_ms(&samples, 99));
        Ok(Delivered { store, median_ms, p99_ms, deliveries, findings })
    }

    /// Has everybody send; returns their records, by group.
    pub(crate) async fn speak(&self, audiences: &[Audience]) -> io::Result<Vec<Vec<Record>>> {
        let people = self.groups * self.each;
        let pause = Duration::from_secs(1) * people / self.rate.max(1);
        let count = u64::from(self.rate) * self.time.as_secs() / u64::from(people.max(1));
        let (mut speakers, mut ready) = (JoinSet::new(), Vec::new());
        for (place, audience) in audiences.iter().enumerate() {
            for number in 0..self.each {
                let (name, cookie) = (format!("speaker{number}"), audience.test_group.cookie(number));
                let number = people + u32::try_from(ready.len()).unwrap_or(u32::MAX);
                ready.push((place, Speaker::open(&audience.target, number, cookie, &name, PAYLOAD).await?));
            }
        }
        let begun = Instant::now();
        for (number, (place, mut speaker)) in (0..).zip(ready) {
            // Senders are spread over the pause.
            let first = begun + pause * number / people.max(1);
            speakers.spawn(async move {
                sleep_until(first).await;
                speaker.say(count, pause).await?;
                Ok::<_, io::Error>((place, speaker.record))
            });
        }
        let mut records = vec![Vec::new(); audiences.len()];
        while let Some(ended) = speakers.join_next().await {
            let (place, record) = ended.map_err(io::Error::other)??;
            records[place].push(record);
        }
        Ok(records)
    }
}
