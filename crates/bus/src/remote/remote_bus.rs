//! The bus over a service, as a node sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use chat::bus::HintStream;
use chat::{Bus, BusHealth, BusMetrics, Hint, NodeId};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use wire::LogKey;

use super::nats::NatsTransport;
use super::redis::RedisTransport;
use super::session::Sessions;
use super::state::State;
use super::transport::Transport;
use crate::BusSettings;
use crate::address::{Address, AddressError};

/// A bus whose hints go through a service. It is healthy as long as its own messages come back. Dropping it ends its
/// connection.
pub struct RemoteBus {
    state: Arc<State>,
    task: JoinHandle<()>,
}

/// The most hints that wait for a slow subscriber; beyond it the oldest are dropped.
const WAITING: usize = 4_096;
/// The most time for sending what waits at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The time between two looks at what waits.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl RemoteBus {
    /// Connects nodes through Redis. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`AddressError`] if the URL is none of Redis.
    pub fn over_redis(url: &str, settings: BusSettings) -> Result<Self, AddressError> {
        Ok(Self::start(Address::Redis(url.to_owned()), RedisTransport::new(url)?, settings))
    }

    /// Connects nodes through NATS. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`AddressError`] if the URL is none of NATS.
    pub fn over_nats(url: &str, settings: BusSettings) -> Result<Self, AddressError> {
        Ok(Self::start(Address::Nats(url.to_owned()), NatsTransport::new(url)?, settings))
    }

    fn start(address: Address, transport: impl Transport, settings: BusSettings) -> Self {
        let state = Arc::new(State::new(address.without_password(), &settings, WAITING));
        let task = tokio::spawn(Sessions::new(Arc::clone(&state)).run(transport));
        Self { state, task }
    }
}

#[async_trait]
impl Bus for RemoteBus {
    fn announce(&self, hint: Hint) {
        let dropped = self.state.queue.add(hint);
        self.state.counters.dropped.add(dropped);
    }

    fn follow(&self, log: &LogKey) {
        self.state.interest.ask(self.state.channels.of(log));
    }

    fn know_nodes(&self, nodes: &[NodeId]) {
        self.state.known.send_replace(Some(nodes.iter().copied().collect()));
    }

    fn health(&self) -> BusHealth {
        if self.state.is_healthy.load(Ordering::Relaxed) { BusHealth::Healthy } else { BusHealth::Down }
    }

    fn metrics(&self) -> BusMetrics {
        self.state.counters.metrics()
    }

    async fn close(&self) {
        let sent = async {
            while !self.state.queue.is_idle() {
                sleep(LOOK_EVERY).await;
            }
        };
        // A service that does not take them is one that nobody hears.
        let _ = timeout(CLOSE_TIMEOUT, sent).await;
    }

    fn listen(&self) -> Box<dyn HintStream> {
        Box::new(RemoteHints { hints: self.state.hints.subscribe() })
    }
}

impl Drop for RemoteBus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RemoteBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteBus({})", self.state.address)
    }
}

struct RemoteHints {
    hints: broadcast::Receiver<Hint>,
}

#[async_trait]
impl HintStream for RemoteHints {
    async fn next(&mut self) -> Option<Hint> {
        match self.hints.recv().await {
            Ok(hint) => Some(hint),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Hint::Lost),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
