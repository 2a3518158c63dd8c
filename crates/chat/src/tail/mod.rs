//! Tailing: how this node gets what other nodes have committed.

mod tailer;

pub(crate) use tailer::Tailer;
