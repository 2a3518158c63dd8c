//! Runs the fan-out of the broker alone, without sockets: `fanout SUBSCRIBERS BATCHES MESSAGES`.
//!
//! Each batch admits so many messages to one topic, and then every shard makes its pass. Run it under
//! `valgrind --tool=callgrind`: the instructions of two commits can be compared on a busy machine, times cannot.

use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use broker::{Activation, Broker, Ends, Frame, FrameSink, LogBytes, OutboundConnection, Shard};
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

/// The shards, as many as cores of a small server.
const SHARDS: NonZeroUsize = NonZeroUsize::new(2).unwrap();
/// The payload of a message.
const BYTES: usize = 220;

/// A socket that always has room.
#[derive(Debug, Default)]
struct Sink(AtomicUsize);

impl FrameSink for Sink {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap_or(1));
    let mut next = |otherwise| arguments.next().unwrap_or(otherwise);
    let (subscribers, batches, messages) = (next(1_000), next(50), next(128));
    let (broker, mut shards) = Broker::new(LogBytes { topic: 262_144, all: 67_108_864 }, SHARDS);
    let broker = Arc::new(broker);
    let sink = Arc::new(Sink::default());
    let key = LogKey::new(ApplicationId::BUILT_IN, topic("fanout"));
    let connections: Vec<OutboundConnection> =
        (0..subscribers).map(|number| subscribe(&broker, &sink, &key, number)).collect();
    run(&mut shards);
    let payload = "x".repeat(BYTES);
    for batch in 0..batches {
        let seqs = batch * messages + 1..=(batch + 1) * messages;
        broker.admit_all(&key, seqs.map(|seq| (Seq(seq), &Ends::Nobody, Frame::text(&payload))));
        run(&mut shards);
    }
    println!("{} connections, {} bytes", connections.len(), sink.0.load(Ordering::Relaxed));
}

fn run(shards: &mut [Shard]) {
    for shard in shards {
        while shard.pass() {}
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn topic(name: &str) -> Topic {
    Topic::new(name).expect("the name is a topic")
}

fn subscribe(broker: &Arc<Broker>, sink: &Arc<Sink>, key: &LogKey, number: u64) -> OutboundConnection {
    let mut owner = [0; 10];
    owner[..8].copy_from_slice(&number.to_be_bytes());
    let mut connection =
        OutboundConnection::new(Arc::clone(broker), Some(UserId::from_bytes(owner)), Arc::clone(sink));
    connection.reserve(key);
    assert_eq!(connection.activate(key, Seq::ZERO, Seq::ZERO), Activation::Active);
    connection
}
