//! The relay: reads committed entries in their order and plans the jobs that they cause. The log is the outbox: sending
//! a message writes no job, and an entry that was committed is planned, whenever the process ended.

use std::sync::{Arc, Weak};
use std::time::Duration;

use wire::ApplicationId;

use crate::chat::Chat;
use crate::ports::store::{JobWrite, Tail};
use crate::rules;
use crate::service::error::Error;

/// The most entries that are planned at once: a broadcast may have a thousand targets.
const AT_ONCE: usize = 64;
/// The pause after a fault of the store, and the longest one without a wake: another node may have committed.
const PAUSE: Duration = Duration::from_secs(1);

/// The relay of this node.
impl Chat {
    /// Plans jobs as long as the node is there.
    pub(crate) async fn run_relay(node: Weak<Self>) {
        loop {
            let Some(chat) = node.upgrade() else { return };
            let wake = Arc::clone(&chat.job_wake);
            // A fault is in the log, and the next turn retries.
            let more = pass(&chat).await.unwrap_or_default();
            drop(chat);
            if !more {
                let _ = tokio::time::timeout(PAUSE, wake.entries.notified()).await;
            }
        }
    }
}

/// Plans the jobs of the next entries; returns true if there may be more.
async fn pass(chat: &Chat) -> Result<bool, Error> {
    let from = chat.store.relay().await?;
    let Tail { entries, position: to } = chat.store.tail(from, AT_ONCE).await?;
    if to == from {
        return Ok(false);
    }
    let now = chat.monotonic.now();
    let jobs = entries.iter().flat_map(|(log, entry)| rules::plan(log, entry, now)).collect();
    // If another node was faster, its position is read next.
    chat.commit_in(ApplicationId::SERVER, JobWrite::Plan { from, to, jobs }).await?;
    Ok(true)
}
