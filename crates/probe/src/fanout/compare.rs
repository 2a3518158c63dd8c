//! Fan-out comparison: the same benchmark against several servers in turn, so that a noisy machine is noisy for all of
//! them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::{Dialect, Fanout, Measured};
use crate::quantiles::median;
use crate::server::Server;

/// The parameters of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The server binary.
    pub server: PathBuf,
    /// The other servers.
    pub beside: Vec<Peer>,
    /// The number of subscribers.
    pub subscribers: u32,
    /// The bounds on messages in flight; each is a measurement of its own.
    pub windows: Vec<usize>,
    /// The rates in messages per second, instead of windows; each is a measurement of its own.
    pub rates: Vec<u32>,
    /// The payload of a message, in bytes.
    pub payload: usize,
    /// The duration of one measurement.
    pub time: Duration,
    /// The number of rounds; the result has their medians.
    pub rounds: usize,
}

/// Another server to measure.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name in the result.
    pub name: String,
    /// The protocol in which messages are published and received.
    pub dialect: Dialect,
    /// The program and its arguments; the listen address is appended.
    pub command: Vec<String>,
}

/// One line of the result: the medians of all rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The messages in flight, or the rate.
    pub load: Load,
    /// The name of the server.
    pub name: String,
    /// The throughput and latency, each as its median over the rounds.
    pub measured: Measured,
}

/// The load of a measurement.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// A closed loop with at most this many messages in flight.
    Window(usize),
    /// An open loop with this many messages per second.
    Rate(u32),
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(window) => write!(f, "W={window}"),
            Self::Rate(rate) => write!(f, "{rate}/s"),
        }
    }
}

/// The timeout for a server to listen.
const READY: Duration = Duration::from_secs(10);

impl Comparison {
    /// Measures everything, one server after the other, round by round.
    ///
    /// # Errors
    /// If a server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Vec<Line>> {
        let own = std::iter::once("hubbub".to_owned());
        let names: Vec<String> = own.chain(self.beside.iter().map(|peer| peer.name.clone())).collect();
        let mut lines = Vec::new();
        let windows = self.windows.iter().map(|window| Load::Window(*window));
        for load in windows.chain(self.rates.iter().map(|rate| Load::Rate(*rate))) {
            let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); names.len()];
            for _ in 0..self.rounds.max(1) {
                let mut server = Server::start(&self.server, "memory", None).await?;
                let addr = server.addr();
                rounds[0].push(self.measure(addr, Dialect::Topics, server.pid(), load).await?);
                server.kill().await?;
                for (place, peer) in self.beside.iter().enumerate() {
                    // A failing peer ends its own measurement, but not those of the others.
                    match self.measure_peer(peer, load).await {
                        Ok(measured) => rounds[place + 1].push(measured),
                        Err(error) => eprintln!("{} at {load}: {error}", peer.name),
                    }
                }
            }
            for (name, measured) in names.iter().zip(rounds) {
                lines.push(Line { load, name: name.clone(), measured: medians(measured) });
            }
        }
        Ok(lines)
    }

    async fn measure_peer(&self, peer: &Peer, load: Load) -> io::Result<Measured> {
        let (mut other, addr) = start(peer).await?;
        let measured = self.measure(addr, peer.dialect, other.id(), load).await;
        other.kill().await?;
        measured
    }

    async fn measure(
        &self,
        addr: SocketAddr,
        dialect: Dialect,
        pid: Option<u32>,
        load: Load,
    ) -> io::Result<Measured> {
        let Self { subscribers, payload, time, .. } = *self;
        let (window, rate) = match load {
            Load::Window(window) => (window, None),
            Load::Rate(rate) => (0, Some(rate)),
        };
        Fanout { addr, dialect, subscribers, window, rate, payload, time, pid }.run().await
    }
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(3, '=').collect();
        let [name, dialect, command] = parts[..] else {
            return Err("name another server as NAME=DIALECT=COMMAND".into());
        };
        let dialect = match dialect {
            "echo" => Dialect::Echo,
            "joined" => Dialect::EchoJoined,
            "nats" => Dialect::Nats,
            "socketio" => Dialect::SocketIo,
            "topics" => Dialect::Topics,
            other => {
                return Err(format!(
                    "there is no dialect {other}; there are echo, joined, nats, socketio, topics"
                ));
            }
        };
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if command.is_empty() {
            Err("the command is empty".into())
        } else {
            Ok(Self { name: name.into(), dialect, command })
        }
    }
}

/// Starts a program on a free port and waits until it listens.
async fn start(peer: &Peer) -> io::Result<(Child, SocketAddr)> {
    let probe = TcpListener::bind("127.0.0.1:0").await?;
    let addr = probe.local_addr()?;
    drop(probe);
    let mut command = Command::new(&peer.command[0]);
    command.args(&peer.command[1..]).arg(addr.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let child = command.spawn()?;
    let until = Instant::now() + READY;
    while TcpStream::connect(addr).await.is_err() {
        if Instant::now() > until {
            return Err(io::Error::other(format!("{} does not listen on {addr}", peer.name)));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok((child, addr))
}

fn medians(rounds: Vec<Measured>) -> Measured {
    let of = |pick: fn(&Measured) -> Option<f64>| median(rounds.iter().filter_map(pick));
    Measured {
        messages: rounds.iter().map(|measured| measured.messages).sum(),
        deliveries_per_s: of(|measured| Some(measured.deliveries_per_s)).unwrap_or_default(),
        median_ms: of(|measured| Some(measured.median_ms)).unwrap_or_default(),
        p99_ms: of(|measured| Some(measured.p99_ms)).unwrap_or_default(),
        deliveries_per_cpu_s: of(|measured| measured.deliveries_per_cpu_s),
        rss_kib_each: of(|measured| measured.rss_kib_each),
        surplus: rounds.iter().map(|measured| measured.surplus).sum(),
        kicked: rounds.iter().map(|measured| measured.kicked).sum(),
    }
}
