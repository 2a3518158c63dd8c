use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::sync::Notify;
use wire::{Seq, Topic, UserId};

use crate::helping::{HELPING_BYTES, Helping, Helpings, Kind, Look, Written};
use crate::outlet::Outlet;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
use crate::tally::Counters;
use crate::topic::{Seat, TopicLog, unpoisoned};

/// A connection's way out: its cursors, what is said to it alone, and the socket. It has no queue of deliveries and no
/// copy of them; whoever flushes it, its shard or its own task, writes what it lacks.
#[derive(Debug)]
pub(crate) struct Line {
    /// Whose connection it is; ending a user's subscriptions looks for this.
    pub(crate) owner: Option<UserId>,
    /// Whether nothing more may be delivered.
    closed: AtomicBool,
    /// Rung when the connection's own task has something to do.
    pub(crate) bell: Notify,
    outlet: Box<dyn Outlet>,
    /// Whether nobody sits before it now.
    idle: AtomicBool,
    shard: usize,
    counters: Arc<Counters>,
    /// Whether it is on its shard's desk already.
    queued: AtomicBool,
    out: Mutex<Out>,
}

/// What is on its way.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// What comes before all deliveries: answers, and the rest of a frame that was written in part.
    own: Vec<u8>,
    /// How much of it is written.
    written: usize,
    pub(crate) subscriptions: Vec<Subscription>,
    /// Which subscription comes first this time, so that none is always last.
    turn: usize,
    pub(crate) state: State,
    /// Whether nothing is delivered because something is to be said first.
    pub(crate) held: bool,
    /// Whether a subscription may be unable to go on from its log.
    pub(crate) troubled: bool,
}

/// Whether the socket takes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It may.
    #[default]
    Open,
    /// Not now; its own task waits for room.
    Blocked,
    /// Never again.
    Broken,
}

/// One topic that the connection reads.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) log: Arc<TopicLog>,
    pub(crate) seat: Arc<Seat>,
    pub(crate) key: usize,
    /// The last place it was given; none before it has begun.
    pub(crate) cursor: Option<Seq>,
    /// How far it has heard what is told in passing.
    pub(crate) heard: Seq,
    /// Whether the log no longer has what comes next.
    pub(crate) behind: bool,
}

/// What a flush has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// There is nothing more to write, or no room for it.
    Done,
    /// There is more.
    More,
}

/// A part of one write: whose it is, and how far it goes.
struct Serving {
    subscription: usize,
    kind: Kind,
    helping: Arc<Helping>,
    bytes: usize,
}

/// The most pieces in one write.
const PIECES: usize = 16;

impl Line {
    pub(crate) fn new(
        owner: Option<UserId>,
        outlet: Box<dyn Outlet>,
        shard: usize,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            owner,
            closed: AtomicBool::new(false),
            bell: Notify::new(),
            outlet,
            idle: AtomicBool::new(false),
            shard,
            counters,
            queued: AtomicBool::new(false),
            out: Mutex::default(),
        }
    }

    pub(crate) const fn shard(&self) -> usize {
        self.shard
    }

    pub(crate) fn out(&self) -> MutexGuard<'_, Out> {
        unpoisoned(&self.out)
    }

    /// Nothing that is published from now on goes out.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// What was read from a log before this said no was published before the end.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Acquire)
    }

    /// Gives whether that is a change.
    pub(crate) fn set_idle(&self, idle: bool) -> bool {
        self.idle.swap(idle, Ordering::AcqRel) != idle
    }

    /// Puts it on a desk; false if it is on it already.
    pub(crate) fn enqueue(&self) -> bool {
        !self.queued.swap(true, Ordering::AcqRel)
    }

    /// Takes it off the desk. What changes from now on puts it there again, and what changed before is seen.
    pub(crate) fn dequeue(&self) {
        self.queued.swap(false, Ordering::AcqRel);
    }

    /// Writes what the connection lacks, about [`HELPING_BYTES`] of it, in one write.
    pub(crate) fn flush(&self, helpings: &mut Helpings) -> Flushed {
        self.out().flush(self, helpings)
    }

    /// As [`Line::flush`], for its shard: what only its own task can do, it is told.
    pub(crate) fn serve(&self, helpings: &mut Helpings) -> Flushed {
        let mut out = self.out();
        let before = out.state;
        let flushed = out.flush(self, helpings);
        // It waits for room, fetches what is missing, or ends.
        if out.state != before || out.troubled {
            self.bell.notify_one();
        }
        flushed
    }

    /// Nothing more goes out; its own task ends it.
    pub(crate) fn give_up(&self) {
        self.out().state = State::Broken;
        self.bell.notify_one();
    }
}

impl Out {
    /// Which subscription reads a topic.
    pub(crate) fn find(&self, topic: &Topic) -> Option<usize> {
        self.subscriptions.iter().position(|one| one.log.name == *topic)
    }

    /// How much waits that is for this connection alone, in bytes.
    pub(crate) const fn waiting(&self) -> usize {
        self.own.len() - self.written
    }

    /// Adds what is said to this connection alone.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    fn flush(&mut self, line: &Line, helpings: &mut Helpings) -> Flushed {
        if self.state != State::Open {
            return Flushed::Done;
        }
        let mut servings = if self.held { Vec::new() } else { self.gather(helpings) };
        // Looked at after the logs: what was read while this still says no was published before the end.
        if line.is_closed() {
            servings.clear();
        }
        self.write(line, servings);
        self.troubled |= self.subscriptions.iter().any(Subscription::is_stuck);
        let more = self.state == State::Open && !self.held && !line.is_closed() && self.lacks();
        if more { Flushed::More } else { Flushed::Done }
    }

    /// Writes what waits for this connection alone, and then the servings: one write.
    fn write(&mut self, line: &Line, servings: Vec<Serving>) {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let (mut count, mut total) = (0, 0);
        let served = servings.iter().map(|serving| serving.helping.first(serving.bytes));
        for piece in std::iter::once(&self.own[self.written..]).chain(served) {
            if !piece.is_empty() {
                pieces[count] = IoSlice::new(piece);
                (count, total) = (count + 1, total + piece.len());
            }
        }
        if total == 0 {
            return;
        }
        match line.outlet.try_write(&pieces[..count]) {
            Ok(written) => {
                if written < total {
                    self.block(line);
                }
                line.counters.wrote(written);
                self.settle(line, written, servings);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.block(line),
            Err(_) => self.state = State::Broken,
        }
    }

    /// What each topic has for this connection, as much as one write may take.
    fn gather(&mut self, helpings: &mut Helpings) -> Vec<Serving> {
        let (mut servings, mut bytes) = (Vec::new(), self.waiting());
        let count = self.subscriptions.len();
        self.turn = if count == 0 { 0 } else { (self.turn + 1) % count };
        for place in 0..count {
            let index = (self.turn + place) % count;
            let subscription = &mut self.subscriptions[index];
            for kind in [Kind::Signals, Kind::Entries] {
                if !subscription.lacks(kind) {
                    continue;
                }
                // One place is for what is said to it alone.
                if servings.len() + 1 >= PIECES || bytes >= HELPING_BYTES {
                    return servings;
                }
                let Some((helping, length)) = subscription.serve(kind, helpings) else { continue };
                bytes += length;
                servings.push(Serving { subscription: index, kind, helping, bytes: length });
            }
        }
        servings
    }

    /// Moves everything on by what was written.
    fn settle(&mut self, line: &Line, written: usize, servings: Vec<Serving>) {
        let own = written.min(self.waiting());
        self.written += own;
        if self.waiting() == 0 {
            self.own = Vec::new();
            self.written = 0;
        }
        let mut left = written - own;
        for Serving { subscription, kind, helping, bytes } in servings {
            let step = left.min(bytes);
            left -= step;
            if step == 0 {
                break;
            }
            let Written { last, rest } = helping.written(step);
            // The rest of a frame is copied: it must not keep all of the helping in memory.
            self.own.extend_from_slice(rest);
            let given = self.subscriptions[subscription].given(kind, last);
            line.counters.deliveries.fetch_add(given, Ordering::Relaxed);
        }
    }

    fn block(&mut self, line: &Line) {
        self.state = State::Blocked;
        line.counters.stalls.fetch_add(1, Ordering::Relaxed);
    }

    fn lacks(&self) -> bool {
        let kinds = [Kind::Signals, Kind::Entries];
        self.subscriptions.iter().any(|one| kinds.iter().any(|kind| one.lacks(*kind)))
    }

    /// Takes the next frames of a topic that come from history: writes what there is room for, and moves the cursor by
    /// that. What found no room is fetched again when there is some.
    pub(crate) fn offer(&mut self, line: &Line, subscription: usize, helping: Helping) {
        let one = &mut self.subscriptions[subscription];
        one.behind = false;
        let bytes = helping.up_to(one.seat.until()).len();
        if self.state == State::Open && self.waiting() == 0 && !line.is_closed() {
            let helping = Arc::new(helping);
            self.write(line, vec![Serving { subscription, kind: Kind::Entries, helping, bytes }]);
        }
    }
}

impl Subscription {
    /// Whether there may be something for it.
    fn lacks(&self, kind: Kind) -> bool {
        let Some(cursor) = self.cursor else { return false };
        match kind {
            Kind::Entries => !self.behind && cursor < self.log.head().min(self.seat.until()),
            Kind::Signals => !self.seat.has_ended() && self.heard < self.log.signal_head(),
        }
    }

    /// Whether only its connection's task can help: it must fetch, or the right to read is over.
    pub(crate) fn is_stuck(&self) -> bool {
        self.behind || self.cursor.is_some_and(|cursor| cursor >= self.seat.until())
    }

    /// What its topic has next for it, and how much of that it may be given.
    fn serve(&mut self, kind: Kind, helpings: &mut Helpings) -> Option<(Arc<Helping>, usize)> {
        let from = match kind {
            Kind::Entries => self.cursor?,
            Kind::Signals => self.heard,
        };
        match helpings.of(&self.log, kind, from) {
            Look::Nothing => None,
            Look::Behind => {
                self.behind = true;
                None
            }
            Look::Frames(helping) => {
                // Looked at after the log: an end is noted before anything later joins the log, so whoever sees the
                // later entries sees the end as well.
                let until = self.seat.until();
                let bytes = match kind {
                    Kind::Entries => helping.up_to(until).len(),
                    Kind::Signals if self.seat.has_ended() => 0,
                    Kind::Signals => helping.up_to(helping.last()).len(),
                };
                (bytes > 0).then_some((helping, bytes))
            }
        }
    }

    /// Moves on; gives by how many entries.
    fn given(&mut self, kind: Kind, last: Seq) -> u64 {
        match kind {
            Kind::Entries => {
                let before = self.cursor.replace(last).unwrap_or_default();
                self.seat.note_given(last);
                last.0.saturating_sub(before.0)
            }
            Kind::Signals => {
                self.heard = last;
                0
            }
        }
    }
}
