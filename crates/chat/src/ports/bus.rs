//! The bus: the port between nodes, and the bus of a single machine.

use std::fmt;

use async_trait::async_trait;
pub use broker::Presence;
use tokio::sync::broadcast;
use wire::{LogKey, Seq};

/// Carries hints from each node to the others.
///
/// A hint says that facts exist and never carries them: its receiver reads the store. So a bus may drop, repeat, delay
/// and reorder hints, and may return a node its own; it must never invent one. A dropped hint makes something late, and
/// nothing else: the next hint of the same topic makes it good, or the comparison of heads, which is the more frequent
/// the worse the [health](Bus::health).
///
/// A bus also carries what is in no store: [signals](Hint::Signal), of which one that is dropped is lost, and
/// [presence](Hint::Presence), which is announced again and again.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Sends a hint to every other node. Never waits for one.
    fn announce(&self, hint: Hint);

    /// Asks for the hints of a log for the next minute. A bus may send a node fewer than all hints, but always those of
    /// such a log, and those that concern no log. Hints from before the request takes effect are missing; the bus then
    /// sends [`Hint::Lost`].
    fn follow(&self, log: &LogKey);

    /// Sets the nodes that share the store. From the first call on a bus over a service holds the messages of any other
    /// node, and drops those whose node the next call does not name either.
    fn know_nodes(&self, _nodes: &[NodeId]) {}

    /// Returns its present health.
    fn health(&self) -> BusHealth;

    /// Returns what it has counted since it was opened.
    fn metrics(&self) -> BusMetrics {
        BusMetrics::default()
    }

    /// Sends what waits to be sent, for a second at most. Later hints may be dropped.
    async fn close(&self) {}

    /// Subscribes to the bus; the stream gets what is announced from now on.
    fn listen(&self) -> Box<dyn HintStream>;
}

/// One subscriber of a bus.
#[async_trait]
pub trait HintStream: Send {
    /// Returns the next hint; none when the bus is gone. Cancel-safe.
    async fn next(&mut self) -> Option<Hint>;
}

/// The health of a bus, from which follows how often a node compares its logs with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusHealth {
    /// No other node is on the bus, so no hint can be missing.
    Alone,
    /// Hints arrive, as far as the bus knows.
    Healthy,
    /// No hint arrives. When hints arrive again, each node gets [`Hint::Lost`].
    Down,
}

/// The counters of a bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusMetrics {
    /// Messages sent to other nodes, each with one or more hints.
    pub sent: u64,
    /// Messages received from other nodes.
    pub received: u64,
    /// Hints dropped before they were sent, because too many waited or they are too large.
    pub dropped: u64,
    /// Messages dropped because their authentication code is wrong.
    pub forged: u64,
    /// Messages dropped because they came before, or later ones of the same node did.
    pub repeated: u64,
    /// Messages dropped because the store does not have their node.
    pub strangers: u64,
    /// Messages dropped because they cannot be read, such as those of a version that is not known.
    pub unreadable: u64,
    /// Messages that are missing, by the numbers of those that arrived.
    pub missing: u64,
    /// Connections to the service that were made.
    pub connections: u64,
}

/// The random id of a node, new at each start.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub u64);

/// A message from one node to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A log has entries up to here.
    News {
        /// The log whose subscribers need the new entries.
        log: LogKey,
        /// Its newest entry; the greatest Seq if the log was deleted.
        head: Seq,
    },
    /// Sessions or API tokens have ended: there are revocations up to here.
    Revoked {
        /// The newest entry of the revocation log.
        seq: Seq,
    },
    /// Jobs were added or have ended, so that another one may run.
    Jobs,
    /// An ephemeral event for the subscribers of a log.
    Signal {
        /// The node whose subscribers have it already.
        from: NodeId,
        /// The log whose subscribers get it.
        log: LogKey,
        /// The finished server frame.
        frame: String,
    },
    /// The users who are subscribed to a log on one node. It takes the place of what the node announced before, and
    /// counts for half a minute.
    Presence {
        /// The node.
        from: NodeId,
        /// The log.
        log: LogKey,
        /// Its users there.
        presence: Presence,
        /// True if it was announced before, and subscribers need to hear only of what is new.
        is_refresh: bool,
    },
    /// A node ends, and with it all presence there.
    Bye {
        /// The node.
        from: NodeId,
    },
    /// Hints were lost: the receiver compares what it has with the store.
    Lost,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

/// Joins the nodes of one process: usually one, in tests several.
#[derive(Clone, Debug)]
pub struct LocalBus {
    hints: broadcast::Sender<Hint>,
}

/// The most hints that wait for a slow subscriber; beyond it the oldest are dropped.
const WAITING: usize = 4_096;

impl Default for LocalBus {
    fn default() -> Self {
        Self { hints: broadcast::channel(WAITING).0 }
    }
}

impl Bus for LocalBus {
    fn announce(&self, hint: Hint) {
        // An error means that nobody is subscribed, which is how a bus with one node begins and ends.
        let _ = self.hints.send(hint);
    }

    /// Everyone hears of everything.
    fn follow(&self, _: &LogKey) {}

    fn health(&self) -> BusHealth {
        if self.hints.receiver_count() <= 1 { BusHealth::Alone } else { BusHealth::Healthy }
    }

    fn listen(&self) -> Box<dyn HintStream> {
        Box::new(LocalHints { hints: self.hints.subscribe() })
    }
}

struct LocalHints {
    hints: broadcast::Receiver<Hint>,
}

#[async_trait]
impl HintStream for LocalHints {
    async fn next(&mut self) -> Option<Hint> {
        match self.hints.recv().await {
            Ok(hint) => Some(hint),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Hint::Lost),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
