use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use broker::{BufferSink, CloseHandle, FlushOutcome, OutboundConnection, SocketState, SubscriptionError};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use wire::{Seq, UserId};

use crate::world::{World, entry, log_key};

/// Somebody, and the connection they have now. Its task acts as the server's does, but only when it was called.
pub(crate) struct Person {
    world: Arc<World>,
    name: UserId,
    reader: OutboundConnection,
    sink: Arc<BufferSink>,
    /// Whether the socket has room again, as its peer reports.
    writable: Arc<AtomicBool>,
    /// Whether the task waits for room.
    blocked: bool,
    /// The entries that came, over all connections.
    pub(crate) seen: Vec<u64>,
    /// The numbers of the ephemeral events that came, over all connections.
    pub(crate) told: Vec<u64>,
    /// Whether the task has learned that the right to read is over.
    pub(crate) ended: bool,
    /// Whether the task has found delivery closed.
    pub(crate) over: bool,
    /// The sinks of the earlier connections.
    lost: Vec<Arc<BufferSink>>,
}

/// The number of entries that history returns at once.
const PAGE: u64 = 3;

impl Person {
    /// Somebody who is connected and reads nothing yet.
    pub(crate) fn new(world: &Arc<World>, name: UserId) -> Self {
        let sink = Arc::new(BufferSink::new(usize::MAX));
        let broker = Arc::clone(&world.broker);
        let reader = OutboundConnection::new(broker, Some(name), Arc::clone(&sink));
        Self {
            world: Arc::clone(world),
            name,
            reader,
            sink,
            writable: Arc::default(),
            blocked: false,
            seen: Vec::new(),
            told: Vec::new(),
            ended: false,
            over: false,
            lost: Vec::new(),
        }
    }

    /// Somebody who reads already.
    pub(crate) fn reading(world: &Arc<World>, name: UserId) -> Self {
        let mut person = Self::new(world, name);
        person.read(|_| true);
        person
    }

    /// Reads on after what was seen last, if that is allowed.
    pub(crate) fn read(&mut self, may_read: impl Fn(&World) -> bool) {
        assert!(self.reader.reserve(&log_key()));
        if may_read(&self.world) {
            self.reader.activate(&log_key(), Seq(self.last()), Seq(self.world.head()));
        } else {
            self.reader.unsubscribe(&log_key());
        }
    }

    /// Loses the connection, with all that has not been seen by then, and has another one that reads on.
    pub(crate) fn resume(&mut self) {
        self.look();
        let next = Self::new(&self.world, self.name);
        let Self { reader, sink, seen, told, mut lost, .. } = std::mem::replace(self, next);
        drop(reader);
        let _ = sink.take();
        lost.push(sink);
        (self.seen, self.told, self.lost) = (seen, told, lost);
        self.read(|_| true);
    }

    /// Does what the task was called for; gives whether it was.
    pub(crate) fn attend(&mut self) -> bool {
        let called = pin!(self.reader.woken()).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let writable = self.blocked && self.writable.swap(false, Ordering::SeqCst);
        if writable {
            self.reader.unblock();
        }
        if called || writable {
            self.turn();
        }
        called || writable
    }

    /// Attends beside the others for a while.
    pub(crate) fn live(mut self) -> Self {
        for _ in 0..3 {
            self.attend();
            self.look();
            thread::yield_now();
        }
        self
    }

    /// Looks at what came: every entry follows the last one, and so does what is told in passing.
    pub(crate) fn look(&mut self) {
        for payload in self.sink.take() {
            let text = String::from_utf8(payload).unwrap();
            if let Some(number) = text.strip_prefix("signal ") {
                let number = number.parse().unwrap();
                assert!(
                    self.told.last().is_none_or(|last| last + 1 == number),
                    "{number} after {:?}",
                    self.told
                );
                self.told.push(number);
            } else {
                let seq: u64 = text.parse().unwrap();
                assert_eq!(seq, self.last() + 1, "after {:?}", self.seen);
                self.seen.push(seq);
            }
        }
        for sink in &self.lost {
            assert!(sink.take().is_empty(), "somebody writes to a connection that is gone");
        }
    }

    /// Returns the peer's action: it takes this many bytes, and notes that there is room.
    pub(crate) fn peer(&self) -> impl Fn(usize) + Send + 'static {
        let (sink, writable) = (Arc::clone(&self.sink), Arc::clone(&self.writable));
        move |room| {
            sink.make_room(room);
            writable.store(true, Ordering::SeqCst);
        }
    }

    pub(crate) fn close_handle(&self) -> CloseHandle {
        self.reader.close_handle()
    }

    pub(crate) fn last(&self) -> u64 {
        self.seen.last().copied().unwrap_or_default()
    }

    /// Writes what there is and helps every subscription on, unless all is over.
    fn turn(&mut self) {
        while !self.reader.is_closed() {
            if self.reader.flush() == FlushOutcome::More {
                self.reader.hand_over();
            }
            match self.reader.subscription_error() {
                Some(SubscriptionError::Behind { key, cursor, until }) => {
                    let page: Vec<_> = (cursor.0 + 1..=until.0.min(cursor.0 + PAGE)).map(entry).collect();
                    self.reader.offer(&key, &page);
                }
                Some(SubscriptionError::Ended { .. }) => self.ended = true,
                None => break,
            }
        }
        self.blocked = self.reader.state() == SocketState::Blocked;
        self.over = self.reader.is_closed();
    }
}
