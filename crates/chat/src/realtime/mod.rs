//! Real-time state outside the logs: ephemeral events (typing, presence, read state), history in memory, and recovery of subscribers that fell behind.

pub(crate) mod appended_frame;
pub(crate) mod ephemeral;
pub(crate) mod node_presence;
pub(crate) mod receipts;
pub(crate) mod recent_entries;
mod recent_log;
mod recent_slot;
pub(crate) mod recovery_cache;
pub(crate) mod signals;
pub(crate) mod typing;

pub use recent_entries::RecentMetrics;
