//! Delivery with backpressure: from the logs of topics to the sockets of their subscribers, without queues.

mod batch_cache;
mod buffer_sink;
mod frame_sink;
mod handles;
mod metrics;
mod outbound;
mod outbound_connection;
mod shard;

pub(crate) use batch_cache::{BATCH_BYTES, BatchCache, LogKind, Lookup};
pub use buffer_sink::BufferSink;
pub use frame_sink::FrameSink;
pub use handles::{CloseHandle, WakeHandle};
pub use metrics::BrokerMetrics;
pub(crate) use metrics::Counters;
pub use outbound::{FlushOutcome, SocketState};
pub(crate) use outbound::{Outbound, Subscription};
pub use outbound_connection::{Activation, OutboundConnection, SubscriptionError};
pub use shard::Shard;
pub(crate) use shard::ShardQueue;
