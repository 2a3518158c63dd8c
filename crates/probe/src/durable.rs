//! Durability benchmark: many senders, and the latency of the acks, each of which follows the commit.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::fanout::WARM_UP;
use crate::quantiles::{float, quantile_ms};
use crate::server::{Server, Serving};
use crate::watch::{Step, Watcher};
use crate::websocket::{Frames, Kind, await_data, client_text, connect, shake_hands};

/// The parameters of a durability benchmark.
#[derive(Clone, Debug)]
pub struct Durable {
    /// The server binary.
    pub server: PathBuf,
    /// The server's store.
    pub store: String,
    /// The number of senders, each with its own socket.
    pub senders: u32,
    /// The number of topics they send to.
    pub topics: u32,
    /// The number of the first of them: those with other numbers are others.
    pub first_topic: u32,
    /// The rate of all senders together, in messages per second; without it, as fast as they are acknowledged.
    pub rate: Option<u32>,
    /// The duration, after a second of warm-up.
    pub time: Duration,
}

/// The result of a durability benchmark.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Acknowledged {
    /// Acks per second.
    pub acks_per_s: f64,
    /// The median latency of an ack, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
}

/// The messages that each sender has in flight when there is no rate.
const UNDER_WAY: u64 = 32;
/// The beginning of an ack.
const ACK: &[u8] = br#"{"event":"ack""#;
/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;

/// The work of one sender.
#[derive(Clone, Copy)]
struct Task {
    addr: SocketAddr,
    number: u32,
    /// The number of senders.
    senders: u32,
    topic: u32,
    /// The pause between two messages, if there is a rate.
    pause: Option<Duration>,
    from: Instant,
    until: Instant,
}

impl Durable {
    /// Starts a server and measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached.
    pub async fn run(&self) -> io::Result<Acknowledged> {
        let mut server = Server::start(&self.server, &self.store, None).await?;
        let measured = self.run_on(server.serving(), &()).await?;
        server.kill().await?;
        Ok(measured)
    }

    /// Measures once, on a fresh server that is already running.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub async fn run_on(&self, server: Serving, watcher: &dyn Watcher) -> io::Result<Acknowledged> {
        watcher.sees(Step::Measures(WARM_UP + self.time));
        let addr = server.addr;
        let from = Instant::now() + WARM_UP;
        let until = from + self.time;
        let pause = self.rate.map(|rate| Duration::from_secs(1) * self.senders / rate.max(1));
        let mut senders = JoinSet::new();
        for number in 0..self.senders {
            let topic = self.first_topic + number % self.topics.max(1);
            senders.spawn(Task { addr, number, senders: self.senders, topic, pause, from, until }.run());
        }
        let mut samples = Vec::new();
        while let Some(ended) = senders.join_next().await {
            samples.extend(ended.map_err(io::Error::other)??);
        }
        samples.sort_unstable();
        Ok(Acknowledged {
            acks_per_s: float(samples.len() as u64) / self.time.as_secs_f64(),
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
        })
    }
}

impl Task {
    /// Sends; returns the latency of each ack after the warm-up, in microseconds.
    async fn run(self) -> io::Result<Vec<u64>> {
        let mut stream = shake_hands(connect(self.addr, self.number).await?, "/ws").await?;
        await_data(&stream, 1).await?;
        let data = "x".repeat(PAYLOAD);
        let frame = client_text(&format!(
            r#"{{"action":"publish","topic":"durable-{}","data":"{data}"}}"#,
            self.topic
        ));
        let (mut frames, mut samples) = (Frames::default(), Vec::new());
        // The write time of each message; acks come in the same order.
        let (mut due, mut answered) = (Vec::<Instant>::new(), 0);
        // Senders are spread over the pause.
        let begun = Instant::now() + self.pause.unwrap_or_default() * self.number / self.senders.max(1);
        while Instant::now() < self.until {
            let under_way = due.len() as u64 - answered;
            let next = match self.pause {
                Some(pause) => begun + pause * u32::try_from(due.len()).unwrap_or(u32::MAX),
                None => Instant::now(),
            };
            tokio::select! {
                biased;
                () = sleep_until(next), if self.pause.is_some() || under_way < UNDER_WAY => {
                    due.push(Instant::now());
                    stream.write_all(&frame).await?;
                }
                readable = stream.readable() => {
                    readable?;
                    let came = read(&stream, &mut frames)?;
                    let now = Instant::now();
                    for _ in 0..came {
                        let sent = due.get(usize::try_from(answered).unwrap_or(usize::MAX));
                        answered += 1;
                        if now >= self.from && let Some(sent) = sent {
                            samples.push(u64::try_from((now - *sent).as_micros()).unwrap_or(u64::MAX));
                        }
                    }
                }
            }
        }
        Ok(samples)
    }
}

/// Returns the number of acks that have arrived.
///
/// # Errors
/// If the socket is closed, or a message was refused.
fn read(stream: &TcpStream, frames: &mut Frames) -> io::Result<u64> {
    let (mut scratch, mut came, mut other) = ([0; 16 * 1_024], 0, None);
    match stream.try_read(&mut scratch) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(length) => {
            frames.take(&scratch[..length], |kind, payload| match kind {
                Kind::Data if payload.starts_with(ACK) => came += 1,
                Kind::Data => other = Some(String::from_utf8_lossy(payload).into_owned()),
                _ => {}
            });
            other.map_or(Ok(came), |frame| Err(io::Error::other(format!("not an ack: {frame}"))))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error),
    }
}
