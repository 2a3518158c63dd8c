//! Implementations of the bus between nodes, selected by an address.
//!
//! [`LocalBus`] serves a single machine and [`NoBus`] nodes without any; [`RemoteBus`] connects nodes through Redis or
//! NATS. Each passes the same contract suite. A bus carries hints between the nodes that share a store, and signals such as
//! typing. The crate must never know stored data: a node that receives a hint reads the store.
//!
//! The service is hardly trusted: messages have an authentication code, so its other clients can read signals and drop
//! messages, but can forge none.
//!
//! Start reading at [`open`], then `remote/session.rs`.

mod address;
mod none;
mod remote;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use chat::{Bus, LocalBus, NodeId};

pub use address::{Address, AddressError};
pub use none::NoBus;
pub use remote::{ProbeError, RemoteBus, probe};

/// The settings that all nodes of a cluster have in common.
#[derive(Clone, PartialEq, Eq)]
pub struct BusSettings {
    /// The name of the cluster: several may share a service. Letters, digits and `-`.
    pub cluster: String,
    /// The key of the authentication codes, derived from the secret that all nodes have.
    pub key: [u8; 32],
    /// The number of channels over which the logs are spread. A node subscribes to those of which it needs a log.
    pub buckets: NonZeroU32,
    /// The id of this node, by which others find it in the store; none for a random one.
    pub node: Option<NodeId>,
}

impl BusSettings {
    /// The usual number of channels.
    pub const BUCKETS: NonZeroU32 = NonZeroU32::MIN.saturating_add(63);
}

/// Opens the bus at an address. A service is connected to in the background, again and again, so a node starts without
/// it. Call it within a tokio runtime.
///
/// # Errors
/// [`AddressError`] if the URL of a service is not right.
pub fn open(address: &Address, settings: BusSettings) -> Result<Arc<dyn Bus>, AddressError> {
    Ok(match address {
        Address::Local => Arc::new(LocalBus::default()),
        Address::None => Arc::new(NoBus),
        Address::Redis(url) => Arc::new(RemoteBus::over_redis(url, settings)?),
        Address::Nats(url) => Arc::new(RemoteBus::over_nats(url, settings)?),
    })
}

impl fmt::Debug for BusSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BusSettings({}, {} buckets)", self.cluster, self.buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> BusSettings {
        BusSettings { cluster: "tea".into(), key: [0xa7; 32], buckets: BusSettings::BUCKETS, node: None }
    }

    #[tokio::test]
    async fn every_kind_of_address_opens_without_its_service() {
        for address in ["local", "none", "redis://127.0.0.1:9", "rediss://127.0.0.1:9", "nats://127.0.0.1:9"]
        {
            assert!(open(&Address::parse(address).unwrap(), settings()).is_ok(), "{address}");
        }
    }

    #[tokio::test]
    async fn a_url_that_leads_nowhere_is_refused_without_its_password() {
        for url in ["redis://ann:opensesame@127.0.0.1:port", "nats://ann:opensesame@"] {
            let error = open(&Address::parse(url).unwrap(), settings()).err().unwrap().to_string();
            assert!(error.contains("is not right") && !error.contains("opensesame"), "{error}");
        }
    }

    #[test]
    fn settings_do_not_show_the_key() {
        assert_eq!(format!("{:?}", settings()), "BusSettings(tea, 64 buckets)");
    }
}
