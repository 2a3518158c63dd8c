use std::collections::{BTreeMap, HashMap};

use tokio::sync::Notify;
use wire::{Topic, UserId};

use crate::broker::Broker;
use crate::sync::{AtomicBool, Mutex, Ordering};
use crate::topic::unpoisoned;

/// Who reads a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Users with a connection that is not idle, in the order of their ids.
    pub here: Vec<UserId>,
    /// Users whose connections are all idle.
    pub away: Vec<UserId>,
}

/// What a user did last on a topic, with one of their connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stir {
    /// Left it, or went away from the connection.
    Went,
    /// Came to it, or came back.
    Came,
}

/// Where presence has changed, until somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Stirred {
    /// Whether anybody will ask.
    watched: AtomicBool,
    topics: Mutex<HashMap<Topic, HashMap<UserId, Stir>>>,
    bell: Notify,
}

/// Presence: who reads a topic is who is there.
impl Broker {
    /// Who reads a topic now and may go on.
    #[must_use]
    pub fn presence(&self, topic: &Topic) -> Presence {
        let Some(log) = self.find(topic) else { return Presence::default() };
        // For each user whether all their connections are idle.
        let mut users = BTreeMap::<UserId, bool>::new();
        log.each(|seat| {
            if let Some(user) = seat.line.owner.filter(|_| seat.reads()) {
                let idle = seat.line.is_idle();
                users.entry(user).and_modify(|all| *all &= idle).or_insert(idle);
            }
        });
        let (away, here): (Vec<_>, Vec<_>) = users.into_iter().partition(|(_, idle)| *idle);
        let ids = |users: Vec<(UserId, bool)>| users.into_iter().map(|(user, _)| user).collect();
        Presence { here: ids(here), away: ids(away) }
    }

    /// From now on changes of presence are noted, one for each topic and user, until [`Broker::take_stirred`].
    pub fn watch_presence(&self) {
        self.stirred.watched.store(true, Ordering::Release);
    }

    /// Notes that the presence on a topic has changed by a user, or shall be told anew.
    pub fn note(&self, topic: &Topic, user: UserId, how: Stir) {
        if !self.stirred.watched.load(Ordering::Acquire) {
            return;
        }
        let mut topics = unpoisoned(&self.stirred.topics);
        topics.entry(topic.clone()).or_default().insert(user, how);
        drop(topics);
        self.stirred.bell.notify_one();
    }

    /// Waits until presence has changed on a topic. Cancel-safe.
    pub async fn stirred(&self) {
        while unpoisoned(&self.stirred.topics).is_empty() {
            self.stirred.bell.notified().await;
        }
    }

    /// Takes the topics where presence has changed since this was asked last.
    #[must_use]
    pub fn take_stirred(&self) -> HashMap<Topic, HashMap<UserId, Stir>> {
        std::mem::take(&mut unpoisoned(&self.stirred.topics))
    }
}
