//! The task of a bus over a service: it connects again and again, publishes, receives, and probes the way there and back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat::{OsRandom, RandomSource};
use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::message::Writer;
use super::peers::Peers;
use super::receiver::Receiver;
use super::state::State;
use super::transport::{Publish, Published, Subscribe, Transport, TransportError};

/// Keeps a connection to the service, one session after the other.
pub(crate) struct Sessions {
    state: Arc<State>,
    writer: Writer,
    peers: Peers,
}

/// The probes of one connection: messages of this node to itself. A subscription can be alive in TCP and yet hear
/// nothing, so only a probe that comes back shows that hints arrive.
pub(crate) struct Probes<'a> {
    state: &'a State,
    /// The time at which one came back.
    back_at: Mutex<Instant>,
}

/// The time between two probes.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// The time after which the bus is down if no probe came back.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// The time for making a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The shortest and the longest pause between two connections, before jitter.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];

impl Sessions {
    pub(crate) fn new(state: Arc<State>) -> Self {
        let writer = Writer::new(state.node);
        Self { state, writer, peers: Peers::default() }
    }

    /// Runs as long as it is polled.
    pub(crate) async fn run(mut self, transport: impl Transport) {
        let (mut pause, mut has_warned) = (PAUSES[0], false);
        loop {
            let error = match timeout(CONNECT_TIMEOUT, transport.connect()).await {
                Ok(Ok((publisher, subscriber))) => self.session(publisher, subscriber).await,
                Ok(Err(error)) => error,
                Err(_) => TransportError::new("the service does not answer"),
            };
            let was_healthy = self.state.is_healthy.swap(false, Ordering::Relaxed);
            if was_healthy || !has_warned {
                tracing::warn!(bus = self.state.address, %error, "bus down");
                has_warned = true;
            }
            pause = if was_healthy { PAUSES[0] } else { PAUSES[1].min(2 * pause) };
            sleep(jittered(pause)).await;
        }
    }

    /// Uses a connection until it fails, or is silent for too long. Returns the reason.
    async fn session(
        &mut self,
        mut publisher: Box<dyn Publish>,
        mut subscriber: Box<dyn Subscribe>,
    ) -> TransportError {
        let Self { state, writer, peers } = self;
        state.counters.connections.add(1);
        state.queue.begin();
        let probes = Probes::new(state);
        tokio::select! {
            error = publish(state, writer, &mut *publisher) => error,
            error = Receiver::new(state, peers).run(&probes, &mut *subscriber) => error,
            error = probes.run() => error,
        }
    }
}

/// Publishes announcements. Those that come meanwhile are merged, and published next.
async fn publish(state: &State, writer: &mut Writer, publisher: &mut dyn Publish) -> TransportError {
    loop {
        let (messages, dropped) = writer.write(state.queue.take().await, &state.channels);
        state.counters.dropped.add(dropped);
        let count = messages.len() as u64;
        let sealed = messages.into_iter().map(|(channel, message)| {
            let channel = state.channels.name(channel);
            let payload = state.authentication.seal(&channel, message);
            Published { channel, payload }
        });
        if let Err(error) = publisher.publish(sealed.collect()).await {
            return error;
        }
        state.counters.sent.add(count);
        state.queue.sent();
    }
}

impl<'a> Probes<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state, back_at: Mutex::new(Instant::now()) }
    }

    /// Asks for a probe, and returns its number; a later one may take its place.
    pub(crate) fn ask(&self) -> u64 {
        let number = self.state.last_probe.fetch_add(1, Ordering::Relaxed) + 1;
        self.state.queue.probe(number);
        number
    }

    pub(crate) fn came_back(&self) {
        *self.back_at.lock() = Instant::now();
    }

    /// Probes every second, until none comes back.
    async fn run(&self) -> TransportError {
        let mut ticks = interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let silent = self.back_at.lock().elapsed();
            if silent > PROBE_TIMEOUT {
                return TransportError::new("no probe came back");
            }
            self.ask();
        }
    }
}

/// Returns between half of a pause and one and a half of it.
fn jittered(pause: Duration) -> Duration {
    let mut random = [0; 2];
    OsRandom.fill(&mut random);
    pause.mul_f64(0.5 + f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX))
}
