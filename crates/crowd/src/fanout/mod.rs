//! How fast one message reaches many: a publisher and its subscribers over raw sockets.
//!
//! A WebSocket library would be slower than the server, so subscribers look at frame headers only and count. The loop is
//! closed: at most so many messages are under way, and a message is under way until everybody has it. What is lost shows
//! as a run that stops, what is doubled as a surplus.

pub mod compare;
mod frames;
mod process;
mod subscriber;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::frames::client_text;
use self::process::{cpu_s, rss_kib};

/// What is measured.
#[derive(Clone, Debug)]
pub struct Fanout {
    /// Where the server listens.
    pub addr: SocketAddr,
    /// How it is spoken to.
    pub dialect: Dialect,
    /// How many subscribers.
    pub subscribers: u32,
    /// How many messages may be under way.
    pub window: usize,
    /// How many bytes a message carries.
    pub payload: usize,
    /// For how long, after a second that does not count.
    pub time: Duration,
    /// The process of the server.
    pub pid: Option<u32>,
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Topics, as Hubbub has them: subscribers subscribe, the publisher publishes JSON.
    Topics,
    /// Whatever one socket says goes to all of them, itself too.
    Echo,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Messages that everybody got.
    pub messages: u64,
    /// Messages that came to subscribers, all together, a second.
    pub deliveries_per_s: f64,
    /// How long half of the deliveries took at most, from the publisher's write to the subscriber's read, in ms.
    pub median_ms: f64,
    /// How long 99 of 100 took at most.
    pub p99_ms: f64,
    /// Deliveries a second of the server's own processor time, user and system; none if its process is not known.
    pub deliveries_per_cpu_s: Option<f64>,
    /// How much the server's resident memory grew for each subscriber, in KiB.
    pub rss_kib_each: Option<f64>,
    /// Frames that came beyond those that were sent.
    pub surplus: u64,
}

/// How far a run is; shared by all its sockets.
pub(crate) struct Progress {
    /// How many subscribers lack each message that is under way.
    lacking: Vec<AtomicU32>,
    /// When each message that is under way was written, in microseconds since the run began.
    written_at: Vec<AtomicU64>,
    begun: Instant,
    sent: AtomicU64,
    complete: AtomicU64,
    surplus: AtomicU64,
    /// Rung when a message is complete.
    bell: Notify,
    /// Who is subscribed.
    ready: Semaphore,
}

/// The most messages that may be under way.
const MOST_UNDER_WAY: usize = 4_096;
/// How long a run may stand still before it is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long is not measured at the beginning.
const WARM_UP: Duration = Duration::from_secs(1);
/// How many connections come from one address: servers bound that.
const FROM_ONE_ADDRESS: u32 = 40;
/// The topic that is published to.
pub(crate) const TOPIC: &str = "fanout";

impl Fanout {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be reached, or messages stop coming.
    pub async fn run(&self) -> io::Result<Measured> {
        let progress = Arc::new(Progress::new());
        let rss_before = self.pid.and_then(rss_kib);
        let (over, is_over) = watch::channel(false);
        let mut subscribers = JoinSet::new();
        for number in 0..self.subscribers {
            let stream = self.connect(number).await?;
            subscribers.spawn(subscriber::run(stream, self.dialect, Arc::clone(&progress), is_over.clone()));
        }
        let all_ready = timeout(PATIENCE, progress.ready.acquire_many(self.subscribers)).await;
        all_ready
            .map_err(|_| io::Error::other("not everybody could subscribe"))?
            .map_err(io::Error::other)?
            .forget();
        let grown =
            self.pid.and_then(rss_kib).zip(rss_before).map(|(now, before)| now.saturating_sub(before));
        let (messages, took, cpu) = self.publish(&progress).await?;
        // An error would mean that every subscriber is gone; their own errors say why.
        let _ = over.send(true);
        let mut samples = Vec::new();
        while let Some(ended) = subscribers.join_next().await {
            samples.extend(ended.map_err(io::Error::other)??);
        }
        samples.sort_unstable();
        let deliveries = float(messages * u64::from(self.subscribers));
        Ok(Measured {
            messages,
            deliveries_per_s: deliveries / took,
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
            deliveries_per_cpu_s: cpu.map(|cpu| deliveries / cpu),
            rss_kib_each: grown.map(|grown| float(grown) / f64::from(self.subscribers.max(1))),
            surplus: progress.surplus.load(Ordering::Acquire),
        })
    }

    /// Publishes until time is over; gives how many messages were complete in the time that counts, how long that was,
    /// and the processor time that the server took for it, both in seconds.
    async fn publish(&self, progress: &Arc<Progress>) -> io::Result<(u64, f64, Option<f64>)> {
        let window = self.window.clamp(1, MOST_UNDER_WAY);
        let mut publisher = frames::shake_hands(self.connect(self.subscribers).await?, "/ws").await?;
        let message = client_text(&self.message());
        let (start, mut counted) = (Instant::now(), None);
        loop {
            let now = start.elapsed();
            if counted.is_none() && now >= WARM_UP {
                counted = Some((Instant::now(), progress.complete(), self.pid.and_then(cpu_s)));
            }
            if now >= WARM_UP + self.time {
                break;
            }
            let room = window - progress.under_way();
            if room == 0 {
                let more = timeout(PATIENCE, progress.bell.notified()).await;
                more.map_err(|_| io::Error::other("messages stopped coming"))?;
                continue;
            }
            progress.note_sent(room, self.subscribers);
            publisher.write_all(&message.repeat(room)).await?;
            frames::read_and_forget(&publisher)?;
        }
        let (from, before, cpu_before) = counted.ok_or_else(|| io::Error::other("nothing was measured"))?;
        let cpu = self.pid.and_then(cpu_s).zip(cpu_before).map(|(now, before)| now - before);
        Ok((progress.complete() - before, from.elapsed().as_secs_f64(), cpu))
    }

    fn message(&self) -> String {
        let data = "x".repeat(self.payload);
        match self.dialect {
            Dialect::Topics => format!(r#"{{"action":"publish","topic":"{TOPIC}","data":"{data}"}}"#),
            Dialect::Echo => data,
        }
    }

    /// A connection from an address of its own, for every so many.
    async fn connect(&self, number: u32) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let [third, fourth] = u16::try_from(number / FROM_ONE_ADDRESS + 2).unwrap_or(u16::MAX).to_be_bytes();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, third, fourth)), 0))?;
        let stream = socket.connect(self.addr).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Progress {
    fn new() -> Self {
        Self {
            lacking: (0..MOST_UNDER_WAY).map(|_| AtomicU32::new(0)).collect(),
            written_at: (0..MOST_UNDER_WAY).map(|_| AtomicU64::new(0)).collect(),
            begun: Instant::now(),
            sent: AtomicU64::new(0),
            complete: AtomicU64::new(0),
            surplus: AtomicU64::new(0),
            bell: Notify::new(),
            ready: Semaphore::new(0),
        }
    }

    fn complete(&self) -> u64 {
        self.complete.load(Ordering::Acquire)
    }

    fn under_way(&self) -> usize {
        let under_way = self.sent.load(Ordering::Acquire) - self.complete();
        usize::try_from(under_way).unwrap_or(usize::MAX)
    }

    /// So many messages are about to be written.
    fn note_sent(&self, count: usize, subscribers: u32) {
        let now = self.now();
        for _ in 0..count {
            let place = slot(self.sent.load(Ordering::Acquire));
            self.lacking[place].store(subscribers, Ordering::Release);
            self.written_at[place].store(now, Ordering::Release);
            self.sent.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// A subscriber got its message of this number, counted from 0; gives how long it took, in microseconds.
    pub(crate) fn note_delivered(&self, number: u64) -> Option<u64> {
        if number >= self.sent.load(Ordering::Acquire) {
            self.surplus.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let place = slot(number);
        let took = self.now().saturating_sub(self.written_at[place].load(Ordering::Acquire));
        if self.lacking[place].fetch_sub(1, Ordering::AcqRel) == 1 {
            self.complete.fetch_add(1, Ordering::AcqRel);
            self.bell.notify_one();
        }
        Some(took)
    }

    pub(crate) fn note_ready(&self) {
        self.ready.add_permits(1);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

fn slot(number: u64) -> usize {
    usize::try_from(number % MOST_UNDER_WAY as u64).unwrap_or_default()
}

fn quantile_ms(sorted: &[u64], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0.0, |micros| float(*micros) / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "what a run counts is exact in an f64")]
fn float(number: u64) -> f64 {
    number as f64
}
