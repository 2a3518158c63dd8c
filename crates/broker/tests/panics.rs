//! A panic in the delivery to one connection.

// With that feature a panic fails the test.
#![cfg(not(feature = "schedules"))]

use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::sync::Arc;

use broker::{
    Activation, Broker, BufferSink, Ends, Frame, FrameSink, LogBytes, OutboundConnection, Shard, SocketState,
};
use wire::{ApplicationId, LogKey, Seq, Topic};

/// A sink with a bug.
#[derive(Debug)]
struct PanickingSink;

impl FrameSink for PanickingSink {
    fn try_write(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        panic!("the bug that the test needs")
    }
}

#[test]
fn a_panic_in_one_connection_ends_it_and_delivery_to_the_others_continues() {
    let log_bytes = LogBytes { topic: 1_000_000, all: usize::MAX };
    let (broker, mut shards) = Broker::new(log_bytes, NonZeroUsize::MIN);
    let (broker, news) =
        (Arc::new(broker), LogKey::new(ApplicationId::BUILT_IN, Topic::new("news").unwrap()));
    let subscribed = |sink: Arc<dyn FrameSink>| {
        let mut connection = OutboundConnection::new(Arc::clone(&broker), None, sink);
        connection.reserve(&news);
        assert_eq!(connection.activate(&news, Seq(0), Seq(0)), Activation::Active);
        connection
    };
    let sinks = [0, 1].map(|_| Arc::new(BufferSink::new(usize::MAX)));
    let [first, last] = sinks.each_ref().map(Arc::clone);
    let _before = subscribed(first);
    let panicking = subscribed(Arc::new(PanickingSink));
    let _after = subscribed(last);
    for seq in 1..=3 {
        broker.admit(&news, Seq(seq), &Ends::Nobody, || Frame::text(&seq.to_string()));
        while shards.iter_mut().any(Shard::pass) {}
    }
    assert_eq!(panicking.state(), SocketState::Broken);
    for sink in sinks {
        assert_eq!(sink.take(), [b"1", b"2", b"3"]);
    }
}
