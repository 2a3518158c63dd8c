use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use wire::{ConversationItem, Event, NotificationLevel, Topic, UserId};

use super::state::ChatClient;

/// Unread counts are the server's numbers: the browser counts nothing by itself, it notes for which conversations
/// it has to ask. A burst of entries is one question, and nobody asks more than once a second.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// When to ask, by conversation.
    due: HashMap<Topic, f64>,
    /// When it was asked last.
    asked: HashMap<Topic, f64>,
    /// What was counted while the list of conversations was being loaded: that list may be older.
    since_load: HashSet<Topic>,
    loading: bool,
}

/// How long entries are gathered, in milliseconds, before the server is asked. A page that is looked at reads them
/// meanwhile, and then the answer comes without a question.
const GATHER: f64 = 50.0;
/// The shortest time, in milliseconds, between two questions for one conversation.
const EVERY: f64 = 1_000.0;

impl Counts {
    /// The count of a conversation may have changed.
    pub(super) fn stale(&mut self, topic: &Topic, now: f64) {
        let asked = self.asked.get(topic).copied().unwrap_or(f64::MIN);
        self.due.entry(topic.clone()).or_insert((now + GATHER).max(asked + EVERY));
        self.note(topic);
    }

    /// The server has said a count.
    pub(super) fn told(&mut self, topic: &Topic) {
        self.note(topic);
    }

    /// The server says the count by itself, as the answer to a mark.
    pub(super) fn comes(&mut self, topic: &Topic) {
        self.due.remove(topic);
    }

    /// The conversations to ask for now; asking is doing.
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

    /// When to ask next.
    pub(super) fn next_at(&self) -> Option<f64> {
        self.due.values().copied().reduce(f64::min)
    }

    /// The list of conversations is being loaded.
    pub(super) fn load_begins(&mut self) {
        self.loading = true;
        self.since_load.clear();
    }

    /// The list has come, with every count as it was at some moment of the load: what has moved since is asked for.
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

/// How many messages of a conversation the viewer wants to be told of. What is hidden shows only what mentions them.
#[must_use]
pub fn count(mine: &ConversationItem) -> u32 {
    match mine.notify {
        NotificationLevel::All if !mine.hidden => mine.unread,
        NotificationLevel::All | NotificationLevel::Mentions => mine.mentions,
        NotificationLevel::Nothing => 0,
    }
}

impl ChatClient {
    /// How many messages the viewer wants to be told of, in all conversations. Tracks.
    #[must_use]
    pub fn unread_for_me(&self) -> u32 {
        self.mine.with(|mine| mine.iter().map(count).fold(0, u32::saturating_add))
    }
}

/// Whether an entry can change how much is unread for somebody.
pub(super) fn changes_count(event: &Event, me: UserId) -> bool {
    match event {
        Event::Message { author, .. } => author.id != me,
        Event::Edited { .. } | Event::Deleted { .. } => true,
        _ => false,
    }
}
