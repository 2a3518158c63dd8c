//! The broker: topics, their logs of finished frames, the cursors of their subscribers, and delivery to sockets.
//!
//! A message is encoded once, into the [`Frame`] that every socket gets, and appended to its topic's [`Log`]. A connection
//! has no queue of deliveries and no copy of them, only a cursor for each topic: backpressure is a cursor that stays
//! behind. Connections belong to [`Shard`]s, one for each core. Publishing appends and wakes the shards that have
//! subscribers, and never waits for one. A shard then passes over all connections that lack something and writes each of
//! them everything in one write: while a pass runs, new messages gather, so batches grow with load by themselves.
//! Subscribers with the same cursor share one [`FrameBatch`]. A subscriber that falls behind the log gets a
//! [`SubscriptionError::Behind`] and recovers from history.
//!
//! It knows bytes, topics and Seqs. It must never know what a message means, who may read it or how it is stored. Nothing
//! in it waits except a shard for work, [`OutboundConnection::woken`] and [`Broker::presence_changed`].
//!
//! Start reading at [`Log`], then [`Broker`], then `delivery/outbound.rs`, the hot path. [`websocket`] is separate: from
//! bytes to messages.

mod broker;
mod delivery;
mod log;
mod topic;
pub mod websocket;

pub use broker::{Broker, LogBytes};
pub use delivery::{
    Activation, BrokerMetrics, BufferSink, CloseHandle, FlushOutcome, FrameSink, OutboundConnection, Shard,
    SocketState, SubscriptionError, WakeHandle,
};
pub use log::{Budget, FrameBatch, Log, Read};
pub use topic::{Ends, Presence, PresenceChange};
pub use websocket::Frame;
