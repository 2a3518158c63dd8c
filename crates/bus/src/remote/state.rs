//! The state of a bus over a service.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64};

use chat::{Hint, NodeId, OsRandom, RandomSource};
use tokio::sync::{broadcast, watch};

use super::authentication::Authentication;
use super::channel::Channels;
use super::counters::Counters;
use super::interest::Interest;
use super::queue::Queue;
use crate::BusSettings;

/// The state that the handle and the task share.
pub(crate) struct State {
    /// The address without its password.
    pub(crate) address: String,
    pub(crate) node: NodeId,
    /// The nodes that share the store; none as long as that is not known.
    pub(crate) known: watch::Sender<Option<HashSet<NodeId>>>,
    pub(crate) channels: Channels,
    pub(crate) authentication: Authentication,
    pub(crate) queue: Queue,
    pub(crate) interest: Interest,
    pub(crate) hints: broadcast::Sender<Hint>,
    pub(crate) is_healthy: AtomicBool,
    /// The number of the last probe, over all connections.
    pub(crate) last_probe: AtomicU64,
    pub(crate) counters: Counters,
}

impl State {
    /// Creates the state of a bus that is not connected yet; at most so many hints wait for a slow subscriber.
    pub(crate) fn new(address: String, settings: &BusSettings, waiting: usize) -> Self {
        let mut node = [0; 8];
        OsRandom.fill(&mut node);
        Self {
            address,
            node: settings.node.unwrap_or(NodeId(u64::from_be_bytes(node))),
            known: watch::Sender::new(None),
            channels: Channels::new(&settings.cluster, settings.buckets),
            authentication: Authentication::new(&settings.key),
            queue: Queue::default(),
            interest: Interest::default(),
            hints: broadcast::channel(waiting).0,
            is_healthy: AtomicBool::new(false),
            last_probe: AtomicU64::new(0),
            counters: Counters::default(),
        }
    }
}
