use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Notify;
use wire::{Seq, Topic, UserId};

use crate::topic::{NEVER, Peer, Seat, TopicLog, unpoisoned};

/// Maps topics to those who read them. One for each node, shared by all its connections.
#[derive(Debug)]
pub struct Broker {
    topics: Mutex<HashMap<Topic, Arc<TopicLog>>>,
    /// The next number of a subscription, unique in this process.
    next: AtomicU64,
    log_bytes: usize,
    /// Whether anybody asks for changes of audiences.
    watched: AtomicBool,
    /// Topics whose audience changed since somebody asked, and by whom.
    stirred: Mutex<HashMap<Topic, HashMap<UserId, Stir>>>,
    stir: Notify,
}

/// What a user did last on a topic, with one of their connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stir {
    /// Left it, or went away from the connection.
    Went,
    /// Came to it, or came back.
    Came,
}

/// Who reads a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Users with a connection that is not idle, in the order of their ids.
    pub here: Vec<UserId>,
    /// Users whose connections are all idle.
    pub away: Vec<UserId>,
}

/// Which subscriptions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Those of one user.
    Of(UserId),
    /// All of them.
    All,
}

impl Broker {
    /// A broker whose topics keep at most `log_bytes` of frames each.
    #[must_use]
    pub fn new(log_bytes: usize) -> Self {
        Self {
            topics: Mutex::default(),
            next: AtomicU64::new(1),
            log_bytes,
            watched: AtomicBool::new(false),
            stirred: Mutex::default(),
            stir: Notify::new(),
        }
    }

    /// Appends the entry at `seq` to the topic's log and wakes its readers. `frame` is called only if anyone
    /// reads the topic. Publish in Seq order: a place at or before the head is passed over, and a leap sends
    /// the readers to history. Never waits for a reader.
    pub fn publish(&self, topic: &Topic, seq: Seq, frame: impl FnOnce() -> Bytes) {
        if let Some(log) = self.find(topic) {
            let frame = frame();
            log.change(|log| log.append(seq, frame));
        }
    }

    /// Tells those who read the topic now something in passing: it has no place, is in no history, and a reader
    /// that is far behind may miss it.
    pub fn signal(&self, topic: &Topic, frame: impl FnOnce() -> Bytes) {
        if let Some(log) = self.find(topic) {
            log.signal(frame());
        }
    }

    /// Learns that the topic has entries up to `head`, which other nodes wrote: readers that lack them are
    /// sent to history.
    pub fn raise(&self, topic: &Topic, head: Seq) {
        if let Some(log) = self.find(topic).filter(|log| head > log.head()) {
            log.change(|log| log.raise(head));
        }
    }

    /// Ends subscriptions of a topic: their readers still get what stands at or before `after`, and nothing
    /// later. Call it before anything later is published.
    pub fn end(&self, topic: &Topic, ended: Ended, after: Seq) {
        let Some(log) = self.find(topic) else { return };
        for seat in log.seats().values() {
            let hit = match ended {
                Ended::Of(user) => seat.peer.owner == Some(user),
                Ended::All => true,
            };
            if hit {
                seat.until.fetch_min(after.0, Ordering::AcqRel);
                seat.peer.bell.notify_one();
            }
        }
    }

    /// Who reads a topic now and may go on.
    #[must_use]
    pub fn audience(&self, topic: &Topic) -> Audience {
        let Some(log) = self.find(topic) else { return Audience::default() };
        // For each user whether all their connections are idle.
        let mut users = BTreeMap::<UserId, bool>::new();
        for seat in log.seats().values().filter(|seat| seat.reads) {
            if let Some(user) = seat.peer.owner.filter(|_| seat.until.load(Ordering::Acquire) == NEVER) {
                let idle = seat.peer.idle.load(Ordering::Acquire);
                users.entry(user).and_modify(|all| *all &= idle).or_insert(idle);
            }
        }
        let (away, here): (Vec<_>, Vec<_>) = users.into_iter().partition(|(_, idle)| *idle);
        let ids = |users: Vec<(UserId, bool)>| users.into_iter().map(|(user, _)| user).collect();
        Audience { here: ids(here), away: ids(away) }
    }

    /// From now on changes of audiences are noted, one for each topic and user, until [`Broker::take_stirred`].
    pub fn watch_audiences(&self) {
        self.watched.store(true, Ordering::Release);
    }

    /// Notes that the audience of a topic has changed by a user, or shall be told anew.
    pub fn note(&self, topic: &Topic, user: UserId, how: Stir) {
        if !self.watched.load(Ordering::Acquire) {
            return;
        }
        let mut stirred = unpoisoned(&self.stirred);
        stirred.entry(topic.clone()).or_default().insert(user, how);
        drop(stirred);
        self.stir.notify_one();
    }

    /// Waits until the audience of a topic has changed. Cancel-safe.
    pub async fn stirred(&self) {
        while unpoisoned(&self.stirred).is_empty() {
            self.stir.notified().await;
        }
    }

    /// Takes the topics whose audience changed since this was asked last.
    #[must_use]
    pub fn take_stirred(&self) -> HashMap<Topic, HashMap<UserId, Stir>> {
        std::mem::take(&mut unpoisoned(&self.stirred))
    }

    /// How many topics have a reader.
    #[must_use]
    pub fn topics(&self) -> usize {
        unpoisoned(&self.topics).len()
    }

    pub(crate) fn find(&self, topic: &Topic) -> Option<Arc<TopicLog>> {
        unpoisoned(&self.topics).get(topic).cloned()
    }

    /// Adds a reader to a topic; gives its number there, the topic, and the shared end of its reading.
    pub(crate) fn sit(&self, topic: &Topic, peer: Arc<Peer>) -> (u64, Arc<TopicLog>, Arc<AtomicU64>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let until = Arc::new(AtomicU64::new(NEVER));
        let seat = Seat { peer, until: Arc::clone(&until), reads: false };
        // Under the map's lock, so that a topic is never dropped between being found and being read.
        let mut topics = unpoisoned(&self.topics);
        let log = topics
            .entry(topic.clone())
            .or_insert_with(|| Arc::new(TopicLog::empty(HashMap::new(), self.log_bytes)));
        log.seats().insert(number, seat);
        (number, Arc::clone(log), until)
    }

    /// Takes a reader off a topic. A topic that nobody reads costs nothing: its log goes too.
    pub(crate) fn stand(&self, topic: &Topic, number: u64) {
        let mut topics = unpoisoned(&self.topics);
        let Some(log) = topics.get(topic) else { return };
        let mut seats = log.seats();
        seats.remove(&number);
        let empty = seats.is_empty();
        drop(seats);
        if empty {
            topics.remove(topic);
        }
    }
}
