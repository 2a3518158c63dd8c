//! Gaps: logs that lack entries here which another node has written. The tailer reads them from the store.

use std::collections::HashMap;

use tokio::sync::Notify;
use wire::{LogKey, Seq};

use crate::log::sync::{Mutex, unpoisoned};

/// The gaps that were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// The last Seq of each log that is known to exist.
    logs: Mutex<HashMap<LogKey, Seq>>,
    wake: Notify,
}

impl Gaps {
    /// Notes that a log has entries up to a Seq, of which some are missing here.
    pub(crate) fn note(&self, log: &LogKey, seq: Seq) {
        let mut logs = unpoisoned(&self.logs);
        let known = logs.entry(log.clone()).or_default();
        *known = seq.max(*known);
        drop(logs);
        self.wake.notify_one();
    }

    /// Waits for a gap. Cancel-safe.
    pub(crate) async fn noted(&self) {
        while unpoisoned(&self.logs).is_empty() {
            self.wake.notified().await;
        }
    }

    /// Takes the gaps since the last call.
    pub(crate) fn take(&self) -> HashMap<LogKey, Seq> {
        std::mem::take(&mut unpoisoned(&self.logs))
    }
}
