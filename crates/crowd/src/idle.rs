//! What it costs a server that many are there and nothing happens.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use wire::Topic;

use crate::fanout::frames::{Counter, Kind, await_data, client_text, shake_hands_as};
use crate::fanout::process::{cpu_s, rss_kib};
use crate::fanout::{connect, float};
use crate::person::{http, introduce};
use crate::server::Server;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Idle {
    /// The binary of the product.
    pub server: PathBuf,
    /// Where it keeps its facts.
    pub store: String,
    /// How many sockets, each signed in and subscribed to one group.
    pub connections: u32,
    /// For how long nothing happens but pings.
    pub time: Duration,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rest {
    /// How much the server's resident memory grew for each connection, in KiB.
    pub rss_kib_each: f64,
    /// Its processor time for each connection, in microseconds a second.
    pub cpu_us_each: f64,
    /// Connections that were let go of.
    pub lost: u32,
}

/// How many people there are; each has many sockets.
const PEOPLE: u32 = 40;
/// How many sockets are open before the memory is looked at first: what a server needs to serve at all is not theirs.
const FIRST: u32 = 400;
/// How long a server may take to come to rest.
const SETTLE: Duration = Duration::from_secs(3);
/// A pong without a payload, as a client sends it.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

impl Idle {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Rest> {
        let mut server = Server::start(&self.server, &self.store, None).await?;
        let host = server.host();
        let addr: SocketAddr = host.parse().map_err(io::Error::other)?;
        let pid = server.pid().ok_or_else(|| io::Error::other("the server has ended"))?;
        let (topic, cookies) = gather(&host).await?;
        let subscribe = format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#);
        let frame = client_text(&subscribe);
        let mut sockets = JoinSet::new();
        let mut before = 0;
        for number in 0..self.connections {
            if number == FIRST.min(self.connections / 2) {
                sleep(SETTLE).await;
                before = rss_kib(pid).unwrap_or_default();
            }
            let cookie = cookies.get(number as usize % cookies.len()).map(String::as_str);
            let mut stream = shake_hands_as(connect(addr, number).await?, "/ws", cookie).await?;
            stream.write_all(&frame).await?;
            await_data(&stream, 2).await?;
            sockets.spawn(rest(stream));
        }
        sleep(SETTLE).await;
        let counted = f64::from(self.connections - FIRST.min(self.connections / 2));
        let grown = rss_kib(pid).unwrap_or_default().saturating_sub(before);
        let cpu = cpu_s(pid).unwrap_or_default();
        sleep(self.time).await;
        let cpu = cpu_s(pid).unwrap_or_default() - cpu;
        let lost = std::iter::from_fn(|| sockets.try_join_next()).count();
        sockets.abort_all();
        server.kill().await?;
        Ok(Rest {
            rss_kib_each: float(grown) / counted,
            cpu_us_each: cpu * 1_000_000.0 / self.time.as_secs_f64() / f64::from(self.connections),
            lost: u32::try_from(lost).unwrap_or(u32::MAX),
        })
    }
}

/// People in a group; gives its topic and their cookies.
async fn gather(host: &str) -> io::Result<(Topic, Vec<String>)> {
    let (_, founder) = introduce(host, "p0").await?;
    let made = http::post(host, "/do/create_group", Some(&founder), &[("name", "Everybody")]).await?;
    let group: String = made.json()?;
    let mut cookies = vec![founder];
    for number in 1..PEOPLE {
        let (_, cookie) = introduce(host, &format!("p{number}")).await?;
        http::post(host, "/do/join", Some(&cookie), &[("group", &group)]).await?.json::<()>()?;
        cookies.push(cookie);
    }
    Ok((Topic::new(&format!("group/{group}")).map_err(io::Error::other)?, cookies))
}

/// Is there, and answers pings, until the server ends it.
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
