use std::sync::Arc;

use wire::{Seq, Topic, UserId};

use crate::broker::Broker;
use crate::frame::Frame;
use crate::helping::{Helping, Helpings};
use crate::line::{Flushed, Line, State, Subscription};
use crate::outlet::Outlet;
use crate::presence::Stir;
use crate::valve::{Bell, Valve};

/// One connection's subscriptions, in the hands of its own task. Its shard writes what it lacks meanwhile; what only
/// the task can do rings [`Reader::called`].
#[derive(Debug)]
pub struct Reader {
    broker: Arc<Broker>,
    line: Arc<Line>,
}

/// Why a subscription cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setback {
    /// The log no longer has what comes after the cursor: fetch it from history, then [`Reader::offer`] it, or
    /// [`Reader::advance`] past it.
    Behind {
        /// Which topic.
        topic: Topic,
        /// What the reader has.
        cursor: Seq,
        /// The newest entry it may have.
        until: Seq,
    },
    /// The right to read has ended; the subscription is gone.
    Ended {
        /// Which topic.
        topic: Topic,
    },
}

/// Up to how many subscriptions a connection has memory for just these.
const FEW: usize = 4;

impl Reader {
    /// A reader without subscriptions. [`Broker::end`] finds it by its owner.
    #[must_use]
    pub fn new(broker: Arc<Broker>, owner: Option<UserId>, outlet: impl Outlet + 'static) -> Self {
        let line = Arc::new(broker.line(owner, Box::new(outlet)));
        Self { broker, line }
    }

    /// What ends all delivery to it.
    #[must_use]
    pub fn valve(&self) -> Valve {
        Valve(Arc::clone(&self.line))
    }

    /// What calls its task.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(Arc::clone(&self.line))
    }

    /// Whether the valve is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.line.is_closed()
    }

    /// Reserves a place in a topic without reading yet. Everything published, and every end, from now on
    /// counts for it; so check the right to read and look up the head *after* this, then [`Reader::start`].
    /// Gives false if the topic was subscribed already; then nothing changes.
    pub fn attach(&mut self, topic: &Topic) -> bool {
        if self.line.out().find(topic).is_some() {
            return false;
        }
        let (key, log, seat) = self.broker.sit(topic, Arc::clone(&self.line));
        let heard = log.signal_head();
        let subscription = Subscription { log, seat, key, cursor: None, heard, behind: false };
        let mut out = self.line.out();
        // Most connections have few, and there are many connections.
        if out.subscriptions.len() < FEW {
            out.subscriptions.reserve_exact(1);
        }
        out.subscriptions.push(subscription);
        true
    }

    /// Begins reading after `cursor`. `head` is what the store knew after [`Reader::attach`].
    pub fn start(&mut self, topic: &Topic, cursor: Seq, head: Seq) {
        let started = self.with(topic, |subscription| {
            subscription.cursor = Some(cursor);
            subscription.seat.note_given(cursor);
            subscription.seat.begin();
            Arc::clone(&subscription.log)
        });
        if let Some(log) = started {
            self.broker.raise_log(&log, head);
            self.broker.wake(&self.line);
            self.stir(topic, Stir::Came);
        }
    }

    /// Says whether somebody sits before this connection now; at first somebody does.
    pub fn set_idle(&self, idle: bool) {
        if self.line.set_idle(idle) {
            let topics: Vec<_> =
                self.line.out().subscriptions.iter().map(|one| one.log.name.clone()).collect();
            for topic in topics {
                self.stir(&topic, if idle { Stir::Went } else { Stir::Came });
            }
        }
    }

    /// Moves a cursor forward, past what will not be delivered.
    pub fn advance(&mut self, topic: &Topic, cursor: Seq) {
        self.with(topic, |subscription| {
            subscription.cursor = subscription.cursor.max(Some(cursor));
            subscription.seat.note_given(cursor);
            subscription.behind = false;
        });
        self.broker.wake(&self.line);
    }

    /// Writes frames from history that follow the topic's cursor, as many as there is room for; the others are asked
    /// for again.
    pub fn offer(&mut self, topic: &Topic, frames: &[Frame]) {
        let mut out = self.line.out();
        let Some(index) = out.find(topic) else { return };
        let cursor = out.subscriptions[index].cursor.unwrap_or_default();
        out.offer(&self.line, index, Helping::of(cursor, frames, usize::MAX));
        drop(out);
        self.broker.wake(&self.line);
    }

    /// Ends a subscription; false if there was none.
    pub fn detach(&mut self, topic: &Topic) -> bool {
        let mut out = self.line.out();
        let Some(index) = out.find(topic) else { return false };
        let subscription = out.subscriptions.swap_remove(index);
        drop(out);
        self.end(&subscription);
        true
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.line.out().subscriptions.len()
    }

    /// Says something to this connection alone, after everything that it was told so far. Nothing is on its way
    /// before the next flush.
    pub fn say(&self, frame: &Frame) {
        self.line.out().say(frame.bytes());
    }

    /// Delivers nothing until [`Reader::release`]: what a subscription begins or goes on with is said before it does.
    pub fn hold(&self) {
        self.line.out().held = true;
    }

    /// Delivers again.
    pub fn release(&self) {
        self.line.out().held = false;
        self.broker.wake(&self.line);
    }

    /// How many bytes wait that are for this connection alone.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.out().waiting()
    }

    /// Writes what this connection lacks, about 64 KiB of it.
    pub fn flush(&self) -> Flushed {
        self.line.flush(&mut Helpings::default())
    }

    /// Leaves the rest of the writing to the shard.
    pub fn hand_over(&self) {
        self.broker.wake(&self.line);
    }

    /// Whether the socket takes bytes.
    #[must_use]
    pub fn state(&self) -> State {
        self.line.out().state
    }

    /// Says that there may be room again.
    pub fn unblock(&self) {
        let mut out = self.line.out();
        if out.state == State::Blocked {
            out.state = State::Open;
        }
    }

    /// The next subscription that cannot go on, if there is any, the socket has room for what comes of it, and the valve
    /// is open.
    pub fn setback(&mut self) -> Option<Setback> {
        let mut out = self.line.out();
        if !out.troubled || out.state != State::Open || out.waiting() > 0 || self.line.is_closed() {
            return None;
        }
        let Some(index) = out.subscriptions.iter().position(Subscription::is_stuck) else {
            out.troubled = false;
            return None;
        };
        let one = &out.subscriptions[index];
        let (topic, cursor, until) = (one.log.name.clone(), one.cursor.unwrap_or_default(), one.seat.until());
        if cursor < until {
            let until = one.log.head().min(until);
            return Some(Setback::Behind { topic, cursor, until });
        }
        let subscription = out.subscriptions.swap_remove(index);
        drop(out);
        self.end(&subscription);
        Some(Setback::Ended { topic })
    }

    /// Waits until there is something that only this connection's task can do: a setback, a socket that has no room or
    /// is broken, a valve that is closed, or whatever else rang its [`Bell`]. Cancel-safe: a bell that rang stays rung.
    pub async fn called(&self) {
        self.line.bell.notified().await;
    }

    fn with<T>(&self, topic: &Topic, change: impl FnOnce(&mut Subscription) -> T) -> Option<T> {
        let mut out = self.line.out();
        out.find(topic).map(|index| change(&mut out.subscriptions[index]))
    }

    fn end(&self, subscription: &Subscription) {
        self.broker.stand(&subscription.log, self.line.shard(), subscription.key);
        if subscription.cursor.is_some() {
            self.stir(&subscription.log.name, Stir::Went);
        }
    }

    /// Notes that presence on a topic has changed; whoever reads without a name is not seen.
    fn stir(&self, topic: &Topic, how: Stir) {
        if let Some(user) = self.line.owner {
            self.broker.note(topic, user, how);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let subscriptions = std::mem::take(&mut self.line.out().subscriptions);
        for subscription in &subscriptions {
            self.end(subscription);
        }
    }
}
