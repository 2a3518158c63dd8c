//! The gateway: between a WebSocket and [`chat::Chat`]. One endpoint, one task a connection, no queue of
//! deliveries and no buffer: a connection has cursors, the broker's shards write what it lacks, and what comes is read
//! into one place for all.
//!
//! Start reading at `upgrade.rs`, then `connection.rs`.

mod actions;
mod alarm;
mod answer;
mod census;
mod connection;
mod hearing;
mod sends;
mod stream;
mod upgrade;

pub(crate) use alarm::AlarmClock;
pub(crate) use census::Census;
pub(crate) use upgrade::upgrade;
