//! Fan-out benchmark: a publisher and its subscribers over raw sockets.
//!
//! A WebSocket library would be slower than the server, so subscribers look at frame headers only and count. The loop
//! is closed: the number of messages in flight is bounded, and a message is in flight until every subscriber has it. A
//! lost message shows as a run that stops, a duplicate as a surplus.

pub mod compare;
mod dialect;
mod subscriber;

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub use self::dialect::Dialect;
use self::subscriber::Team;
use crate::process::{cpu_s, rss_kib};
use crate::quantiles::{float, quantile_ms};
use crate::watch::{Step, Watcher};
use crate::websocket::{await_data, client_text, connect, read_and_forget, shake_hands};

/// The parameters of a fan-out measurement.
#[derive(Clone, Debug)]
pub struct Fanout {
    /// The server's address.
    pub addr: SocketAddr,
    /// The server's protocol.
    pub dialect: Dialect,
    /// The number of subscribers.
    pub subscribers: u32,
    /// The most messages in flight.
    pub window: usize,
    /// The rate of publishing in messages per second, whether or not earlier ones have arrived; without it, as fast as
    /// the window allows. With a rate, latency includes the time that a message waited to be written.
    pub rate: Option<u32>,
    /// The payload of a message, in bytes.
    pub payload: usize,
    /// The duration, after a second of warm-up.
    pub time: Duration,
    /// The server's process.
    pub pid: Option<u32>,
}

/// The result of a fan-out measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Messages that every subscriber got.
    pub messages: u64,
    /// Deliveries to all subscribers together, per second.
    pub deliveries_per_s: f64,
    /// The median latency from the publisher's write to the subscriber's read, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// Deliveries per second of the server's processor time, user and system; `None` if its process is not known.
    pub deliveries_per_cpu_s: Option<f64>,
    /// The growth of the server's resident memory per subscriber, in KiB.
    pub rss_kib_each: Option<f64>,
    /// Frames that arrived beyond those that were sent.
    pub surplus: u64,
    /// Subscribers that the server disconnected.
    pub kicked: u64,
}

/// The publisher's result, without the warm-up.
struct Published {
    messages: u64,
    deliveries: u64,
    /// The elapsed time, in seconds.
    took: f64,
    /// The server's processor time, in seconds.
    cpu: Option<f64>,
}

/// The progress of a run, shared by its teams and the publisher.
pub(crate) struct Progress {
    /// For each message in flight, the number of teams that lack it.
    lacking: Vec<AtomicU32>,
    /// For each message in flight, the time of its write, in microseconds since the run began.
    written_at: Vec<AtomicU64>,
    begun: Instant,
    teams: u32,
    sent: AtomicU64,
    complete: AtomicU64,
    surplus: AtomicU64,
    delivered: AtomicU64,
    kicked: AtomicU64,
    /// The error of the first subscriber that was disconnected.
    said: Mutex<Option<io::Error>>,
    /// Notified when a message is complete.
    bell: Notify,
    /// One permit for each subscriber that is ready.
    ready: Semaphore,
}

/// The upper bound of the window.
const MOST_UNDER_WAY: usize = 4_096;
/// The time without progress after which a run is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// The warm-up, which is not measured.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// The topic of all messages.
pub(crate) const TOPIC: &str = "fanout";

impl Fanout {
    /// Measures once.
    ///
    /// # Errors
    /// If the server cannot be reached, or messages stop coming.
    pub async fn run(&self) -> io::Result<Measured> {
        self.run_watched(&()).await
    }

    /// Measures once, and reports its progress to a watcher.
    ///
    /// # Errors
    /// If the server cannot be reached, or messages stop coming.
    pub async fn run_watched(&self, watcher: &dyn Watcher) -> io::Result<Measured> {
        let teams = available_parallelism().map_or(1, NonZero::get).min(self.subscribers.max(1) as usize);
        let progress = Arc::new(Progress::new(u32::try_from(teams).unwrap_or(1)));
        let rss_before = self.pid.and_then(rss_kib);
        let (over, is_over) = watch::channel(false);
        let mut subscribers = JoinSet::new();
        for team in 0..teams {
            let numbers = (0..self.subscribers).skip(team).step_by(teams).collect();
            let Self { addr, dialect, payload, .. } = *self;
            let team = Team { addr, dialect, payload, numbers, progress: Arc::clone(&progress) };
            let over = is_over.clone();
            subscribers.spawn_blocking(move || team.run(over));
        }
        let all_ready = progress.all_ready(self.subscribers, watcher).await;
        let grown =
            self.pid.and_then(rss_kib).zip(rss_before).map(|(now, before)| now.saturating_sub(before));
        let published = match all_ready {
            Ok(()) => {
                watcher.sees(Step::Measures(WARM_UP + self.time));
                self.publish(&progress).await
            }
            Err(error) => Err(error),
        };
        // An error would mean that every subscriber is gone; their own errors say why.
        let _ = over.send(true);
        let mut samples = Vec::new();
        while let Some(ended) = subscribers.join_next().await {
            samples.extend(ended.map_err(io::Error::other)??);
        }
        let Published { messages, deliveries, took, cpu } = published?;
        samples.sort_unstable();
        let deliveries = float(deliveries);
        Ok(Measured {
            messages,
            deliveries_per_s: deliveries / took,
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
            deliveries_per_cpu_s: cpu.map(|cpu| deliveries / cpu),
            rss_kib_each: grown.map(|grown| float(grown) / f64::from(self.subscribers.max(1))),
            surplus: progress.surplus.load(Ordering::Acquire),
            kicked: progress.kicked.load(Ordering::Acquire),
        })
    }

    /// Publishes until the time is over.
    async fn publish(&self, progress: &Arc<Progress>) -> io::Result<Published> {
        let window = if self.rate.is_some() { MOST_UNDER_WAY } else { self.window.clamp(1, MOST_UNDER_WAY) };
        let stream = connect(self.addr, self.subscribers).await?;
        let mut publisher = shake_hands(stream, self.dialect.path()).await?;
        for frame in self.dialect.publisher_opening() {
            publisher.write_all(&client_text(&frame)).await?;
        }
        await_data(&publisher, self.dialect.publisher_before()).await?;
        let message = client_text(&self.dialect.message(self.payload));
        let (start, mut counted) = (Instant::now(), None);
        loop {
            let now = start.elapsed();
            if counted.is_none() && now >= WARM_UP {
                let before = (progress.complete(), progress.delivered.load(Ordering::Relaxed));
                counted = Some((Instant::now(), before, self.pid.and_then(cpu_s)));
            }
            if now >= WARM_UP + self.time {
                break;
            }
            let (complete, sent) = progress.under_way();
            let mut room = window - usize::try_from(sent - complete).unwrap_or(window).min(window);
            if let Some(rate) = self.rate {
                let due = u64::try_from(now.as_micros()).unwrap_or(u64::MAX) * u64::from(rate) / 1_000_000;
                let due = usize::try_from(due.saturating_sub(sent)).unwrap_or(usize::MAX);
                if room < due.min(window) {
                    return Err(io::Error::other(format!(
                        "{window} messages are under way; it cannot keep up"
                    )));
                }
                room = due;
                if room == 0 {
                    sleep(Duration::from_millis(1)).await;
                    continue;
                }
            }
            if room == 0 {
                let more = timeout(PATIENCE, progress.bell.notified()).await;
                more.map_err(|_| progress.why("messages stopped coming"))?;
                continue;
            }
            progress.note_sent(room);
            publisher.write_all(&message.repeat(room)).await?;
            read_and_forget(&publisher)?;
        }
        let (from, before, cpu_before) = counted.ok_or_else(|| io::Error::other("nothing was measured"))?;
        let cpu = self.pid.and_then(cpu_s).zip(cpu_before).map(|(now, before)| now - before);
        let (messages, deliveries) = before;
        Ok(Published {
            messages: progress.complete() - messages,
            deliveries: progress.delivered.load(Ordering::Relaxed) - deliveries,
            took: from.elapsed().as_secs_f64(),
            cpu,
        })
    }
}

impl Progress {
    fn new(teams: u32) -> Self {
        Self {
            lacking: (0..MOST_UNDER_WAY).map(|_| AtomicU32::new(0)).collect(),
            written_at: (0..MOST_UNDER_WAY).map(|_| AtomicU64::new(0)).collect(),
            begun: Instant::now(),
            teams,
            sent: AtomicU64::new(0),
            complete: AtomicU64::new(0),
            surplus: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            kicked: AtomicU64::new(0),
            said: Mutex::default(),
            bell: Notify::new(),
            ready: Semaphore::new(0),
        }
    }

    /// Waits until this many are subscribed, as long as new ones keep arriving.
    async fn all_ready(&self, subscribers: u32, watcher: &dyn Watcher) -> io::Result<()> {
        for number in 1..=subscribers {
            match timeout(PATIENCE, self.ready.acquire()).await {
                Ok(Ok(permit)) => permit.forget(),
                _ => return Err(self.why("not everybody could subscribe")),
            }
            watcher.sees(Step::Opens(number));
        }
        Ok(())
    }

    fn complete(&self) -> u64 {
        self.complete.load(Ordering::Acquire)
    }

    /// Returns the number of complete messages, and of those sent.
    pub(crate) fn under_way(&self) -> (u64, u64) {
        (self.complete(), self.sent.load(Ordering::Acquire))
    }

    /// Notes that this many messages are about to be written.
    fn note_sent(&self, count: usize) {
        let now = self.now();
        for _ in 0..count {
            let place = self.place(self.sent.load(Ordering::Acquire));
            self.lacking[place].store(self.teams, Ordering::Release);
            self.written_at[place].store(now, Ordering::Release);
            self.sent.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Notes that a whole team has the message in this slot.
    pub(crate) fn note_team(&self, place: usize) {
        if self.lacking[place].fetch_sub(1, Ordering::AcqRel) == 1 {
            self.complete.fetch_add(1, Ordering::AcqRel);
            self.bell.notify_one();
        }
    }

    pub(crate) fn note_surplus(&self) {
        self.surplus.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_ready(&self) {
        self.ready.add_permits(1);
    }

    pub(crate) fn note_deliveries(&self, count: u64) {
        self.delivered.fetch_add(count, Ordering::Relaxed);
    }

    /// Notes that a subscriber was disconnected; returns false if nothing was sent before, which ends the run.
    pub(crate) fn note_kicked(&self, error: io::Error) -> bool {
        self.kicked.fetch_add(1, Ordering::Relaxed);
        self.said.lock().get_or_insert(error);
        self.sent.load(Ordering::Acquire) > 0
    }

    /// Returns an error with this text and the first disconnected subscriber's own error.
    fn why(&self, what: &str) -> io::Error {
        match self.said.lock().take() {
            Some(error) => io::Error::other(format!("{what}; the first socket: {error}")),
            None => io::Error::other(what),
        }
    }

    /// Returns the number of slots for messages in flight.
    pub(crate) const fn places(&self) -> usize {
        MOST_UNDER_WAY
    }

    /// Returns the slot of a message while it is in flight.
    pub(crate) fn place(&self, number: u64) -> usize {
        usize::try_from(number % MOST_UNDER_WAY as u64).unwrap_or_default()
    }

    pub(crate) fn was_sent(&self, number: u64) -> bool {
        number < self.sent.load(Ordering::Acquire)
    }

    /// Returns the time at which the message in this slot was written, in microseconds since the run began.
    pub(crate) fn written_at(&self, place: usize) -> u64 {
        self.written_at[place].load(Ordering::Acquire)
    }

    /// Returns the microseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
