//! Presence: the users who are subscribed to a topic, here or away.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::Notify;
use wire::{LogKey, UserId};

use crate::log::sync::{AtomicBool, Mutex, Ordering, unpoisoned};

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
    /// True if anybody takes them.
    watched: AtomicBool,
    topics: Mutex<HashMap<LogKey, HashMap<UserId, PresenceChange>>>,
    wake: Notify,
}

impl Presence {
    /// Returns the users of these subscribers: each with a user and whether its connection is idle.
    pub(crate) fn of(subscribers: impl IntoIterator<Item = (UserId, bool)>) -> Self {
        // Per user: whether all their connections are idle.
        let mut users = BTreeMap::<UserId, bool>::new();
        for (user, idle) in subscribers {
            users.entry(user).and_modify(|all| *all &= idle).or_insert(idle);
        }
        let (away, here): (Vec<_>, Vec<_>) = users.into_iter().partition(|(_, idle)| *idle);
        let ids = |users: Vec<(UserId, bool)>| users.into_iter().map(|(user, _)| user).collect();
        Self { here: ids(here), away: ids(away) }
    }
}

impl PresenceChanges {
    /// Starts to note changes.
    pub(crate) fn watch(&self) {
        self.watched.store(true, Ordering::Release);
    }

    /// Notes a change if anybody takes them.
    pub(crate) fn note(&self, key: &LogKey, user: UserId, how: PresenceChange) {
        if !self.watched.load(Ordering::Acquire) {
            return;
        }
        let mut topics = unpoisoned(&self.topics);
        topics.entry(key.clone()).or_default().insert(user, how);
        drop(topics);
        self.wake.notify_one();
    }

    /// Waits for a change. Cancel-safe.
    pub(crate) async fn changed(&self) {
        while unpoisoned(&self.topics).is_empty() {
            self.wake.notified().await;
        }
    }

    /// Takes the changes since the last call.
    pub(crate) fn take(&self) -> HashMap<LogKey, HashMap<UserId, PresenceChange>> {
        std::mem::take(&mut unpoisoned(&self.topics))
    }
}
