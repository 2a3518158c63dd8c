//! A bug that one connection meets.

// With that feature a panic is what is searched for.
#![cfg(not(feature = "schedules"))]

use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::sync::Arc;

use broker::{Broker, BufferSink, Frame, FrameSink, LogBytes, OutboundConnection, Shard, SocketState};
use wire::{ApplicationId, LogKey, Seq, Topic};

/// An sink with a bug.
#[derive(Debug)]
struct Bug;

impl FrameSink for Bug {
    fn try_write(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        panic!("a bug, as the test wants it")
    }
}

#[test]
fn it_ends_that_connection_alone() {
    let log_bytes = LogBytes { topic: 1_000_000, all: usize::MAX };
    let (broker, mut shards) = Broker::new(log_bytes, NonZeroUsize::MIN);
    let (broker, news) =
        (Arc::new(broker), LogKey::new(ApplicationId::BUILT_IN, Topic::new("news").unwrap()));
    let reading = |sink: Arc<dyn FrameSink>| {
        let mut reader = OutboundConnection::new(Arc::clone(&broker), None, sink);
        reader.reserve(&news);
        reader.activate(&news, Seq(0), Seq(0));
        reader
    };
    let mailboxes = [0, 1].map(|_| Arc::new(BufferSink::new(usize::MAX)));
    let [one, other] = mailboxes.each_ref().map(Arc::clone);
    let _before = reading(one);
    let ill = reading(Arc::new(Bug));
    let _after = reading(other);
    for seq in 1..=3 {
        broker.publish(&news, Seq(seq), || Frame::text(&seq.to_string()));
        while shards.iter_mut().any(Shard::pass) {}
    }
    assert_eq!(ill.state(), SocketState::Broken);
    for sink in mailboxes {
        assert_eq!(sink.take(), [b"1", b"2", b"3"]);
    }
}
