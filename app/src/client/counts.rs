//! Unread counts: schedules requests for the server's numbers.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use wire::{ConversationItem, Event, NotificationLevel, Topic, UserId};

use super::state::ChatClient;

/// The schedule of requests for unread counts. They are the server's numbers: the browser does not count, it records
/// the conversations to ask about. A burst of entries makes one request, and there is at most one per second and
/// conversation.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The time of the next request, by conversation.
    due: HashMap<Topic, f64>,
    /// The time of the last request, by conversation.
    asked: HashMap<Topic, f64>,
    /// The conversations whose count arrived while the list was loading: the list may be older.
    since_load: HashSet<Topic>,
    loading: bool,
}

/// The time for which entries are gathered before a request, in milliseconds. A page that is being looked at reads
/// them meanwhile, and then the count arrives without a request.
const GATHER: f64 = 50.0;
/// The shortest interval between two requests for one conversation, in milliseconds.
const EVERY: f64 = 1_000.0;

impl Counts {
    /// Schedules a request: the count of a conversation may have changed.
    pub(super) fn stale(&mut self, topic: &Topic, now: f64) {
        let asked = self.asked.get(topic).copied().unwrap_or(f64::MIN);
        self.due.entry(topic.clone()).or_insert((now + GATHER).max(asked + EVERY));
        self.note(topic);
    }

    /// Records a count that the server sent.
    pub(super) fn told(&mut self, topic: &Topic) {
        self.note(topic);
    }

    /// Cancels the request: the server sends the count without one, as the reply to a read position.
    pub(super) fn comes(&mut self, topic: &Topic) {
        self.due.remove(topic);
    }

    /// Returns the conversations to ask about now, and counts them as asked.
    pub(super) fn take_due(&mut self, now: f64) -> Vec<Topic> {
        let mut due: Vec<Topic> =
            self.due.iter().filter(|(_, at)| **at <= now).map(|(topic, _)| topic.clone()).collect();
        due.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        for topic in &due {
            self.due.remove(topic);
            self.asked.insert(topic.clone(), now);
        }
        due
    }

    /// Returns the time of the next request.
    pub(super) fn next_at(&self) -> Option<f64> {
        self.due.values().copied().reduce(f64::min)
    }

    /// Records that the list of conversations is being loaded.
    pub(super) fn load_begins(&mut self) {
        self.loading = true;
        self.since_load.clear();
    }

    /// Handles the loaded list, whose counts may be from any moment of the load: schedules a request for each
    /// conversation that changed since.
    pub(super) fn loaded(&mut self, now: f64) {
        self.loading = false;
        for topic in std::mem::take(&mut self.since_load) {
            self.stale(&topic, now);
        }
    }

    fn note(&mut self, topic: &Topic) {
        if self.loading {
            self.since_load.insert(topic.clone());
        }
    }
}

/// Returns the unread count of a conversation by its notification level; a hidden one counts only mentions.
#[must_use]
pub fn count(mine: &ConversationItem) -> u32 {
    match mine.notify {
        NotificationLevel::All if !mine.hidden => mine.unread,
        NotificationLevel::All | NotificationLevel::Mentions => mine.mentions,
        NotificationLevel::Nothing => 0,
    }
}

impl ChatClient {
    /// Returns the sum of these counts over all conversations. Tracks.
    #[must_use]
    pub fn unread_for_me(&self) -> u32 {
        self.mine.with(|mine| mine.iter().map(count).fold(0, u32::saturating_add))
    }
}

/// Returns true if an entry can change a user's unread count.
pub(super) fn changes_count(event: &Event, me: UserId) -> bool {
    match event {
        Event::Message { author, .. } => author.id != me,
        Event::Edited { .. } | Event::Deleted { .. } => true,
        _ => false,
    }
}
