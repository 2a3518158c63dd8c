//! Implementations of the bus between nodes, selected by an address.
//!
//! Buses between machines belong here, each a file that implements [`chat::Bus`] and passes the same contract suite as
//! the bus within a process. The crate must never know stored data: a bus carries hints, and a node that receives one
//! reads the store.
//! Start reading at [`open`].

use std::fmt;
use std::sync::Arc;

use chat::{Bus, LocalBus};

/// The error for an address without a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBus(String);

/// Opens the bus at an address: `local`, for a single node.
///
/// # Errors
/// [`UnknownBus`], which names the available ones.
pub fn open(address: &str) -> Result<Arc<dyn Bus>, UnknownBus> {
    match address {
        "local" => Ok(Arc::new(LocalBus::default())),
        _ => Err(UnknownBus(address.to_owned())),
    }
}

impl fmt::Display for UnknownBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bus = \"{}\" is not right; this version has local", self.0)
    }
}

impl std::error::Error for UnknownBus {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_bus_is_told_which_there_are() {
        assert!(open("local").is_ok());
        let unknown = open("redis://127.0.0.1").err().unwrap();
        assert_eq!(unknown.to_string(), "bus = \"redis://127.0.0.1\" is not right; this version has local");
    }
}
