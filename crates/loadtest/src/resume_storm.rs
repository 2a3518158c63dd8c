//! Resume storm: everybody disconnects at once and resumes at once, as after the restart of a proxy.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::checker::Finding;
use crate::history::whole_log;
use crate::listener::{Link, Listener, Target, assemble, judge};
use crate::speaker::Speaker;
use probe::metrics::Metrics;
use probe::process::cpu_s;
use probe::quantiles::quantile_ms;
use probe::server::Server;
use probe::setup::gather;

/// The parameters of a resume storm: all listen, all disconnect, messages are sent, and all resume from their cursors.
#[derive(Clone, Debug)]
pub struct ResumeStorm {
    /// The server binary.
    pub server: PathBuf,
    /// The number of sockets that listen to one group.
    pub connections: u32,
    /// The number of messages that are sent while nobody is connected.
    pub messages: u64,
}

/// The result of a resume storm.
#[derive(Clone, Debug, Serialize)]
pub struct Returned {
    /// The number of sockets.
    pub connections: u32,
    /// The time from the start of the storm until half of the sockets had everything, in ms.
    pub median_ms: f64,
    /// The same, for 99 of 100, in ms.
    pub p99_ms: f64,
    /// The same, for all, in ms.
    pub all_ms: f64,
    /// The number of reconnects that had to be retried.
    pub falls: u64,
    /// The number of gaps that were left to history instead of being replayed.
    pub resets: u64,
    /// The server's processor time for the storm, in seconds.
    pub cpu_s: f64,
    /// The number of reads of the store meanwhile, if the server reports them.
    pub store_reads: Option<f64>,
    /// The broken promises; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The number of people; each has many sockets.
const PEOPLE: usize = 200;
/// The number of messages that everybody reads before they disconnect.
const BEFORE: u64 = 20;
/// The time for reading these.
const READ: Duration = Duration::from_secs(2);
/// The pause between two messages.
const PAUSE: Duration = Duration::from_millis(2);
/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;
/// The timeout for reading everything.
const PATIENCE: Duration = Duration::from_secs(60);

impl ResumeStorm {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or the speaker gets no answer.
    pub async fn run(&self) -> io::Result<Returned> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let host = server.host();
        let test_group = gather(&host, PEOPLE).await?;
        let target = Target::new(&server, test_group.topic.clone());
        let mut speaker =
            Speaker::open(&target, self.connections, test_group.cookie(0), "speaker", PAYLOAD).await?;
        let there = assemble(&target, &test_group, 0..self.connections, false).await?;
        speaker.say(BEFORE, PAUSE).await?;
        let gone = fall_away(there).await?;
        speaker.say(self.messages, PAUSE).await?;
        let log = whole_log(&host, test_group.cookie(0), target.topic.as_str()).await?;

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
    /// Returns a one-line summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { connections, falls, resets, .. } = self;
        format!("{connections} sockets, tried again {falls}, {resets} resets")
    }
}

/// Has everybody read what there is, and then disconnects all of them without a close frame.
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
    // Everything in flight has arrived by now, or never will.
    sleep(PAUSE).await;
    Ok(gone)
}
