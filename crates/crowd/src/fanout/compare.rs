//! The same measurement against several servers in turn, so that a noisy machine is noisy for all of them.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::{Dialect, Fanout, Measured};
use crate::server::Server;

/// What is compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The binary of the product.
    pub server: PathBuf,
    /// Other servers: programs that listen on the address they are given, and say to all of their sockets what one says.
    pub beside: Vec<PathBuf>,
    /// How many subscribers.
    pub subscribers: u32,
    /// How many messages may be under way; each is a measurement of its own.
    pub windows: Vec<usize>,
    /// How many bytes a message carries.
    pub payload: usize,
    /// For how long each is measured.
    pub time: Duration,
    /// How often; medians are told.
    pub rounds: usize,
}

/// One line of the result: the medians of all rounds.
#[derive(Clone, Debug)]
pub struct Line {
    /// How many messages were under way.
    pub window: usize,
    /// Which server.
    pub name: String,
    /// The medians.
    pub measured: Measured,
}

/// How long a server may take until it listens.
const READY: Duration = Duration::from_secs(10);

impl Comparison {
    /// Measures everything, one server after the other, round by round.
    ///
    /// # Errors
    /// If a server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Vec<Line>> {
        let names: Vec<String> =
            std::iter::once(&self.server).chain(&self.beside).map(|path| name(path)).collect();
        let mut lines = Vec::new();
        for window in &self.windows {
            let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); names.len()];
            for _ in 0..self.rounds.max(1) {
                let mut server = Server::start(&self.server, "memory", None).await?;
                let addr = server.host().parse().map_err(io::Error::other)?;
                rounds[0].push(self.measure(addr, Dialect::Topics, server.pid(), *window).await?);
                server.kill().await?;
                for (place, binary) in self.beside.iter().enumerate() {
                    let (mut other, addr) = start(binary).await?;
                    rounds[place + 1].push(self.measure(addr, Dialect::Echo, other.id(), *window).await?);
                    other.kill().await?;
                }
            }
            for (name, measured) in names.iter().zip(rounds) {
                lines.push(Line { window: *window, name: name.clone(), measured: medians(measured) });
            }
        }
        Ok(lines)
    }

    async fn measure(
        &self,
        addr: SocketAddr,
        dialect: Dialect,
        pid: Option<u32>,
        window: usize,
    ) -> io::Result<Measured> {
        let Self { subscribers, payload, time, .. } = *self;
        Fanout { addr, dialect, subscribers, window, payload, time, pid }.run().await
    }
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Starts a program on a free port and waits until it listens.
async fn start(binary: &Path) -> io::Result<(Child, SocketAddr)> {
    let probe = TcpListener::bind("127.0.0.1:0").await?;
    let addr = probe.local_addr()?;
    drop(probe);
    let mut command = Command::new(binary);
    command.arg(addr.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let child = command.spawn()?;
    let until = Instant::now() + READY;
    while TcpStream::connect(addr).await.is_err() {
        if Instant::now() > until {
            return Err(io::Error::other(format!("{} does not listen on {addr}", binary.display())));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok((child, addr))
}

fn medians(rounds: Vec<Measured>) -> Measured {
    let of = |pick: fn(&Measured) -> Option<f64>| {
        let mut values: Vec<f64> = rounds.iter().filter_map(pick).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Measured {
        messages: rounds.iter().map(|measured| measured.messages).sum(),
        deliveries_per_s: of(|measured| Some(measured.deliveries_per_s)).unwrap_or_default(),
        median_ms: of(|measured| Some(measured.median_ms)).unwrap_or_default(),
        p99_ms: of(|measured| Some(measured.p99_ms)).unwrap_or_default(),
        deliveries_per_cpu_s: of(|measured| measured.deliveries_per_cpu_s),
        rss_kib_each: of(|measured| measured.rss_kib_each),
        surplus: rounds.iter().map(|measured| measured.surplus).sum(),
    }
}
