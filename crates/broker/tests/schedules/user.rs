//! A user who subscribes, reconnects and checks every frame.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use broker::{
    Activation, BufferSink, CloseHandle, FlushOutcome, OutboundConnection, SocketState, SubscriptionError,
};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use wire::{Seq, UserId};

use crate::world::{World, frame, log_key};

/// A user, and their current connection. Its task does what the server's does, but only when it was woken.
pub(crate) struct User {
    world: Arc<World>,
    id: UserId,
    outbound: OutboundConnection,
    sink: Arc<BufferSink>,
    /// True if the peer has reported that the socket has room again.
    writable: Arc<AtomicBool>,
    /// True if the task waits for room.
    blocked: bool,
    /// The entries that were received, over all connections.
    pub(crate) entries: Vec<u64>,
    /// The numbers of the ephemeral events that were received, over all connections.
    pub(crate) events: Vec<u64>,
    /// True if the task was told that the subscription has ended.
    pub(crate) ended: bool,
    /// The head when the right was checked last.
    pub(crate) began: u64,
    /// True if a subscribe was refused.
    pub(crate) refused: bool,
    /// The last entry that was skipped by a reset, because history has lost earlier ones.
    skipped: u64,
    /// True if the task has found delivery closed.
    pub(crate) closed: bool,
    /// The sinks of the earlier connections.
    earlier: Vec<Arc<BufferSink>>,
}

/// The number of entries that history returns at once.
const PAGE: u64 = 3;

impl User {
    /// Creates a user with a connection that has no subscription.
    pub(crate) fn new(world: &Arc<World>, id: UserId) -> Self {
        let sink = Arc::new(BufferSink::new(usize::MAX));
        let broker = Arc::clone(&world.broker);
        let outbound = OutboundConnection::new(broker, Some(id), Arc::clone(&sink));
        Self {
            world: Arc::clone(world),
            id,
            outbound,
            sink,
            writable: Arc::default(),
            blocked: false,
            entries: Vec::new(),
            events: Vec::new(),
            ended: false,
            began: 0,
            refused: false,
            skipped: 0,
            closed: false,
            earlier: Vec::new(),
        }
    }

    /// Creates a user with an active subscription.
    pub(crate) fn subscribed(world: &Arc<World>, id: UserId) -> Self {
        let mut user = Self::new(world, id);
        user.subscribe();
        user
    }

    /// Subscribes after the last entry that was received, if that is permitted.
    pub(crate) fn subscribe(&mut self) {
        loop {
            assert!(self.outbound.reserve(&log_key()));
            let (head, begins, may_read) = self.world.open(self.id);
            if !may_read {
                self.outbound.unsubscribe(&log_key());
                self.refused = true;
                return;
            }
            if begins > self.cursor() + 1 {
                self.skipped = head;
            }
            if self.outbound.activate(&log_key(), Seq(self.cursor()), Seq(head)) == Activation::Active {
                self.began = head;
                return;
            }
            self.outbound.unsubscribe(&log_key());
        }
    }

    /// Replaces the connection, which loses the frames that were not received by then, and subscribes again.
    pub(crate) fn reconnect(&mut self) {
        self.receive();
        let next = Self::new(&self.world, self.id);
        let Self { outbound, sink, entries, events, mut earlier, .. } = std::mem::replace(self, next);
        drop(outbound);
        let _ = sink.take();
        earlier.push(sink);
        (self.entries, self.events, self.earlier) = (entries, events, earlier);
        self.subscribe();
    }

    /// Runs the task once if it was woken or the socket has room again; returns true if so.
    pub(crate) fn poll_task(&mut self) -> bool {
        let woken = pin!(self.outbound.woken()).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let writable = self.blocked && self.writable.swap(false, Ordering::SeqCst);
        if writable {
            self.outbound.unblock();
        }
        if woken || writable {
            self.run_task();
        }
        woken || writable
    }

    /// Polls the task and receives frames a few times, while the other threads run.
    pub(crate) fn run(mut self) -> Self {
        for _ in 0..3 {
            self.poll_task();
            self.receive();
            thread::yield_now();
        }
        self
    }

    /// Receives frames, and checks that every entry follows the last one, and every ephemeral event the last one.
    pub(crate) fn receive(&mut self) {
        for payload in self.sink.take() {
            let text = String::from_utf8(payload).unwrap();
            if let Some(number) = text.strip_prefix("signal ") {
                let number = number.parse().unwrap();
                assert!(
                    self.events.last().is_none_or(|last| last + 1 == number),
                    "{number} after {:?}",
                    self.events
                );
                self.events.push(number);
            } else {
                let seq: u64 = text.parse().unwrap();
                assert_eq!(seq, self.cursor() + 1, "after {:?}", self.entries);
                self.entries.push(seq);
            }
        }
        for sink in &self.earlier {
            assert!(sink.take().is_empty(), "something was written to a dropped connection");
        }
    }

    /// Returns what the peer does: it sets the room of the socket, and reports that the socket is writable.
    pub(crate) fn peer(&self) -> impl Fn(usize) + Send + 'static {
        let (sink, writable) = (Arc::clone(&self.sink), Arc::clone(&self.writable));
        move |room| {
            sink.make_room(room);
            writable.store(true, Ordering::SeqCst);
        }
    }

    pub(crate) fn close_handle(&self) -> CloseHandle {
        self.outbound.close_handle()
    }

    /// Returns the Seq of the last entry that was received.
    pub(crate) fn cursor(&self) -> u64 {
        self.entries.last().copied().unwrap_or_default().max(self.skipped)
    }

    /// Flushes, and handles every subscription error, unless delivery is closed.
    fn run_task(&mut self) {
        while !self.outbound.is_closed() {
            if self.outbound.flush() == FlushOutcome::More {
                self.outbound.hand_over();
            }
            match self.outbound.subscription_error() {
                Some(SubscriptionError::Behind { key, cursor, until }) => {
                    let page: Vec<_> = (cursor.0 + 1..=until.0.min(cursor.0 + PAGE)).map(frame).collect();
                    self.outbound.offer(&key, &page);
                }
                Some(SubscriptionError::Ended { .. }) => self.ended = true,
                Some(SubscriptionError::Outdated { .. }) => {
                    self.receive();
                    self.subscribe();
                }
                None => break,
            }
        }
        self.blocked = self.outbound.state() == SocketState::Blocked;
        self.closed = self.outbound.is_closed();
    }
}
