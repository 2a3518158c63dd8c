//! The way out for typing, presence and read state: to the subscribers of this node and of all others.

use std::fmt;
use std::sync::Arc;

use broker::{Broker, Frame, Presence};
use wire::{LogKey, ServerFrame};

use crate::ports::bus::{Bus, BusHealth, Hint, NodeId};

/// Sends ephemeral events. All of them pass here.
#[derive(Clone)]
pub(crate) struct Signals {
    broker: Arc<Broker>,
    bus: Arc<dyn Bus>,
    node: NodeId,
}

impl Signals {
    pub(crate) fn new(broker: Arc<Broker>, bus: Arc<dyn Bus>, node: NodeId) -> Self {
        Self { broker, bus, node }
    }

    /// Sends an event to the subscribers of a log, on all nodes. It is encoded once, and only if there may be one.
    pub(crate) fn send(&self, log: &LogKey, event: &ServerFrame) {
        if !self.has_other_nodes() {
            return self.send_here(log, event);
        }
        let frame = event.encode();
        self.broker.signal(log, || Frame::text(&frame));
        self.bus.announce(Hint::Signal { from: self.node, log: log.clone(), frame });
    }

    /// Returns true if there may be other nodes.
    pub(crate) fn has_other_nodes(&self) -> bool {
        self.bus.health() != BusHealth::Alone
    }

    /// Tells other nodes which users are subscribed to a log on this one.
    pub(crate) fn announce_presence(&self, log: &LogKey, presence: Presence, is_refresh: bool) {
        if self.has_other_nodes() {
            self.bus.announce(Hint::Presence { from: self.node, log: log.clone(), presence, is_refresh });
        }
    }

    /// Tells other nodes that this one ends.
    pub(crate) async fn say_bye(&self) {
        if self.has_other_nodes() {
            self.bus.announce(Hint::Bye { from: self.node });
        }
        self.bus.close().await;
    }

    /// Sends an event to the subscribers of a log on this node.
    pub(crate) fn send_here(&self, log: &LogKey, event: &ServerFrame) {
        self.broker.signal(log, || Frame::text(&event.encode()));
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signals(of {})", self.node)
    }
}
