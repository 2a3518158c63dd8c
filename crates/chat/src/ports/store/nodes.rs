//! The nodes of a shared store: what each reports about itself, and how the others see it.

use std::time::Duration;

use wire::{Seq, Timestamp};

use super::RevocationSlice;

/// A report of a node to the store that it shares with others, once a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// The number of its open sockets.
    pub sockets: u64,
    /// True if it is about to stop.
    pub is_stopping: bool,
    /// The position after which revocations are returned.
    pub revocations_after: Seq,
}

/// The answer of the store to a [`NodeReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportAnswer {
    /// The revocations after the position, read after the report was written.
    Current(RevocationSlice),
    /// The data is not that with which the node began: it was restored, or another server took over and may lack
    /// commits. The node has to start anew.
    Replaced,
}

/// A node as the others see it. Times are those of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Its random id, new at each start.
    pub id: [u8; 8],
    /// Its name, which need not be unique.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The time at which it began.
    pub started: Timestamp,
    /// The time of its last report.
    pub seen: Timestamp,
    /// The number of its open sockets at that time.
    pub sockets: u64,
    /// True if it is about to stop.
    pub is_stopping: bool,
    /// False if it has not reported for so long that it counts as dead.
    pub is_alive: bool,
}

/// The counters of a node's connections to the store that it shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedStoreMetrics {
    /// Connections that were made.
    pub connections: u64,
    /// Commits that were tried again, because others were in the way or the connection was lost.
    pub retries: u64,
    /// Commits whose connection was lost before the answer, so that the store was asked for their outcome.
    pub unknown_outcomes: u64,
    /// The time for which some transaction under way has held back the horizon, below which positions are complete.
    pub horizon_age: Duration,
    /// The nodes that count as alive, as of this node's last report.
    pub live_nodes: u64,
}
