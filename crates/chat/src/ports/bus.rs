//! The bus: the port between nodes, and the bus of a single machine.

use async_trait::async_trait;
use tokio::sync::broadcast;
use wire::{LogKey, Seq};

/// Carries hints from each node to all.
///
/// A hint says that facts exist and never carries them: its receiver reads the store. So a bus may drop, repeat and
/// reorder hints, and may return a node its own; it must never invent one. A dropped hint makes something late, and
/// nothing else: the next hint of the same topic makes it good, or the comparison of heads every few seconds.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Sends a hint to every node. Never waits for one.
    fn announce(&self, hint: Hint);

    /// Returns true if no other node is on the bus, so that no hint can be missing.
    fn is_lone(&self) -> bool;

    /// Subscribes to the bus; the stream gets what is announced from now on.
    fn listen(&self) -> Box<dyn HintStream>;
}

/// One subscriber of a bus.
#[async_trait]
pub trait HintStream: Send {
    /// Returns the next hint; none when the bus is gone. Cancel-safe.
    async fn next(&mut self) -> Option<Hint>;
}

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
    /// Hints were lost: the receiver compares what it has with the store.
    Lost,
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

    fn is_lone(&self) -> bool {
        self.hints.receiver_count() <= 1
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
