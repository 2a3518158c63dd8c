//! The port between nodes, and the bus of a single machine.

use async_trait::async_trait;
use tokio::sync::broadcast;
use wire::{Seq, Topic, UserId};

use crate::ports::store::Sessions;

/// Carries hints from each node to all.
///
/// A hint says that facts exist, never the facts themselves: whoever hears it reads the store. So a bus may
/// drop, repeat and reorder hints, and may bring a node its own back; it must never make one up. What was
/// dropped is made good when the next hint of the same topic comes, or when positions are compared.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Tells every node. Never waits for one.
    fn announce(&self, hint: Hint);

    /// A new ear on the bus; hears what is announced from now on.
    fn listen(&self) -> Box<dyn HintStream>;
}

/// One listener on a bus.
#[async_trait]
pub trait HintStream: Send {
    /// The next hint; none when the bus is gone. Cancel-safe.
    async fn next(&mut self) -> Option<Hint>;
}

/// What one node tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The topic has entries up to here.
    News {
        /// Which topic.
        topic: Topic,
        /// Its newest entry.
        head: Seq,
    },
    /// A user lost the right to read a topic.
    Ended {
        /// Which topic.
        topic: Topic,
        /// Who.
        user: UserId,
        /// The last entry they may have.
        after: Seq,
    },
    /// Sessions of a user are over.
    SignedOut {
        /// Whose.
        user: UserId,
        /// Which.
        which: Sessions,
    },
    /// A topic is gone for everyone.
    Gone {
        /// Which topic.
        topic: Topic,
    },
}

/// Joins the nodes of one process: usually one, in tests several.
#[derive(Clone, Debug)]
pub struct LocalBus {
    hints: broadcast::Sender<Hint>,
}

/// How many hints may wait for a slow ear before the oldest are dropped.
const WAITING: usize = 4_096;

impl Default for LocalBus {
    fn default() -> Self {
        Self { hints: broadcast::channel(WAITING).0 }
    }
}

impl Bus for LocalBus {
    fn announce(&self, hint: Hint) {
        // An error means that nobody listens, which is how a bus with one node begins and ends.
        let _ = self.hints.send(hint);
    }

    fn listen(&self) -> Box<dyn HintStream> {
        Box::new(LocalEar { hints: self.hints.subscribe() })
    }
}

struct LocalEar {
    hints: broadcast::Receiver<Hint>,
}

#[async_trait]
impl HintStream for LocalEar {
    async fn next(&mut self) -> Option<Hint> {
        loop {
            match self.hints.recv().await {
                Ok(hint) => return Some(hint),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
