//! Real-time state outside the logs: ephemeral events (typing, presence, read state), and recovery of subscribers that
//! fell behind.

pub(crate) mod ephemeral;
pub(crate) mod receipts;
pub(crate) mod recovery_cache;
pub(crate) mod signals;
pub(crate) mod typing;
