//! The broker: topics, their logs of finished frames, the cursors of those who read them, and delivery to sockets.
//!
//! A message is encoded once, into the [`Frame`] that every socket gets, and joins its topic's [`Log`]. A connection
//! has no queue and no copy, only a cursor for each topic. Connections live in [`Shard`]s, one a core. Publishing
//! appends and wakes the shards that have readers, and never waits for one. A shard then passes over all who lack
//! something and writes each of them everything, in one write: while a pass runs, what is published gathers, so
//! batches grow with load by themselves. Those who stand at the same place share one [`Helping`]. Whoever falls behind
//! the log is told so and fetches the gap from history.
//!
//! It knows bytes, names and places. It must never know what a message means, who may read it or how it is
//! stored; nothing in it waits but a shard for work, [`Reader::called`] and [`Broker::stirred`].
//!
//! Start reading at [`Log`], then [`Broker`], then `line.rs`, which holds the hot path. [`websocket`] is apart: how
//! bytes become messages.

mod broker;
mod frame;
mod helping;
mod line;
mod log;
mod mailbox;
mod outlet;
mod presence;
mod reader;
mod shard;
mod sync;
mod tally;
mod topic;
mod valve;
pub mod websocket;

pub use broker::{Broker, Ended, LogBytes};
pub use frame::Frame;
pub use helping::Helping;
pub use line::{Flushed, State};
pub use log::{Budget, Log, Read};
pub use mailbox::Mailbox;
pub use outlet::Outlet;
pub use presence::{Presence, Stir};
pub use reader::{Reader, Setback};
pub use shard::Shard;
pub use tally::Tally;
pub use valve::{Bell, Valve};
