//! WebSocket connections: between a socket and [`chat::Chat`]. One endpoint, one task for each connection, and no queue of
//! deliveries: a connection has cursors, the broker's shards write what it lacks, and all connections of a thread share
//! one read buffer.
//!
//! Start reading at `upgrade.rs`, then `connection.rs`.

mod authentication;
mod connection;
mod connection_limits;
mod dispatch;
mod frame_reader;
mod goodbye;
mod pending_acks;
mod replies;
pub(crate) mod stale_node;
mod stream;
mod timer_wheel;
mod upgrade;

pub(crate) use connection_limits::{ConnectionLimits, SocketPermit};
pub(crate) use replies::encode as encode_frame;
pub(crate) use timer_wheel::{Timer, TimerWheel};
pub(crate) use upgrade::upgrade;
