//! Two nodes on one database: the sends that they acknowledge beside those of one node, and the latency from one node to
//! the other.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use probe::durable::{Acknowledged, Durable};
use probe::quantiles::{median, quantile_ms};
use probe::server::Server;
use probe::setup::gather_groups;
use serde::Serialize;
use services::{Nats, Postgres, Redis};
use tokio::task::block_in_place;
use tokio::time::Instant;

use crate::checker::Finding;
use crate::end_to_end::EndToEnd;
use crate::listener::{Audience, Reads};
use crate::record::Record;

/// The parameters of the measurements.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// The server binary.
    pub server: PathBuf,
    /// The number of senders, who share the nodes.
    pub senders: u32,
    /// The rate of the messages whose latency is measured, in messages per second.
    pub rate: u32,
    /// The duration of one measurement.
    pub time: Duration,
    /// The number of measurements of each line; the result has their medians.
    pub rounds: usize,
}

/// The acknowledgements of one or two nodes, as fast as they come.
#[derive(Clone, Debug, Serialize)]
pub struct Sends {
    /// The number of nodes.
    pub nodes: u32,
    /// The number of logs that each node writes to.
    pub logs: &'static str,
    /// Acknowledgements per second, all nodes together.
    pub acks_per_s: f64,
    /// The median latency of an acknowledgement on the slower node, in ms.
    pub median_ms: f64,
    /// The 99th percentile there, in ms.
    pub p99_ms: f64,
}

/// The latency from a sender's write to the reads of listeners on two nodes.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// The bus: none, redis or nats.
    pub bus: &'static str,
    /// The median and the 99th percentile on the sender's node, in ms.
    pub own_ms: [f64; 2],
    /// The same on the other node.
    pub other_ms: [f64; 2],
    /// Entries read, all together.
    pub deliveries: u64,
    /// The broken promises of all rounds; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The logs of one measurement: all senders share one, or each node has its own.
#[derive(Clone, Copy)]
enum Logs {
    One,
    Own,
}

/// The number of logs, when each node has its own.
const LOGS: u32 = 8;
/// The number of groups in which latency is measured, and of senders and of listeners on each node in every one.
const GROUPS: u32 = 8;
/// The timeout for reading everything after the last send.
const PATIENCE: Duration = Duration::from_secs(60);

impl Nodes {
    /// Measures the acknowledgements of one node and of two, in turn; none, with a line, if PostgreSQL is not installed.
    ///
    /// # Errors
    /// If a server cannot be started or reached.
    pub async fn sends(&self) -> io::Result<Option<Vec<Sends>>> {
        let Some(database) = block_in_place(Postgres::start) else { return Ok(None) };
        let lines = [(1, Logs::One), (2, Logs::One), (1, Logs::Own), (2, Logs::Own)];
        let mut rounds = [const { Vec::new() }; 4];
        for _ in 0..self.rounds.max(1) {
            for ((nodes, logs), rounds) in lines.into_iter().zip(&mut rounds) {
                let url = block_in_place(|| database.database());
                rounds.push(self.send(&url, nodes, logs).await?);
            }
        }
        let of = |rounds: &[Acknowledged], figure: fn(&Acknowledged) -> f64| {
            median(rounds.iter().map(figure)).unwrap_or_default()
        };
        let medians = |((nodes, logs), rounds): ((u32, Logs), Vec<Acknowledged>)| Sends {
            nodes,
            logs: logs.name(),
            acks_per_s: of(&rounds, |round| round.acks_per_s),
            median_ms: of(&rounds, |round| round.median_ms),
            p99_ms: of(&rounds, |round| round.p99_ms),
        };
        Ok(Some(lines.into_iter().zip(rounds).map(medians).collect()))
    }

    async fn send(&self, database: &str, nodes: u32, logs: Logs) -> io::Result<Acknowledged> {
        let durable = |node: u32| Durable {
            server: self.server.clone(),
            store: database.to_owned(),
            senders: self.senders / nodes,
            topics: logs.count() / nodes.min(logs.count()),
            first_topic: node * (logs.count() / nodes),
            rate: None,
            time: self.time,
        };
        let files = tempfile::tempdir()?;
        let mut first = Server::node(&self.server, database, None, files.path()).await?;
        if nodes == 1 {
            let sent = durable(0).run_on(first.serving(), &()).await?;
            first.kill().await?;
            return Ok(sent);
        }
        let mut second = Server::node(&self.server, database, None, files.path()).await?;
        let (one, other) = (durable(0), durable(1));
        let (one, other) =
            tokio::try_join!(one.run_on(first.serving(), &()), other.run_on(second.serving(), &()))?;
        first.kill().await?;
        second.kill().await?;
        Ok(Acknowledged {
            acks_per_s: one.acks_per_s + other.acks_per_s,
            median_ms: one.median_ms.max(other.median_ms),
            p99_ms: one.p99_ms.max(other.p99_ms),
        })
    }

    /// Measures the latency to both nodes without a bus, and with those that are installed; none, with a line, if
    /// PostgreSQL is not.
    ///
    /// # Errors
    /// If a server cannot be started or reached, or somebody gets no answer.
    pub async fn latencies(&self) -> io::Result<Option<Vec<Latency>>> {
        let Some(database) = block_in_place(Postgres::start) else { return Ok(None) };
        let (redis, nats) = block_in_place(|| (Redis::start(), Nats::start()));
        let mut buses = vec![("none", None)];
        buses.extend(redis.as_ref().map(|redis| ("redis", Some(redis.url()))));
        buses.extend(nats.as_ref().map(|nats| ("nats", Some(nats.url()))));
        let mut rounds = vec![Vec::new(); buses.len()];
        for _ in 0..self.rounds.max(1) {
            for ((bus, url), rounds) in buses.iter().zip(&mut rounds) {
                let database = block_in_place(|| database.database());
                rounds.push(self.talk(&database, bus, url.as_deref()).await?);
            }
        }
        let medians = |rounds: Vec<Latency>| {
            let of = |figure: &dyn Fn(&Latency) -> f64| median(rounds.iter().map(figure)).unwrap_or_default();
            Latency {
                bus: rounds.first().map_or("none", |round| round.bus),
                own_ms: [of(&|round| round.own_ms[0]), of(&|round| round.own_ms[1])],
                other_ms: [of(&|round| round.other_ms[0]), of(&|round| round.other_ms[1])],
                deliveries: rounds.iter().map(|round| round.deliveries).sum(),
                findings: rounds.into_iter().flat_map(|round| round.findings).collect(),
            }
        };
        Ok(Some(rounds.into_iter().map(medians).collect()))
    }

    async fn talk(&self, database: &str, bus: &'static str, url: Option<&str>) -> io::Result<Latency> {
        let files = tempfile::tempdir()?;
        let mut own = Server::node(&self.server, database, url, files.path()).await?;
        let mut other = Server::node(&self.server, database, url, files.path()).await?;
        let (server, time) = (self.server.clone(), self.time);
        let talk = EndToEnd { server, groups: GROUPS, each: GROUPS, rate: self.rate, time, rounds: 1 };
        let until = Instant::now() + self.time + PATIENCE;
        let groups = gather_groups(&own.host(), GROUPS as usize, GROUPS as usize).await?;
        let here = Audience::seat_all(&own, groups, GROUPS, until).await?;
        let mut there = Vec::new();
        for (group, audience) in (GROUPS..).zip(&here) {
            let numbers = group * GROUPS..(group + 1) * GROUPS;
            there.push(audience.seat_beside(&other, numbers, until).await?);
        }
        let said = talk.speak(&here).await?;
        let (own_reads, mut findings) = end(here, &said).await?;
        let (other_reads, found) = end(there, &said).await?;
        findings.extend(found);
        own.kill().await?;
        other.kill().await?;
        let deliveries = own_reads.deliveries + other_reads.deliveries;
        Ok(Latency {
            bus,
            own_ms: quantiles(own_reads),
            other_ms: quantiles(other_reads),
            deliveries,
            findings,
        })
    }
}

impl Logs {
    const fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Own => LOGS,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Own => "own",
        }
    }
}

/// Waits until everybody has read everything; returns the reads, and what was wrong with them.
async fn end(audiences: Vec<Audience>, said: &[Vec<Record>]) -> io::Result<(Reads, Vec<Finding>)> {
    let (mut reads, mut findings) = (Reads::default(), Vec::new());
    for (audience, said) in audiences.into_iter().zip(said) {
        let mut ended = audience.end().await?;
        findings.extend(ended.judge(said));
        ended.add_to(&mut reads);
    }
    Ok((reads, findings))
}

/// Returns the median and the 99th percentile of the sampled latencies, in ms.
fn quantiles(Reads { mut samples, .. }: Reads) -> [f64; 2] {
    samples.sort_unstable();
    [quantile_ms(&samples, 50), quantile_ms(&samples, 99)]
}
