//! A bug that one connection meets.

// With that feature a panic is what is searched for.
#![cfg(not(feature = "schedules"))]

use std::io::{self, IoSlice};
use std::num::NonZeroUsize;
use std::sync::Arc;

use broker::{Broker, Frame, LogBytes, Mailbox, Outlet, Reader, Shard, State};
use wire::{Seq, Topic};

/// An outlet with a bug.
#[derive(Debug)]
struct Bug;

impl Outlet for Bug {
    fn try_write(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        panic!("a bug, as the test wants it")
    }
}

#[test]
fn it_ends_that_connection_alone() {
    let log_bytes = LogBytes { topic: 1_000_000, all: usize::MAX };
    let (broker, mut shards) = Broker::new(log_bytes, NonZeroUsize::MIN);
    let (broker, news) = (Arc::new(broker), Topic::new("news").unwrap());
    let reading = |outlet: Arc<dyn Outlet>| {
        let mut reader = Reader::new(Arc::clone(&broker), None, outlet);
        reader.attach(&news);
        reader.start(&news, Seq(0), Seq(0));
        reader
    };
    let mailboxes = [0, 1].map(|_| Arc::new(Mailbox::new(usize::MAX)));
    let [one, other] = mailboxes.each_ref().map(Arc::clone);
    let _before = reading(one);
    let ill = reading(Arc::new(Bug));
    let _after = reading(other);
    for seq in 1..=3 {
        broker.publish(&news, Seq(seq), || Frame::text(&seq.to_string()));
        while shards.iter_mut().any(Shard::pass) {}
    }
    assert_eq!(ill.state(), State::Broken);
    for mailbox in mailboxes {
        assert_eq!(mailbox.take(), [b"1", b"2", b"3"]);
    }
}
