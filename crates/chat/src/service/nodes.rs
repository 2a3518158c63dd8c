//! The nodes that share the store, and the freshness of this one.

use std::time::Duration;

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{NodeRow, SharedStoreMetrics};
use crate::service::error::Error;
use crate::tail::Freshness;

impl Chat {
    /// Returns the freshness of what this node knows of revocations, as of now.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.reporter.freshness()
    }

    /// Returns the time for which nothing is known of revocations on other nodes; none if the store is not shared.
    #[must_use]
    pub fn freshness_age(&self) -> Option<Duration> {
        self.reporter.age()
    }

    /// Waits until the store has other data than at the start, so that this node has to start anew; for ever if that does
    /// not happen. Cancel-safe.
    pub async fn store_replaced(&self) {
        self.reporter.replaced().await;
    }

    /// Sets the number of open sockets that other nodes and the operator see.
    pub fn set_sockets(&self, sockets: u64) {
        self.reporter.set_sockets(sockets);
    }

    /// Lets the other nodes know that this one is about to stop.
    pub fn set_stopping(&self) {
        self.reporter.set_stopping();
    }

    /// Returns the nodes that share the store, by name; none if it is not shared.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`](wire::Refusal::NotOperator), [`Refusal::NotOwner`](wire::Refusal::NotOwner).
    pub async fn nodes(&self, caller: &Caller) -> Result<Vec<NodeRow>, Error> {
        self.may_manage_applications(caller).await?;
        Ok(self.store.nodes().await?)
    }

    /// Returns true if other nodes may share the store.
    #[must_use]
    pub fn is_store_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Returns the counters of the connections to a shared store; none if it is not shared.
    #[must_use]
    pub fn shared_store_metrics(&self) -> Option<SharedStoreMetrics> {
        self.store.shared_metrics()
    }
}
