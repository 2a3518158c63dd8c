//! History benchmark: the latency of a page of a long log, at its end, in its middle, and at its beginning.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use wire::Entry;

use crate::checker::Finding;
use crate::history::PAGE;
use probe::http::get_in_turn;
use probe::quantiles::{float, quantile_ms};
use probe::server::Server;
use probe::websocket::{await_data, client_text, connect, shake_hands};

/// The parameters of a history benchmark.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The server binary.
    pub server: PathBuf,
    /// The number of entries in the log.
    pub entries: u64,
    /// The number of pages that are read at each position.
    pub pages: u64,
}

/// The result of a history benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Paged {
    /// The number of entries in the log.
    pub entries: u64,
    /// The rate of commits while the log was filled, in entries per second.
    pub filled_per_s: f64,
    /// One line for each position.
    pub places: Vec<Turned>,
    /// A finding for each page with wrong entries.
    pub findings: Vec<Finding>,
}

/// The latency of pages at one position.
#[derive(Clone, Debug, Serialize)]
pub struct Turned {
    /// The position: end, middle or beginning.
    pub place: &'static str,
    /// The median, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
}

/// A request for a page, and the entries that it must return.
#[derive(Clone, Debug)]
struct Wanted {
    query: String,
    /// The Seq before its first entry.
    after: u64,
    /// The Seq of its last entry.
    until: u64,
}

/// The topic that is filled.
const TOPIC: &str = "history";
/// The number of concurrent senders, and the entries that each has in flight.
const SENDERS: u32 = 64;
const UNDER_WAY: u32 = 48;
/// The payload of an entry, in bytes.
const PAYLOAD: usize = 128;
/// The number of entries that fill every cache, and of the pages that each of the readers reads from them.
const WARM_ENTRIES: u64 = 100_000;
const WARM_PAGES: u64 = 1_000;
const WARM_READERS: u64 = 4;
/// The pause before the measurement, in which the server comes to rest.
const SETTLE: Duration = Duration::from_secs(2);

impl HistoryPage {
    /// Fills a log, and measures.
    ///
    /// # Errors
    /// If the server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Paged> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let host = server.host();
        let begun = Instant::now();
        let entries = fill(server.addr(), self.entries).await?;
        let filled_per_s = float(entries) / begun.elapsed().as_secs_f64();
        sleep(SETTLE).await;
        let (mut places, mut findings) = (Vec::new(), Vec::new());
        for (place, wanted) in self.wanted(entries) {
            let path = |wanted: &Wanted| format!("/topics/{TOPIC}/history?{}&limit={PAGE}", wanted.query);
            let answers = get_in_turn(&host, wanted.iter().map(path).collect(), None).await?;
            let mut times = Vec::new();
            for (wanted, (answer, took)) in wanted.iter().zip(answers) {
                times.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
                let page: Vec<Entry<Value>> = answer.json()?;
                findings.extend(what_is_wrong(place, wanted, page.iter().map(|entry| entry.seq.0)));
            }
            times.sort_unstable();
            let (median_ms, p99_ms) = (quantile_ms(&times, 50), quantile_ms(&times, 99));
            places.push(Turned { place, median_ms, p99_ms });
        }
        server.kill().await?;
        Ok(Paged { entries, filled_per_s, places, findings })
    }

    /// Returns the requested pages, by position.
    fn wanted(&self, entries: u64) -> [(&'static str, Vec<Wanted>); 3] {
        let at_end = |_| Wanted { query: String::new(), after: entries.saturating_sub(PAGE), until: entries };
        let before = |number: u64| {
            let before = (entries / 2 + number * PAGE).min(entries);
            let after = before.saturating_sub(PAGE + 1);
            Wanted { query: format!("before={before}"), after, until: before.saturating_sub(1) }
        };
        let after = |number: u64| {
            let after = (number * PAGE).min(entries);
            Wanted { query: format!("after={after}"), after, until: (after + PAGE).min(entries) }
        };
        [
            ("end", (0..self.pages).map(at_end).collect()),
            ("middle", (0..self.pages).map(before).collect()),
            ("beginning", (0..self.pages).map(after).collect()),
        ]
    }
}

/// Fills a log that is longer than the part of the database file that the server caches, and reads all of it: then the
/// caches are as large as they ever get.
pub(crate) async fn fill_caches(server: &Server) -> io::Result<()> {
    let (host, entries) = (server.host(), fill(server.addr(), WARM_ENTRIES).await?);
    let mut reading = JoinSet::new();
    for reader in 0..WARM_READERS {
        let page = |page: u64| {
            let before = (page * entries / WARM_PAGES + reader * PAGE).min(entries);
            format!("/topics/{TOPIC}/history?before={before}&limit={PAGE}")
        };
        let (host, paths) = (host.clone(), (1..=WARM_PAGES).map(page).collect());
        reading.spawn(async move { get_in_turn(&host, paths, None).await });
    }
    while let Some(read) = reading.join_next().await {
        for (answer, _) in read.map_err(io::Error::other)?? {
            answer.text()?;
        }
    }
    Ok(())
}

/// Publishes about this many entries as fast as they are acknowledged; returns the number.
async fn fill(addr: SocketAddr, entries: u64) -> io::Result<u64> {
    let rounds = entries.div_ceil(u64::from(SENDERS * UNDER_WAY));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(async move {
            let mut stream = shake_hands(connect(addr, number).await?, "/ws").await?;
            await_data(&stream, 1).await?;
            let data = "x".repeat(PAYLOAD);
            let frame = client_text(&format!(r#"{{"action":"publish","topic":"{TOPIC}","data":"{data}"}}"#));
            let (frames, count) = (frame.repeat(UNDER_WAY as usize), UNDER_WAY as usize);
            for _ in 0..rounds {
                stream.write_all(&frames).await?;
                await_data(&stream, count).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.map_err(io::Error::other)??;
    }
    Ok(rounds * u64::from(SENDERS * UNDER_WAY))
}

/// Returns a finding if a page does not have the expected entries.
fn what_is_wrong(place: &str, wanted: &Wanted, seqs: impl Iterator<Item = u64>) -> Option<Finding> {
    let Wanted { after, until, .. } = *wanted;
    let reader = format!("who reads at the {place}");
    (!seqs.eq(after + 1..=until)).then_some(Finding::WrongPage { reader, after, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_lacks_doubles_or_turns_something_is_found() {
        let wanted = Wanted { query: "after=10".into(), after: 10, until: 13 };
        let wrong = |seqs: &[u64]| what_is_wrong("end", &wanted, seqs.iter().copied());
        assert_eq!(wrong(&[11, 12, 13]), None);
        for page in [&[][..], &[11, 12], &[11, 13, 12], &[11, 12, 12, 13], &[11, 12, 13, 14], &[10, 11, 12]] {
            assert!(matches!(wrong(page), Some(Finding::WrongPage { after: 10, until: 13, .. })), "{page:?}");
        }
    }

    #[test]
    fn every_place_has_whole_pages() {
        let pages = HistoryPage { server: PathBuf::new(), entries: 100_000, pages: 200 };
        for (place, wanted) in pages.wanted(100_000) {
            assert_eq!(wanted.len(), 200);
            assert!(
                wanted.iter().all(|page| page.until == page.after + PAGE && page.until <= 100_000),
                "{place}"
            );
        }
    }
}
