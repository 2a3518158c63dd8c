//! The outbound side of a connection and the flush, which is the hot path of delivery.

use std::io::{self, IoSlice};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use wire::{LogKey, Seq, UserId};

use crate::delivery::Counters;
use crate::delivery::FrameSink;
use crate::delivery::{BATCH_BYTES, BatchCache, LogKind, Lookup};
use crate::log::sync::{AtomicBool, Mutex, MutexGuard, Ordering, unpoisoned};
use crate::log::{FrameBatch, WriteProgress};
use crate::topic::{Subscriber, TopicLog};

/// The outbound side of a connection: its cursors, the bytes for it alone, and the socket. It has no queue of
/// deliveries and no copy of them: its shard, or its own task, flushes it and writes everything after its cursors.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// The user of the connection, once there is one; cutoffs match it.
    owner: OnceLock<UserId>,
    /// True if nothing more may be delivered.
    closed: AtomicBool,
    /// Wakes the connection's own task.
    pub(crate) wake: Notify,
    sink: Box<dyn FrameSink>,
    /// True if the user is away from this connection.
    idle: AtomicBool,
    shard: usize,
    counters: Arc<Counters>,
    /// True if it is in its shard's queue.
    queued: AtomicBool,
    out: Mutex<OutboundState>,
}

/// The state that a flush works on, behind one lock.
#[derive(Debug, Default)]
pub(crate) struct OutboundState {
    /// Bytes that go out before all deliveries: replies, and the rest of a frame that was written in part.
    own: Vec<u8>,
    /// The number of bytes of `own` that are written.
    written: usize,
    pub(crate) subscriptions: Vec<Subscription>,
    /// The subscription that comes first in the next flush; it rotates, so that none is always last.
    turn: usize,
    pub(crate) state: SocketState,
    /// True if delivery is paused because replies must go out first.
    pub(crate) paused: bool,
    /// True if a subscription may be unable to go on from its log.
    pub(crate) needs_attention: bool,
}

/// The state of a socket's send side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SocketState {
    /// It may accept bytes.
    #[default]
    Open,
    /// Its send buffer is full: backpressure. The connection's own task waits for room.
    Blocked,
    /// It failed and accepts nothing any more.
    Broken,
}

/// A connection's subscription to one topic.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) log: Arc<TopicLog<Outbound>>,
    pub(crate) subscriber: Arc<Subscriber<Outbound>>,
    pub(crate) slot: usize,
    /// The last Seq that was written; none before
    /// [`OutboundConnection::activate`](crate::OutboundConnection::activate).
    pub(crate) cursor: Option<Seq>,
    /// The last ephemeral event that was written.
    pub(crate) heard: Seq,
    /// True if the log has dropped the next entry, so that it must come from history.
    pub(crate) behind: bool,
}

/// The outcome of a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushOutcome {
    /// Everything is written, or the socket has no room.
    Done,
    /// There is more to write.
    More,
}

/// A subscription's part of one write.
struct WritePart {
    subscription: usize,
    kind: LogKind,
    batch: Arc<FrameBatch>,
    bytes: usize,
}

/// The most pieces in one write.
const PIECES: usize = 16;

impl Outbound {
    pub(crate) fn new(
        owner: Option<UserId>,
        sink: Box<dyn FrameSink>,
        shard: usize,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            owner: owner.map_or_else(OnceLock::new, OnceLock::from),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
            sink,
            idle: AtomicBool::new(false),
            shard,
            counters,
            queued: AtomicBool::new(false),
            out: Mutex::default(),
        }
    }

    /// Returns the user of the connection.
    pub(crate) fn owner(&self) -> Option<UserId> {
        self.owner.get().copied()
    }

    /// Sets the user of the connection; returns false if it has another one.
    pub(crate) fn set_owner(&self, user: UserId) -> bool {
        *self.owner.get_or_init(|| user) == user
    }

    pub(crate) const fn shard(&self) -> usize {
        self.shard
    }

    pub(crate) fn out(&self) -> MutexGuard<'_, OutboundState> {
        unpoisoned(&self.out)
    }

    /// Closes the connection for deliveries: nothing that is published from now on goes out.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Returns true after [`Outbound::close`]. Entries that were read from a log while this was false were published
    /// before.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Acquire)
    }

    /// Sets whether the user is away; returns true if that is a change.
    pub(crate) fn set_idle(&self, idle: bool) -> bool {
        self.idle.swap(idle, Ordering::AcqRel) != idle
    }

    /// Marks it as queued; returns false if it was queued before.
    pub(crate) fn enqueue(&self) -> bool {
        !self.queued.swap(true, Ordering::AcqRel)
    }

    /// Marks it as not queued. Later changes queue it again, and earlier ones are visible to the flush that follows.
    pub(crate) fn dequeue(&self) {
        self.queued.swap(false, Ordering::AcqRel);
    }

    /// Writes up to about [`BATCH_BYTES`] of what the connection lacks, in one write.
    pub(crate) fn flush(&self, batches: &mut BatchCache) -> FlushOutcome {
        self.out().flush(self, batches)
    }

    /// Flushes on behalf of the shard, and wakes the connection's own task for what only that can do.
    pub(crate) fn serve(&self, batches: &mut BatchCache) -> FlushOutcome {
        let mut out = self.out();
        let before = out.state;
        let flushed = out.flush(self, batches);
        // It waits for room, fetches what is missing, or ends.
        if out.state != before || out.needs_attention {
            self.wake.notify_one();
        }
        flushed
    }

    /// Marks the socket as broken and wakes the connection's own task, which ends it.
    pub(crate) fn mark_broken(&self) {
        self.out().state = SocketState::Broken;
        self.wake.notify_one();
    }
}

impl OutboundState {
    /// Returns the index of the subscription to a topic.
    pub(crate) fn find(&self, key: &LogKey) -> Option<usize> {
        self.subscriptions.iter().position(|one| one.log.key == *key)
    }

    /// Returns the number of pending bytes for this connection alone.
    pub(crate) const fn waiting(&self) -> usize {
        self.own.len() - self.written
    }

    /// Appends bytes for this connection alone.
    pub(crate) fn send_own(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    fn flush(&mut self, outbound: &Outbound, batches: &mut BatchCache) -> FlushOutcome {
        if self.state != SocketState::Open {
            return FlushOutcome::Done;
        }
        let mut parts = if self.paused { Vec::new() } else { self.gather(batches) };
        // Checked after the logs: entries that were read while this was false were published before the close.
        if outbound.is_closed() {
            parts.clear();
        }
        self.write(outbound, parts);
        self.needs_attention |= self.subscriptions.iter().any(Subscription::is_stuck);
        let more = self.state == SocketState::Open && !self.paused && !outbound.is_closed() && self.lacks();
        if more { FlushOutcome::More } else { FlushOutcome::Done }
    }

    /// Writes the connection's own bytes and then the parts, in one write.
    fn write(&mut self, outbound: &Outbound, parts: Vec<WritePart>) {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let (mut count, mut total) = (0, 0);
        let pieces_of_parts = parts.iter().map(|part| part.batch.first(part.bytes));
        for piece in std::iter::once(&self.own[self.written..]).chain(pieces_of_parts) {
            if !piece.is_empty() {
                pieces[count] = IoSlice::new(piece);
                (count, total) = (count + 1, total + piece.len());
            }
        }
        if total == 0 {
            return;
        }
        match outbound.sink.try_write(&pieces[..count]) {
            Ok(written) => {
                if written < total {
                    self.block(outbound);
                }
                outbound.counters.wrote(written);
                self.settle(outbound, written, parts);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.block(outbound),
            Err(_) => self.state = SocketState::Broken,
        }
    }

    /// Collects what each topic has for this connection, up to the size of one write.
    fn gather(&mut self, batches: &mut BatchCache) -> Vec<WritePart> {
        let (mut parts, mut bytes) = (Vec::new(), self.waiting());
        let count = self.subscriptions.len();
        self.turn = if count == 0 { 0 } else { (self.turn + 1) % count };
        for place in 0..count {
            let index = (self.turn + place) % count;
            let subscription = &mut self.subscriptions[index];
            for kind in [LogKind::Signals, LogKind::Entries] {
                if !subscription.lacks(kind) {
                    continue;
                }
                // One piece is reserved for the connection's own bytes.
                if parts.len() + 1 >= PIECES || bytes >= BATCH_BYTES {
                    return parts;
                }
                let Some((batch, length)) = subscription.serve(kind, batches) else { continue };
                bytes += length;
                parts.push(WritePart { subscription: index, kind, batch, bytes: length });
            }
        }
        parts
    }

    /// Advances the cursors by what was written.
    fn settle(&mut self, outbound: &Outbound, written: usize, parts: Vec<WritePart>) {
        let own = written.min(self.waiting());
        self.written += own;
        if self.waiting() == 0 {
            self.own = Vec::new();
            self.written = 0;
        }
        let mut left = written - own;
        for WritePart { subscription, kind, batch, bytes } in parts {
            let step = left.min(bytes);
            left -= step;
            if step == 0 {
                break;
            }
            let WriteProgress { last, rest } = batch.written(step);
            // The rest of a frame is copied, so that it does not keep the whole batch in memory.
            self.own.extend_from_slice(rest);
            let given = self.subscriptions[subscription].given(kind, last);
            outbound.counters.deliveries.fetch_add(given, Ordering::Relaxed);
        }
    }

    fn block(&mut self, outbound: &Outbound) {
        self.state = SocketState::Blocked;
        outbound.counters.stalls.fetch_add(1, Ordering::Relaxed);
    }

    fn lacks(&self) -> bool {
        let kinds = [LogKind::Signals, LogKind::Entries];
        self.subscriptions.iter().any(|one| kinds.iter().any(|kind| one.lacks(*kind)))
    }

    /// Writes the next frames of a topic, which come from history, as far as there is room, and advances the cursor.
    /// Frames without room are fetched again later.
    pub(crate) fn offer(&mut self, outbound: &Outbound, subscription: usize, batch: FrameBatch) {
        let one = &mut self.subscriptions[subscription];
        one.behind = false;
        let bytes = batch.up_to(one.subscriber.until()).len();
        if self.state == SocketState::Open && self.waiting() == 0 && !outbound.is_closed() {
            let batch = Arc::new(batch);
            self.write(outbound, vec![WritePart { subscription, kind: LogKind::Entries, batch, bytes }]);
        }
    }
}

impl Subscription {
    /// Returns true if there may be something to deliver.
    fn lacks(&self, kind: LogKind) -> bool {
        let Some(cursor) = self.cursor else { return false };
        match kind {
            LogKind::Entries => !self.behind && cursor < self.log.head().min(self.subscriber.until()),
            LogKind::Signals => !self.subscriber.has_ended() && self.heard < self.log.signal_head(),
        }
    }

    /// Returns true if only the connection's own task can go on: it must fetch history, or the right to read has ended.
    pub(crate) fn is_stuck(&self) -> bool {
        self.behind || self.cursor.is_some_and(|cursor| cursor >= self.subscriber.until())
    }

    /// Returns the next batch of its topic and the number of bytes of it that this subscriber may get.
    fn serve(&mut self, kind: LogKind, batches: &mut BatchCache) -> Option<(Arc<FrameBatch>, usize)> {
        let from = match kind {
            LogKind::Entries => self.cursor?,
            LogKind::Signals => self.heard,
        };
        match batches.of(&self.log, kind, from) {
            Lookup::Nothing => None,
            Lookup::Behind => {
                self.behind = true;
                None
            }
            Lookup::Frames(batch) => {
                // Checked after the log: an end is stored before anything later is appended, so a reader of later
                // entries sees the end as well.
                let until = self.subscriber.until();
                let bytes = match kind {
                    LogKind::Entries => batch.up_to(until).len(),
                    LogKind::Signals if self.subscriber.has_ended() => 0,
                    LogKind::Signals => batch.up_to(batch.last()).len(),
                };
                (bytes > 0).then_some((batch, bytes))
            }
        }
    }

    /// Advances the cursor; returns the number of entries.
    fn given(&mut self, kind: LogKind, last: Seq) -> u64 {
        match kind {
            LogKind::Entries => {
                let before = self.cursor.replace(last).unwrap_or_default();
                self.subscriber.note_given(last);
                last.0.saturating_sub(before.0)
            }
            LogKind::Signals => {
                self.heard = last;
                0
            }
        }
    }
}
