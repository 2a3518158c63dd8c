//! The bus over a service: one task keeps a connection, publishes what was announced and receives what others have.

mod authentication;
mod channel;
mod counters;
mod interest;
mod message;
mod nats;
mod peers;
mod probe;
mod queue;
mod receiver;
mod redis;
mod remote_bus;
mod session;
mod state;
mod transport;

pub use probe::{ProbeError, probe};
pub use remote_bus::RemoteBus;
