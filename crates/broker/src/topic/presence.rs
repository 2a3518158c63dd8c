//! Presence: the users who are subscribed to a topic, here or away.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::Notify;
use wire::{Topic, UserId};

use crate::broker::Broker;
use crate::delivery::sync::{AtomicBool, Mutex, Ordering};
use crate::topic::unpoisoned;

/// The users who are subscribed to a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Users with a connection that is not idle, by id.
    pub here: Vec<UserId>,
    /// Users whose connections are all idle.
    pub away: Vec<UserId>,
}

/// A user's last change of presence on a topic, by one of their connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceChange {
    /// Unsubscribed, or went away.
    Went,
    /// Subscribed, or came back.
    Came,
}

/// The presence changes that were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct PresenceChanges {
    /// Whether anybody takes them.
    watched: AtomicBool,
    topics: Mutex<HashMap<Topic, HashMap<UserId, PresenceChange>>>,
    wake: Notify,
}

/// The users who listen to a topic, and changes of that.
impl Broker {
    /// Returns the users with an active subscription to a topic.
    #[must_use]
    pub fn presence(&self, topic: &Topic) -> Presence {
        let Some(log) = self.find(topic) else { return Presence::default() };
        // Per user: whether all their connections are idle.
        let mut users = BTreeMap::<UserId, bool>::new();
        log.for_each_subscriber(|subscriber| {
            if let Some(user) = subscriber.outbound.owner.filter(|_| subscriber.reads()) {
                let idle = subscriber.outbound.is_idle();
                users.entry(user).and_modify(|all| *all &= idle).or_insert(idle);
            }
        });
        let (away, here): (Vec<_>, Vec<_>) = users.into_iter().partition(|(_, idle)| *idle);
        let ids = |users: Vec<(UserId, bool)>| users.into_iter().map(|(user, _)| user).collect();
        Presence { here: ids(here), away: ids(away) }
    }

    /// Starts to note presence changes, one for each topic and user, until [`Broker::take_presence_changes`].
    pub fn watch_presence(&self) {
        self.presence_changes.watched.store(true, Ordering::Release);
    }

    /// Notes a user's presence change on a topic, or that it must be sent anew.
    pub fn note_presence(&self, topic: &Topic, user: UserId, how: PresenceChange) {
        if !self.presence_changes.watched.load(Ordering::Acquire) {
            return;
        }
        let mut topics = unpoisoned(&self.presence_changes.topics);
        topics.entry(topic.clone()).or_default().insert(user, how);
        drop(topics);
        self.presence_changes.wake.notify_one();
    }

    /// Waits for a presence change. Cancel-safe.
    pub async fn presence_changed(&self) {
        while unpoisoned(&self.presence_changes.topics).is_empty() {
            self.presence_changes.wake.notified().await;
        }
    }

    /// Takes the presence changes since the last call.
    #[must_use]
    pub fn take_presence_changes(&self) -> HashMap<Topic, HashMap<UserId, PresenceChange>> {
        std::mem::take(&mut unpoisoned(&self.presence_changes.topics))
    }
}
