//! Writability: whether commits work at present, for readiness.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::ports::store::Store;
use crate::service::error::Fault;

/// The fault that prevents writes, as long as there is one.
#[derive(Debug)]
pub(crate) struct Writability(watch::Sender<Option<Fault>>);

/// The pause between probes while nothing else commits.
const AGAIN: Duration = Duration::from_secs(1);

impl Default for Writability {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Writability {
    /// Records the result of a commit.
    pub(crate) fn learn<T>(&self, committed: &Result<T, Fault>) {
        self.0.send_if_modified(|fault| {
            let was = fault.is_some();
            *fault = committed.as_ref().err().cloned();
            was != fault.is_some()
        });
    }

    /// Returns the fault of the last commit, if it failed.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.0.borrow().clone()
    }

    /// Probes the store once a second while commits fail, to find out when they work again.
    pub(crate) async fn watch(self: Arc<Self>, store: Arc<dyn Store>) {
        let mut faults = self.0.subscribe();
        loop {
            // An error would mean that the sender is gone, but this owns it.
            let _ = faults.wait_for(Option::is_some).await;
            tokio::time::sleep(AGAIN).await;
            if self.fault().is_some() {
                self.learn(&store.probe().await);
            }
        }
    }
}
