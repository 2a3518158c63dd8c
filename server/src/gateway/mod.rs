//! The gateway: between a WebSocket and [`chat::Chat`]. One endpoint, one task a connection, no queue of
//! deliveries: a connection has cursors, and writes what it lacks.
//!
//! Start reading at `upgrade.rs`, then `connection.rs`.

mod answer;
mod census;
mod connection;
mod inbox;
mod socket;
mod upgrade;

pub(crate) use census::Census;
pub(crate) use upgrade::upgrade;
