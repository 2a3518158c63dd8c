//! Idle benchmark: the server's memory and processor time per idle connection.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::process::{cpu_s, rss_kib};
use crate::quantiles::float;
use crate::server::{Server, Serving};
use crate::setup::gather;
use crate::watch::{Step, Watcher};
use crate::websocket::{Counter, Kind, PONG, await_data, client_text, connect, shake_hands_as};

/// The parameters of an idle benchmark.
#[derive(Clone, Debug)]
pub struct Idle {
    /// The server binary.
    pub server: PathBuf,
    /// The server's store.
    pub store: String,
    /// The number of sockets, each signed in and subscribed to one group.
    pub connections: u32,
    /// The duration, in which nothing happens but pings.
    pub time: Duration,
}

/// The result of an idle benchmark.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rest {
    /// The growth of the server's resident memory per connection, in KiB.
    pub rss_kib_each: f64,
    /// The server's processor time per connection, in microseconds per second.
    pub cpu_us_each: f64,
    /// Connections that the server closed.
    pub lost: u32,
}

/// The number of people; each has many sockets.
const PEOPLE: usize = 40;
/// The number of sockets that are open before the first look at memory: the server's fixed cost does not count.
const FIRST: u32 = 400;
/// The time for a server to come to rest, if the measurement is at least as long.
pub const SETTLE: Duration = Duration::from_secs(3);

impl Idle {
    /// Starts a server and measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Rest> {
        let mut server = Server::start(&self.server, &self.store, None).await?;
        let measured = self.run_on(server.serving(), &()).await?;
        server.kill().await?;
        Ok(measured)
    }

    /// Measures once, on a fresh server that is already running.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub async fn run_on(&self, server: Serving, watcher: &dyn Watcher) -> io::Result<Rest> {
        let Serving { addr, pid } = server;
        let pid = pid.ok_or_else(|| io::Error::other("the server has ended"))?;
        let test_group = gather(&addr.to_string(), PEOPLE).await?;
        let subscribe = format!(r#"{{"action":"subscribe","topic":"{}"}}"#, test_group.topic);
        let frame = client_text(&subscribe);
        let mut sockets = JoinSet::new();
        let (mut before, settle) = (0, SETTLE.min(self.time));
        for number in 0..self.connections {
            if number == FIRST.min(self.connections / 2) {
                watcher.sees(Step::Settles(settle));
                sleep(settle).await;
                before = rss_kib(pid).unwrap_or_default();
            }
            let mut stream =
                shake_hands_as(connect(addr, number).await?, "/ws", test_group.cookie(number)).await?;
            stream.write_all(&frame).await?;
            await_data(&stream, 2).await?;
            sockets.spawn(rest(stream));
            watcher.sees(Step::Opens(number + 1));
        }
        watcher.sees(Step::Settles(settle));
        sleep(settle).await;
        let counted = f64::from(self.connections - FIRST.min(self.connections / 2));
        let grown = rss_kib(pid).unwrap_or_default().saturating_sub(before);
        let cpu = cpu_s(pid).unwrap_or_default();
        watcher.sees(Step::Measures(self.time));
        sleep(self.time).await;
        let cpu = cpu_s(pid).unwrap_or_default() - cpu;
        let lost = std::iter::from_fn(|| sockets.try_join_next()).count();
        sockets.abort_all();
        Ok(Rest {
            rss_kib_each: float(grown) / counted,
            cpu_us_each: cpu * 1_000_000.0 / self.time.as_secs_f64() / f64::from(self.connections),
            lost: u32::try_from(lost).unwrap_or(u32::MAX),
        })
    }
}

/// Stays connected and answers pings until the server closes the connection.
async fn rest(mut stream: TcpStream) -> io::Result<()> {
    let mut counter = Counter::default();
    loop {
        stream.readable().await?;
        let mut scratch = [0; 2 * 1_024];
        let mut pings = 0;
        match stream.try_read(&mut scratch) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                counter.count(&scratch[..length], |kind, _| pings += usize::from(kind == Kind::Ping))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        for _ in 0..pings {
            stream.write_all(&PONG).await?;
        }
    }
}
