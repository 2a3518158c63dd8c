//! The broker: topics, their logs of finished frames, and the cursors of those who read them.
//!
//! A message is encoded once, into the bytes a socket will write, and joins its topic's [`Log`]. A reader
//! has no queue and no copy: a [`Reader`] holds one cursor a topic, and [`Reader::drain`] hands out all it
//! lacks at once, so that batches grow with load by themselves. Publishing never waits for a reader: whoever
//! falls behind the log is told so and fetches the gap from history.
//!
//! It knows bytes, names and places. It must never know what a message means, who may read it, how it is
//! stored or how a socket works; nothing in it waits but [`Reader::changed`] and
//! [`Broker::stirred`].
//!
//! Start reading at [`Log`], then [`Broker`], then [`Reader`].

mod broker;
mod log;
mod reader;
mod topic;

pub use broker::{Audience, Broker, Ended, Stir};
pub use log::{Log, Read};
pub use reader::{Drained, Reader, Setback};
