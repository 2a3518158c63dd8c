//! Churn test: many connections come, read a little and go, all the time, and must leave nothing behind.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::checker::Finding;
use crate::history::whole_log;
use crate::listener::{Listener, Target, judge};
use crate::speaker::Speaker;
use probe::process::{Holding, holding};
use probe::quantiles::quantile_ms;
use probe::server::Server;
use probe::setup::{TestGroup, gather};

/// The parameters of a churn test: one person sends while others connect at a rate, subscribe, read one or two
/// messages, and disconnect.
#[derive(Clone, Debug)]
pub struct Churn {
    /// The server binary.
    pub server: PathBuf,
    /// New connections per second.
    pub rate: u32,
    /// The time for which new connections arrive.
    pub time: Duration,
}

/// The result of a churn test.
#[derive(Clone, Debug, Serialize)]
pub struct Churned {
    /// The number of connections.
    pub connections: u64,
    /// The number of connections that failed to subscribe or read.
    pub failures: u64,
    /// The error of the first that failed.
    pub first_failure: Option<String>,
    /// The median time from the scheduled start of a connection until it had subscribed, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// The server's resources before.
    pub before: Holding,
    /// The server's resources after all connections are gone.
    pub after: Holding,
    /// The broken promises, failed connections and leaks; empty if all is well.
    pub findings: Vec<Finding>,
}

/// One short connection.
pub(crate) struct Visit {
    pub(crate) listener: Listener,
    /// The time until it had subscribed, in microseconds, or the error.
    pub(crate) came: io::Result<u64>,
}

/// The number of people; each connects many times.
const PEOPLE: usize = 40;
/// Messages sent per second.
const SAID: u32 = 50;
/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;
/// The warm-up before the first look at the server's resources: a server that has just started is smaller.
const WARM_UP: Duration = Duration::from_secs(1);
/// The timeout of a connection until it has read.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time in which the server must have freed the last connections.
const SETTLE: Duration = Duration::from_secs(2);
/// The interval between two looks at its resources.
const LOOK: Duration = Duration::from_millis(100);
/// The most additional descriptors at the end: a database opens files.
const MOST_DESCRIPTORS: u64 = 8;
/// The most additional threads: a runtime starts them when there is work, and stops them later.
const MOST_THREADS: u64 = 8;
/// The most additional memory, in KiB: for the messages themselves, and for the most concurrent connections.
const MOST_KIB: u64 = 16 * 1_024;

impl Churn {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or the speaker gets no answer.
    pub async fn run(&self) -> io::Result<Churned> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let (host, pid) = (server.host(), server.running()?);
        let test_group = Arc::new(gather(&host, PEOPLE).await?);
        let target = Target::new(&server, test_group.topic.clone());
        let mut speaker = Speaker::open(&target, 0, test_group.cookie(0), "speaker", PAYLOAD).await?;
        // Sent until the very end, so that nobody waits for a message that never comes.
        let said = u64::from(SAID) * (WARM_UP + self.time + 2 * SETTLE).as_secs();
        let speaking = tokio::spawn(async move {
            speaker.say(said, Duration::from_secs(1) / SAID).await?;
            Ok::<_, io::Error>(speaker.record)
        });
        let mut visits = come_and_go(&target, &test_group, 1, self.rate, WARM_UP).await?;
        let before = settle(pid, None).await?;
        let first = u32::try_from(visits.len()).unwrap_or(u32::MAX) + 1;
        visits.extend(come_and_go(&target, &test_group, first, self.rate, self.time).await?);
        let after = settle(pid, Some(before)).await?;
        let record = speaking.await.map_err(io::Error::other)??;
        let log = whole_log(&host, test_group.cookie(0), target.topic.as_str()).await?;
        server.kill().await?;

        let (mut times, mut listeners, mut failures, mut first_failure) = (Vec::new(), Vec::new(), 0, None);
        for Visit { listener, came } in visits {
            match came {
                Ok(took) => times.push(took),
                Err(error) => {
                    failures += 1;
                    first_failure.get_or_insert(error.to_string());
                }
            }
            listeners.push(listener);
        }
        times.sort_unstable();
        let mut findings = judge(&target, &[record], &listeners, &log);
        findings.extend(Finding::if_too_much("connections that failed", failures, 0));
        findings.extend(is_left_behind(before, after));
        Ok(Churned {
            connections: listeners.len() as u64,
            failures,
            first_failure,
            median_ms: quantile_ms(&times, 50),
            p99_ms: quantile_ms(&times, 99),
            before,
            after,
            findings,
        })
    }
}

impl Churned {
    /// Returns a one-line summary.
    #[must_use]
    pub fn summary(&self) -> String {
        format!("{} came, {} failed", self.connections, self.failures)
    }
}

/// Connects to a group at a rate for a time, numbered from `first`; half of them end with a close frame.
pub(crate) async fn come_and_go(
    target: &Arc<Target>,
    test_group: &Arc<TestGroup>,
    first: u32,
    rate: u32,
    time: Duration,
) -> io::Result<Vec<Visit>> {
    let (begun, pause, mut visiting) = (Instant::now(), Duration::from_secs(1) / rate.max(1), JoinSet::new());
    let mut visits = Vec::new();
    for number in (0..).take_while(|number| pause * *number < time) {
        let due = begun + pause * number;
        sleep_until(due).await;
        let (target, test_group, number) = (Arc::clone(target), Arc::clone(test_group), first + number);
        visiting.spawn(async move {
            let mut listener = Listener::new(target, number, test_group.cookie(number), false);
            let visit = timeout(PATIENCE, visit(&mut listener, number, due)).await;
            Visit { listener, came: visit.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) }
        });
        while let Some(ended) = visiting.try_join_next() {
            visits.push(ended.map_err(io::Error::other)?);
        }
    }
    visits.extend(visiting.join_all().await);
    Ok(visits)
}

async fn visit(listener: &mut Listener, number: u32, due: Instant) -> io::Result<u64> {
    let mut link = listener.open().await?;
    let took = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
    listener.hear_some(&mut link, 1 + u64::from(number % 2)).await?;
    if number % 4 < 2 {
        link.close().await?
    } else {
        link.reset()?
    }
    Ok(took)
}

/// Returns a process's resources once it has no more descriptors than `then`, or after a timeout.
async fn settle(pid: u32, then: Option<Holding>) -> io::Result<Holding> {
    let until = Instant::now() + SETTLE;
    loop {
        let now = holding(pid).ok_or_else(|| io::Error::other("the server has ended"))?;
        let settled = then.is_some_and(|then| now.descriptors <= then.descriptors);
        if settled || Instant::now() > until {
            return Ok(now);
        }
        sleep(LOOK).await;
    }
}

/// Returns findings for the resources that a server still holds after churn.
fn is_left_behind(before: Holding, after: Holding) -> Vec<Finding> {
    [
        (
            "descriptors more than before anybody came",
            after.descriptors,
            before.descriptors,
            MOST_DESCRIPTORS,
        ),
        ("threads more than before anybody came", after.threads, before.threads, MOST_THREADS),
        ("KiB of memory more than before anybody came", after.rss_kib, before.rss_kib, MOST_KIB),
    ]
    .into_iter()
    .filter_map(|(what, after, before, most)| Finding::if_too_much(what, after.saturating_sub(before), most))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_behind_is_found() {
        let before = Holding { rss_kib: 40_000, descriptors: 60, threads: 9 };
        assert_eq!(is_left_behind(before, before), []);
        // Less than before is not a finding, and does not wrap around.
        assert_eq!(is_left_behind(before, Holding::default()), []);
        for leaky in [
            Holding { descriptors: 69, ..before },
            Holding { threads: 18, ..before },
            Holding { rss_kib: 60_000, ..before },
        ] {
            assert!(matches!(is_left_behind(before, leaky)[..], [Finding::TooMuch { .. }]), "{leaky:?}");
        }
    }
}
