use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use wire::{Seq, Topic, UserId};

use crate::broker::{Broker, Stir};
use crate::log::Read;
use crate::topic::{NEVER, Peer, TopicLog};

/// One connection's subscriptions: a cursor for each topic, and one bell for all of them.
#[derive(Debug)]
pub struct Reader {
    broker: Arc<Broker>,
    peer: Arc<Peer>,
    subscriptions: HashMap<Topic, Subscription>,
}

#[derive(Debug)]
struct Subscription {
    number: u64,
    log: Arc<TopicLog>,
    /// The last place this reader may be given.
    until: Arc<AtomicU64>,
    /// The last place it was given; none before [`Reader::start`].
    cursor: Option<Seq>,
    /// How far it has heard what is told in passing.
    heard: Seq,
}

/// What [`Reader::drain`] found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Subscriptions that cannot go on from the log; each needs an answer.
    pub setbacks: Vec<Setback>,
    /// Whether there is more than was taken.
    pub more: bool,
}

/// Why a subscription cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setback {
    /// The log no longer has what comes after the cursor: fetch it from history, then [`Reader::advance`].
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

impl Reader {
    /// A reader without subscriptions. [`Broker::end`] finds it by its owner.
    #[must_use]
    pub fn new(broker: Arc<Broker>, owner: Option<UserId>) -> Self {
        let peer = Arc::new(Peer { owner, ..Peer::default() });
        Self { broker, peer, subscriptions: HashMap::new() }
    }

    /// Reserves a place in a topic without reading yet. Everything published, and every end, from now on
    /// counts for it; so check the right to read and look up the head *after* this, then [`Reader::start`].
    /// Gives false if the topic was subscribed already; then nothing changes.
    pub fn attach(&mut self, topic: &Topic) -> bool {
        if self.subscriptions.contains_key(topic) {
            return false;
        }
        let (number, log, until) = self.broker.sit(topic, Arc::clone(&self.peer));
        let heard = log.signal_head();
        self.subscriptions.insert(topic.clone(), Subscription { number, log, until, cursor: None, heard });
        true
    }

    /// Begins reading after `cursor`. `head` is what the store knew after [`Reader::attach`].
    pub fn start(&mut self, topic: &Topic, cursor: Seq, head: Seq) {
        if let Some(subscription) = self.subscriptions.get_mut(topic) {
            if head > subscription.log.head() {
                subscription.log.change(|log| log.raise(head));
            }
            subscription.cursor = Some(cursor);
            subscription.log.begin(subscription.number);
            self.peer.bell.notify_one();
            self.stir(topic, Stir::Came);
        }
    }

    /// Says whether somebody sits before this connection now; at first somebody does.
    pub fn set_idle(&self, idle: bool) {
        if self.peer.idle.swap(idle, Ordering::AcqRel) != idle {
            for topic in self.subscriptions.keys() {
                self.stir(topic, if idle { Stir::Went } else { Stir::Came });
            }
        }
    }

    /// Moves a cursor forward to what was fetched from history.
    pub fn advance(&mut self, topic: &Topic, cursor: Seq) {
        if let Some(subscription) = self.subscriptions.get_mut(topic) {
            subscription.cursor = subscription.cursor.max(Some(cursor));
            self.peer.bell.notify_one();
        }
    }

    /// Ends a subscription; false if there was none.
    pub fn detach(&mut self, topic: &Topic) -> bool {
        let Some(subscription) = self.subscriptions.remove(topic) else { return false };
        self.broker.stand(topic, subscription.number);
        if subscription.cursor.is_some() {
            self.stir(topic, Stir::Went);
        }
        true
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// Hands out everything this connection lacks, each topic in Seq order, about `max_bytes` at a time.
    pub fn drain(&mut self, max_bytes: usize, into: &mut Vec<Bytes>) -> Drained {
        let mut drained = Drained::default();
        let mut ended = Vec::new();
        let mut room = max_bytes;
        for (topic, subscription) in &mut self.subscriptions {
            let Some(cursor) = subscription.cursor else { continue };
            let until = Seq(subscription.until.load(Ordering::Acquire));
            if cursor >= until {
                ended.push(topic.clone());
                continue;
            }
            if until.0 == NEVER {
                subscription.hear(into);
            }
            let head = subscription.log.head().min(until);
            if cursor >= head {
                continue;
            }
            if room == 0 {
                drained.more = true;
                continue;
            }
            let before = into.len();
            let log = subscription.log.log();
            // Looked at again with the log in hand: an end is noted before anything later joins the log, so whoever
            // sees the later entries sees the end as well.
            let until = Seq(subscription.until.load(Ordering::Acquire));
            let head = log.head().min(until);
            let read = log.read(cursor, until, room, into);
            drop(log);
            match read {
                Read::UpToDate => {}
                Read::Frames(now) => {
                    subscription.cursor = Some(now);
                    let taken: usize = into[before..].iter().map(Bytes::len).sum();
                    room = room.saturating_sub(taken);
                    drained.more |= now < head || now >= until;
                }
                Read::Behind => {
                    drained.setbacks.push(Setback::Behind { topic: topic.clone(), cursor, until: head });
                }
            }
        }
        for topic in ended {
            self.detach(&topic);
            drained.setbacks.push(Setback::Ended { topic });
        }
        drained
    }

    /// Waits until there may be something to drain. Cancel-safe: a bell that rang stays rung.
    pub async fn changed(&self) {
        self.peer.bell.notified().await;
    }

    /// Notes that the audience of a topic has changed; whoever reads without a name is not seen.
    fn stir(&self, topic: &Topic, how: Stir) {
        if let Some(user) = self.peer.owner {
            self.broker.note(topic, user, how);
        }
    }
}

impl Subscription {
    /// Takes what was told in passing; what is no longer kept is lost, and nothing else.
    fn hear(&mut self, into: &mut Vec<Bytes>) {
        let head = self.log.signal_head();
        if self.heard < head {
            let signals = self.log.signals();
            let _ = signals.read(self.heard.max(signals.before_first()), head, usize::MAX, into);
            self.heard = head;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for (topic, subscription) in std::mem::take(&mut self.subscriptions) {
            self.broker.stand(&topic, subscription.number);
            if subscription.cursor.is_some() {
                self.stir(&topic, Stir::Went);
            }
        }
    }
}
