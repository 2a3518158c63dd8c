//! The way out for typing, presence and read state: to the subscribers of this node.

use std::sync::Arc;

use broker::{Broker, Frame};
use wire::{LogKey, ServerFrame};

/// Sends ephemeral events. All of them pass here, so that there is one place from which other nodes will get them, too.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    broker: Arc<Broker>,
}

impl Signals {
    pub(crate) const fn new(broker: Arc<Broker>) -> Self {
        Self { broker }
    }

    /// Sends an event to the subscribers of a log. It is encoded once, and only if there is one.
    pub(crate) fn send(&self, log: &LogKey, event: &ServerFrame) {
        self.broker.signal(log, || Frame::text(&event.encode()));
    }
}
