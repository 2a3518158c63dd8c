//! How long a message takes from one who says it to another who reads it, on disk before it is told, beside the same
//! without a disk.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::checker::Finding;
use crate::gathering::gather_groups;
use crate::listener::{Audience, Reads};
use crate::quantiles::{median, quantile_ms};
use crate::record::Record;
use crate::server::Server;
use crate::speaker::Speaker;

/// What is compared.
#[derive(Clone, Debug)]
pub struct EndToEnd {
    /// The binary of the product.
    pub server: PathBuf,
    /// How many groups.
    pub groups: u32,
    /// How many people each of them has; everybody talks, and everybody listens with a second socket.
    pub each: u32,
    /// How many messages a second all of them say together.
    pub rate: u32,
    /// For how long.
    pub time: Duration,
    /// How often each store is measured, in turn; medians are told.
    pub rounds: usize,
}

/// What was measured with one store.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// sqlite or memory.
    pub store: &'static str,
    /// How long half of the deliveries took at most, from when a message was to be sent, in ms.
    pub median_ms: f64,
    /// How long 99 of 100 took at most.
    pub p99_ms: f64,
    /// Entries that were read, all together.
    pub deliveries: u64,
    /// Every promise that was not kept.
    pub findings: Vec<Finding>,
}

/// How many bytes a message has.
const PAYLOAD: usize = 128;
/// How long after all is said somebody may need until they have it.
const PATIENCE: Duration = Duration::from_secs(60);

impl EndToEnd {
    /// Measures both stores in turn; gives one line for each, the durable one first.
    ///
    /// # Errors
    /// If a server cannot be started or reached, or somebody is not answered.
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
            // What is only in memory keeps no more than the newest entries: there is no whole log to judge by.
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

    /// Has everybody talk; gives what they noted, group by group.
    async fn speak(&self, audiences: &[Audience]) -> io::Result<Vec<Vec<Record>>> {
        let people = self.groups * self.each;
        let pause = Duration::from_secs(1) * people / self.rate.max(1);
        let count = u64::from(self.rate) * self.time.as_secs() / u64::from(people.max(1));
        let (mut speakers, mut ready) = (JoinSet::new(), Vec::new());
        for (place, audience) in audiences.iter().enumerate() {
            for number in 0..self.each {
                let (name, cookie) = (format!("speaker{number}"), audience.crowd.cookie(number));
                let number = people + u32::try_from(ready.len()).unwrap_or(u32::MAX);
                ready.push((place, Speaker::open(&audience.target, number, cookie, &name, PAYLOAD).await?));
            }
        }
        let begun = Instant::now();
        for (number, (place, mut speaker)) in (0..).zip(ready) {
            // Spread over the pause.
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
