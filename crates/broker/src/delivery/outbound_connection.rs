//! A connection's subscriptions, as its own task uses them: subscribe, recover, send, flush.

use std::sync::Arc;

use wire::{LogKey, Seq, UserId};

use crate::broker::Broker;
use crate::delivery::BatchCache;
use crate::delivery::FrameSink;
use crate::delivery::{CloseHandle, WakeHandle};
use crate::delivery::{FlushOutcome, Outbound, SocketState, Subscription};
use crate::log::FrameBatch;
use crate::topic::PresenceChange;
use crate::websocket::Frame;

/// One connection's subscriptions, owned by its task. Its shard delivers meanwhile, and wakes the task through
/// [`OutboundConnection::woken`] for what only that can do.
#[derive(Debug)]
pub struct OutboundConnection {
    broker: Arc<Broker>,
    outbound: Arc<Outbound>,
}

/// The reason that a subscription cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionError {
    /// The log has dropped the entries after the cursor: fetch them from history, then [`OutboundConnection::offer`]
    /// them, or [`OutboundConnection::advance`] past them.
    Behind {
        /// The log whose entries are missing.
        key: LogKey,
        /// The last Seq that the subscriber has.
        cursor: Seq,
        /// The newest Seq that it may get.
        until: Seq,
    },
    /// The right to read has ended; the subscription is gone.
    Ended {
        /// The log that the user may no longer read.
        key: LogKey,
    },
    /// This node has lost entries of the log, of which one may have ended the right to read. The subscription is gone:
    /// subscribe again.
    Outdated {
        /// The log.
        key: LogKey,
        /// The last Seq that the subscriber has.
        cursor: Seq,
    },
}

/// The outcome of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Delivery has started, or the right to read has ended meanwhile, which is a [`SubscriptionError::Ended`].
    Active,
    /// The snapshot on which the right was checked is too old: unsubscribe, and begin again.
    Outdated,
}

/// The number of subscriptions up to which a connection allocates exactly as many.
const FEW: usize = 4;

impl OutboundConnection {
    /// Creates a connection without subscriptions. Cutoffs find it by its owner.
    #[must_use]
    pub fn new(broker: Arc<Broker>, owner: Option<UserId>, sink: impl FrameSink + 'static) -> Self {
        let outbound = Arc::new(broker.outbound(owner, Box::new(sink)));
        Self { broker, outbound }
    }

    /// Gives the connection its owner, if it has none; returns false if it has another one, or subscriptions as nobody.
    #[must_use]
    pub fn set_owner(&mut self, user: UserId) -> bool {
        let is_free = self.outbound.owner().is_some() || self.subscriptions() == 0;
        is_free && self.outbound.set_owner(user)
    }

    /// Returns the logs of its subscriptions.
    #[must_use]
    pub fn subscribed(&self) -> Vec<LogKey> {
        self.outbound.out().subscriptions.iter().map(|one| one.log.key.clone()).collect()
    }

    /// Returns the handle that ends all delivery to it.
    #[must_use]
    pub fn close_handle(&self) -> CloseHandle {
        CloseHandle(Arc::clone(&self.outbound))
    }

    /// Returns the handle that wakes its task.
    #[must_use]
    pub fn wake_handle(&self) -> WakeHandle {
        WakeHandle(Arc::clone(&self.outbound))
    }

    /// Returns true if its close handle was used.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.outbound.is_closed()
    }

    /// Reserves a subscription without delivering yet. Everything that is published from now on, and every end, applies
    /// to it; so check the permission and look up the head *after* this, then [`OutboundConnection::activate`]. Returns
    /// false, and changes nothing, if the topic was subscribed before.
    pub fn reserve(&mut self, key: &LogKey) -> bool {
        if self.outbound.out().find(key).is_some() {
            return false;
        }
        let (slot, log, subscriber) = self.broker.add_subscriber(key, Arc::clone(&self.outbound));
        let heard = log.signal_head();
        let subscription = Subscription { log, subscriber, slot, cursor: None, heard, behind: false };
        let mut out = self.outbound.out();
        // Most connections have few, and there are many connections.
        if out.subscriptions.len() < FEW {
            out.subscriptions.reserve_exact(1);
        }
        out.subscriptions.push(subscription);
        true
    }

    /// Starts delivery after `cursor`. `head` is the head of the log in the snapshot on which the permission was
    /// checked, which was taken after [`OutboundConnection::reserve`]. Cutoffs at or before it are void, since the
    /// permission is newer; later ones count.
    #[must_use = "an outdated subscription delivers nothing"]
    pub fn activate(&mut self, key: &LogKey, cursor: Seq, head: Seq) -> Activation {
        let started = self.with(key, |subscription| {
            if !subscription.log.activate(&subscription.subscriber, head) {
                return None;
            }
            subscription.cursor = Some(cursor);
            subscription.subscriber.note_given(cursor);
            Some(Arc::clone(&subscription.log))
        });
        let Some(log) = started.flatten() else { return Activation::Outdated };
        self.broker.note_gap_of(&log);
        self.broker.wake(&self.outbound);
        self.note_presence(key, PresenceChange::Came);
        Activation::Active
    }

    /// Sets whether the user is away from this connection; at first they are not.
    pub fn set_idle(&self, idle: bool) {
        if self.outbound.set_idle(idle) {
            for key in self.subscribed() {
                self.note_presence(&key, if idle { PresenceChange::Went } else { PresenceChange::Came });
            }
        }
    }

    /// Moves a cursor forward, past entries that will not be delivered.
    pub fn advance(&mut self, key: &LogKey, cursor: Seq) {
        self.with(key, |subscription| {
            subscription.cursor = subscription.cursor.max(Some(cursor));
            subscription.subscriber.note_given(cursor);
            subscription.behind = false;
        });
        self.broker.wake(&self.outbound);
    }

    /// Writes frames from history that follow the topic's cursor, as far as there is room; the others are requested
    /// again.
    pub fn offer(&mut self, key: &LogKey, frames: &[Frame]) {
        let mut out = self.outbound.out();
        let Some(index) = out.find(key) else { return };
        let cursor = out.subscriptions[index].cursor.unwrap_or_default();
        out.offer(&self.outbound, index, FrameBatch::of(cursor, frames, usize::MAX));
        drop(out);
        self.broker.wake(&self.outbound);
    }

    /// Ends a subscription; returns false if there was none.
    pub fn unsubscribe(&mut self, key: &LogKey) -> bool {
        let mut out = self.outbound.out();
        let Some(index) = out.find(key) else { return false };
        let subscription = out.subscriptions.swap_remove(index);
        drop(out);
        self.end(&subscription);
        true
    }

    /// Returns the number of subscriptions.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.outbound.out().subscriptions.len()
    }

    /// Sends a frame to this connection alone, after everything that was sent to it so far. It goes out with the next
    /// flush.
    pub fn send_own(&self, frame: &Frame) {
        self.outbound.out().send_own(frame.bytes());
    }

    /// Pauses delivery until [`OutboundConnection::resume`], so that the reply to a subscribe goes out before the first
    /// entry.
    pub fn pause(&self) {
        self.outbound.out().paused = true;
    }

    /// Resumes delivery, and hands the connection to its shard.
    pub fn resume(&self) {
        self.outbound.out().paused = false;
        self.broker.wake(&self.outbound);
    }

    /// Returns the number of pending bytes for this connection alone.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outbound.out().waiting()
    }

    /// Writes up to about 64 KiB of what this connection lacks.
    pub fn flush(&self) -> FlushOutcome {
        self.outbound.flush(&mut BatchCache::default())
    }

    /// Leaves the remaining writes to the shard.
    pub fn hand_over(&self) {
        self.broker.wake(&self.outbound);
    }

    /// Returns the state of the socket's send side.
    #[must_use]
    pub fn state(&self) -> SocketState {
        self.outbound.out().state
    }

    /// Notes that the socket may have room again.
    pub fn unblock(&self) {
        let mut out = self.outbound.out();
        if out.state == SocketState::Blocked {
            out.state = SocketState::Open;
        }
    }

    /// Returns the next subscription that cannot go on, if there is one, the socket has room, and delivery is not
    /// closed.
    pub fn subscription_error(&mut self) -> Option<SubscriptionError> {
        let mut out = self.outbound.out();
        if !out.needs_attention
            || out.state != SocketState::Open
            || out.waiting() > 0
            || self.outbound.is_closed()
        {
            return None;
        }
        let Some(index) = out.subscriptions.iter().position(Subscription::is_stuck) else {
            out.needs_attention = false;
            return None;
        };
        let one = &out.subscriptions[index];
        // The head first: an end is stored before anything later is admitted.
        let (key, cursor, head) = (one.log.key.clone(), one.cursor.unwrap_or_default(), one.log.head());
        let until = one.subscriber.until();
        if cursor < until {
            return Some(SubscriptionError::Behind { key, cursor, until: head.min(until) });
        }
        let subscription = out.subscriptions.swap_remove(index);
        drop(out);
        self.end(&subscription);
        Some(if subscription.subscriber.is_outdated() {
            SubscriptionError::Outdated { key, cursor }
        } else {
            SubscriptionError::Ended { key }
        })
    }

    /// Waits until there is something that only this connection's task can do: a [`SubscriptionError`], a socket that
    /// is full or broken, a close, or a [`WakeHandle::wake`]. Cancel-safe: a wake that nobody waited for is kept.
    pub async fn woken(&self) {
        self.outbound.wake.notified().await;
    }

    fn with<T>(&self, key: &LogKey, change: impl FnOnce(&mut Subscription) -> T) -> Option<T> {
        let mut out = self.outbound.out();
        out.find(key).map(|index| change(&mut out.subscriptions[index]))
    }

    fn end(&self, subscription: &Subscription) {
        self.broker.remove_subscriber(&subscription.log, self.outbound.shard(), subscription.slot);
        if subscription.cursor.is_some() {
            self.note_presence(&subscription.log.key, PresenceChange::Went);
        }
    }

    /// Notes a presence change on a topic; anonymous connections have no presence.
    fn note_presence(&self, key: &LogKey, how: PresenceChange) {
        if let Some(user) = self.outbound.owner() {
            self.broker.note_presence(key, user, how);
        }
    }
}

impl Drop for OutboundConnection {
    fn drop(&mut self) {
        let subscriptions = std::mem::take(&mut self.outbound.out().subscriptions);
        for subscription in &subscriptions {
            self.end(subscription);
        }
    }
}
