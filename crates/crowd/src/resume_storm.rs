//! Everybody falls away at once and comes back at once, as after the restart of a proxy.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::checker::Finding;
use crate::gathering::gather;
use crate::history::whole_log;
use crate::listener::{Link, Listener, Target, assemble, judge};
use crate::metrics::Metrics;
use crate::process::cpu_s;
use crate::quantiles::quantile_ms;
use crate::server::Server;
use crate::speaker::Speaker;

/// What happens: all listen, all fall away, something is said, and all come back with what they have read.
#[derive(Clone, Debug)]
pub struct ResumeStorm {
    /// The binary of the product.
    pub server: PathBuf,
    /// How many sockets listen to one group.
    pub connections: u32,
    /// How many messages are said while nobody is there.
    pub messages: u64,
}

/// What was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Returned {
    /// How many sockets there were.
    pub connections: u32,
    /// How long it took until half of them had everything, in ms, from when all began to come back.
    pub median_ms: f64,
    /// Until 99 of 100 had.
    pub p99_ms: f64,
    /// Until all had.
    pub all_ms: f64,
    /// How often somebody had to try again.
    pub falls: u64,
    /// How often a gap was not replayed, but left to history.
    pub resets: u64,
    /// The processor time that the server took for it, in seconds.
    pub cpu_s: f64,
    /// How often the store was read meanwhile, if the server tells.
    pub store_reads: Option<f64>,
    /// Every promise that was not kept.
    pub findings: Vec<Finding>,
}

/// How many people there are; each has many sockets.
const PEOPLE: usize = 200;
/// How many messages everybody reads before they fall away.
const BEFORE: u64 = 20;
/// How long everybody has for these.
const READ: Duration = Duration::from_secs(2);
/// The pause between two messages.
const PAUSE: Duration = Duration::from_millis(2);
/// How many bytes a message has.
const PAYLOAD: usize = 128;
/// How long somebody may need until they have everything.
const PATIENCE: Duration = Duration::from_secs(60);

impl ResumeStorm {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or the speaker is not answered.
    pub async fn run(&self) -> io::Result<Returned> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let host = server.host();
        let crowd = gather(&host, PEOPLE).await?;
        let target = Target::new(&server, crowd.topic.clone());
        let mut speaker =
            Speaker::open(&target, self.connections, crowd.cookie(0), "speaker", PAYLOAD).await?;
        let there = assemble(&target, &crowd, 0..self.connections, false).await?;
        speaker.say(BEFORE, PAUSE).await?;
        let gone = fall_away(there).await?;
        speaker.say(self.messages, PAUSE).await?;
        let log = whole_log(&host, crowd.cookie(0), target.topic.as_str()).await?;

        let pid = server.running()?;
        let (before, cpu) = (server.metrics().await?, cpu_s(pid).unwrap_or_default());
        let (_goal, reached) = watch::channel(log.last().map(|line| line.seq));
        let begun = Instant::now();
        let mut coming = JoinSet::new();
        for mut listener in gone {
            let reached = reached.clone();
            coming.spawn(async move {
                let give_up = begun + PATIENCE;
                let link = listener.resume(give_up).await?;
                listener.follow(link, reached, give_up).await;
                Ok::<_, io::Error>((listener, begun.elapsed()))
            });
        }
        let (mut all, mut times, mut falls, mut resets) = (Vec::new(), Vec::new(), 0, 0);
        while let Some(ended) = coming.join_next().await {
            let (listener, took) = ended.map_err(io::Error::other)??;
            times.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            falls += listener.falls;
            resets += listener.trail.resets();
            all.push(listener);
        }
        let cpu_s = cpu_s(pid).unwrap_or_default() - cpu;
        let after = server.metrics().await?;
        server.kill().await?;
        times.sort_unstable();
        let reads = |metrics: &Metrics| metrics.of("store_reads_total");
        Ok(Returned {
            connections: self.connections,
            median_ms: quantile_ms(&times, 50),
            p99_ms: quantile_ms(&times, 99),
            all_ms: quantile_ms(&times, 100),
            falls,
            resets,
            cpu_s,
            store_reads: reads(&after).zip(reads(&before)).map(|(after, before)| after - before),
            findings: judge(&target, &[speaker.record], &all, &log),
        })
    }
}

impl Returned {
    /// In a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { connections, falls, resets, .. } = self;
        format!("{connections} sockets, tried again {falls}, {resets} resets")
    }
}

/// Everybody reads what there is, and then all fall away without a word.
async fn fall_away(there: Vec<(Listener, Link)>) -> io::Result<Vec<Listener>> {
    let (until, mut reading) = (Instant::now() + READ, JoinSet::new());
    for (mut listener, link) in there {
        reading.spawn(async move {
            let link = listener.listen(link, until).await?;
            Ok::<_, io::Error>((listener, link))
        });
    }
    let (mut gone, mut links) = (Vec::new(), Vec::new());
    while let Some(read) = reading.join_next().await {
        let (listener, link) = read.map_err(io::Error::other)??;
        gone.push(listener);
        links.push(link);
    }
    for link in links {
        link.reset()?;
    }
    // What was under way has arrived, or never will.
    sleep(PAUSE).await;
    Ok(gone)
}
