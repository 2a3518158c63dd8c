//! The records of restricted messages in memory: what the log of a group does not have.

use std::collections::{BTreeMap, HashMap};

use wire::{DeliveryState, Entry, Json, SendId, Seq, Timestamp, Topic, UserId};

use crate::ports::store::{Mentions, Restricted, Unread};
use crate::rules::{Audience, Viewer};

/// A restricted message or change: what is not in the log of its group.
#[derive(Clone)]
pub(super) struct StoredRestricted {
    pub(super) author: UserId,
    pub(super) id: SendId,
    pub(super) at: Timestamp,
    pub(super) data: Json,
    pub(super) about: Option<Seq>,
    pub(super) is_row: bool,
    /// The readers, the author first.
    pub(super) readers: Vec<StoredReader>,
}

/// A reader of a restricted message.
#[derive(Clone)]
pub(super) struct StoredReader {
    pub(super) user: UserId,
    /// The place of the copy in their own log.
    pub(super) copy: Seq,
    /// True if it counts as unread for them, and if it mentions them.
    pub(super) counts: bool,
    pub(super) mentions: bool,
}

/// The restricted messages of an application.
#[derive(Clone, Default)]
pub(super) struct RestrictedMessages {
    pub(super) contents: HashMap<Topic, BTreeMap<Seq, StoredRestricted>>,
    /// The copies of each user, by their places in the user's own log.
    pub(super) copies: HashMap<UserId, BTreeMap<Seq, (Topic, Seq)>>,
    /// The last Seq of each user's own log that one of their devices has.
    pub(super) delivered: HashMap<UserId, Seq>,
}

impl StoredRestricted {
    pub(super) fn audience(&self) -> Audience {
        Audience::of(self.readers.iter().map(|reader| reader.user).collect())
    }

    pub(super) fn reader(&self, user: UserId) -> Option<&StoredReader> {
        self.readers.iter().find(|reader| reader.user == user)
    }

    pub(super) fn bytes(&self) -> usize {
        self.data.as_str().len() + 100 * (1 + self.readers.len())
    }

    pub(super) fn entry(&self, topic: &Topic, seq: Seq) -> Entry<Json> {
        let (id, data) = (self.id.clone(), self.data.clone());
        Entry { id, topic: topic.clone(), seq, data, timestamp: self.at }
    }
}

impl RestrictedMessages {
    pub(super) fn find(&self, topic: &Topic, seq: Seq) -> Option<&StoredRestricted> {
        self.contents.get(topic)?.get(&seq)
    }

    /// Returns a restricted message as it is now.
    pub(super) fn at(&self, topic: &Topic, seq: Seq) -> Option<Restricted> {
        let stored = self.find(topic, seq)?;
        let mentioned = stored.readers.iter().filter(|reader| reader.mentions);
        let people = mentioned.map(|reader| reader.user).collect();
        let mentions = Mentions { people, everyone: false };
        Some(Restricted { entry: stored.entry(topic, seq), mentions, audience: stored.audience() })
    }

    /// Returns the rows that a viewer has in place of placeholders.
    pub(super) fn rows(&self, topic: &Topic, viewer: Option<UserId>) -> BTreeMap<Seq, Entry<Json>> {
        let Some(viewer) = viewer.map(Viewer::User) else { return BTreeMap::new() };
        let all = self.contents.get(topic).into_iter().flatten();
        let rows = all.filter(|(_, stored)| stored.is_row && stored.audience().admits(viewer));
        rows.map(|(seq, stored)| (*seq, stored.entry(topic, *seq))).collect()
    }

    /// Counts the messages after a Seq that are unread for a user.
    pub(super) fn unread(&self, topic: &Topic, user: UserId, after: Seq) -> Unread {
        let later = self.contents.get(topic).into_iter().flat_map(|all| all.range(after.next()..));
        let unread = later.filter_map(|(_, stored)| stored.reader(user)).filter(|reader| reader.counts);
        unread.fold(Unread::default(), |count, reader| Unread {
            messages: count.messages + 1,
            mentions: count.mentions + u32::from(reader.mentions),
        })
    }

    /// Returns the last Seq of a user's own log that one of their devices has.
    pub(super) fn delivered(&self, user: UserId) -> Seq {
        self.delivered.get(&user).copied().unwrap_or_default()
    }

    /// Forgets the content at a place of a log; returns its weight.
    pub(super) fn forget(&mut self, topic: &Topic, seq: Seq) -> usize {
        if let wire::TopicKind::User(user) = topic.kind()
            && let Some(copies) = self.copies.get_mut(&user)
        {
            copies.remove(&seq);
        }
        let Some(stored) = self.contents.get_mut(topic).and_then(|all| all.remove(&seq)) else { return 0 };
        for reader in &stored.readers {
            if let Some(copies) = self.copies.get_mut(&reader.user) {
                copies.remove(&reader.copy);
            }
        }
        stored.bytes()
    }

    /// Returns how far a reader is with a message, given the last Seq of the group that they have read.
    pub(super) fn state(&self, reader: &StoredReader, read: Option<Seq>, seq: Seq) -> DeliveryState {
        match read {
            _ if self.delivered(reader.user) < reader.copy => DeliveryState::Sent,
            Some(read) if read >= seq => DeliveryState::Read,
            _ => DeliveryState::Delivered,
        }
    }
}
