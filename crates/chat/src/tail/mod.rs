//! Tailing: how this node gets what other nodes have committed.

mod reporter;
mod tailer;

pub use reporter::Freshness;
pub(crate) use reporter::Reporter;
pub(crate) use tailer::Tailer;
