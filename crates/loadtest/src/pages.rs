//! Page benchmark: processor time and latency of pages with many people, groups and entries, alone and while others
//! constantly reload heavy pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::task::JoinSet;

use probe::http::get_in_turn;
use probe::process::{cpu_s, rss_kib};
use probe::quantiles::{float, quantile_ms};
use probe::server::Server;

/// The parameters of a page benchmark.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The server binary.
    pub server: PathBuf,
    /// The program that fills a data folder: the example `town` of the store.
    pub town: PathBuf,
    /// The number of people, groups and entries.
    pub size: Size,
    /// The number of requests for each page.
    pub rounds: usize,
}

/// The size of the data.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Size {
    /// People with an account.
    pub people: usize,
    /// Groups, each with members and a log.
    pub groups: usize,
    /// Entries in all logs.
    pub entries: usize,
}

/// The result of a page benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Costs {
    /// The size of the data.
    pub size: Size,
    /// One line for each page.
    pub pages: Vec<Cost>,
    /// The cost of the start page of a user with two groups, while eight others reload.
    pub beside: Cost,
    /// The server's resident memory, in MiB: at rest, and at the end.
    pub rss_mib: [u64; 2],
}

/// The cost of one page.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// The name of the page in the result.
    pub page: String,
    /// The latency of the first response after the start, in ms.
    pub cold_ms: f64,
    /// The server's processor time per request, in ms, once it is warm; 0 if it is not known.
    pub cpu_ms: f64,
    /// The median latency, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// The size of the page, in KiB.
    pub kib: u64,
}

/// The sessions of the town's people, and the paths of the pages.
#[derive(Debug, Deserialize)]
struct Town {
    busy: String,
    light: String,
    away: String,
    group: String,
    small: String,
    direct: String,
    word: String,
}

/// The number of people who reload meanwhile.
const RELOADING: usize = 8;

impl Pages {
    /// Fills a store, and measures.
    ///
    /// # Errors
    /// If the store cannot be filled, or the server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Costs> {
        let folder = tempfile::tempdir()?;
        let town = self.fill(folder.path()).await?;
        let mut server = Server::over(&self.server, folder).await?;
        let (host, pid) = (server.host(), server.running()?);
        let at_rest = rss_kib(pid).unwrap_or_default() / 1_024;
        let mut pages = Vec::new();
        for (page, path, session) in town.pages() {
            pages.push(self.measure(&host, pid, page, &path, &session).await?);
        }
        let beside = self.beside(&host, &town).await?;
        let after = rss_kib(pid).unwrap_or_default() / 1_024;
        server.kill().await?;
        Ok(Costs { size: self.size, pages, beside, rss_mib: [at_rest, after] })
    }

    async fn fill(&self, folder: &Path) -> io::Result<Town> {
        let Size { people, groups, entries } = self.size;
        let numbers = [people, groups, entries].map(|number| number.to_string());
        let filled = Command::new(&self.town).arg(folder).args(numbers).status().await?;
        if !filled.success() {
            return Err(io::Error::other(format!("the store could not be filled: {filled}")));
        }
        serde_json::from_slice(&fs::read(folder.join("town.json"))?).map_err(io::Error::other)
    }

    async fn measure(&self, host: &str, pid: u32, page: &str, path: &str, session: &str) -> io::Result<Cost> {
        let (cold, kib) = ask(host, path, session, 1).await?;
        // Warm-up: brings its statements, its part of the file and the page's code into memory.
        ask(host, path, session, 3).await?;
        let before = cpu_s(pid).unwrap_or_default();
        let (times, _) = ask(host, path, session, self.rounds).await?;
        let cpu_ms = (cpu_s(pid).unwrap_or_default() - before) * 1_000.0 / float(times.len() as u64);
        Ok(Cost::of(page, &cold, cpu_ms, &times, kib))
    }

    async fn beside(&self, host: &str, town: &Town) -> io::Result<Cost> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut reloading = JoinSet::new();
        for number in 0..RELOADING {
            let paths = ["/".to_owned(), format!("/g/{}", town.group)];
            let (host, path, session) = (host.to_owned(), paths[number % 2].clone(), town.away.clone());
            let stop = Arc::clone(&stop);
            reloading.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    ask(&host, &path, &session, 5).await?;
                }
                Ok::<_, io::Error>(())
            });
        }
        let (times, kib) = ask(host, "/", &town.light, self.rounds).await?;
        stop.store(true, Ordering::Relaxed);
        while let Some(ended) = reloading.join_next().await {
            ended.map_err(io::Error::other)??;
        }
        Ok(Cost::of("/ beside eight", &[], 0.0, &times, kib))
    }
}

impl Cost {
    fn of(page: &str, cold: &[u64], cpu_ms: f64, times: &[u64], kib: u64) -> Self {
        let (median_ms, p99_ms) = (quantile_ms(times, 50), quantile_ms(times, 99));
        Self { page: page.to_owned(), cold_ms: quantile_ms(cold, 0), cpu_ms, median_ms, p99_ms, kib }
    }
}

impl Town {
    fn pages(&self) -> Vec<(&'static str, String, String)> {
        let Self { busy, light, away, group, small, direct, word } = self;
        vec![
            ("/ (300 groups, 200 directs)", "/".to_owned(), busy.clone()),
            ("/ (the same, nothing read)", "/".to_owned(), away.clone()),
            ("/ (two groups)", "/".to_owned(), light.clone()),
            ("the largest group", format!("/g/{group}"), busy.clone()),
            ("the largest group, nothing read", format!("/g/{group}"), away.clone()),
            ("the largest group (two groups)", format!("/g/{group}"), light.clone()),
            ("a small group (two groups)", format!("/g/{small}"), light.clone()),
            ("a direct", format!("/d/{direct}"), busy.clone()),
            ("people", "/people".to_owned(), light.clone()),
            ("people called", format!("/people?find={word}"), light.clone()),
            ("groups", "/groups".to_owned(), light.clone()),
            ("groups called", format!("/groups?find={word}"), light.clone()),
            ("the server's page", "/server".to_owned(), busy.clone()),
        ]
    }
}

/// Requests a page this many times; returns the sorted latencies, in microseconds, and the size of the page in KiB.
async fn ask(host: &str, path: &str, session: &str, times: usize) -> io::Result<(Vec<u64>, u64)> {
    // Cookies are shared by all ports of a host, so the name of this one has the port.
    let cookie = match host.rsplit_once(':') {
        Some((_, port)) => format!("hubbub_session_{port}={session}"),
        None => format!("hubbub_session={session}"),
    };
    let answers = get_in_turn(host, vec![path.to_owned(); times], Some(cookie)).await?;
    let (mut took, mut bytes) = (Vec::with_capacity(times), 0);
    for (answer, time) in answers {
        bytes = answer.text()?.len();
        took.push(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
    took.sort_unstable();
    Ok((took, bytes as u64 / 1_024))
}
