//! Read state and typing: delivered and read positions that the viewer's browser sends.

use leptos::prelude::*;
use wire::{Action, Event, Seq, Topic, UserId};

use super::counts::{changes_count, count};
use super::state::{ChatClient, ClientState, PendingRequest, TopicPresence, TypingUser, find};

/// The interval at which typing is sent while somebody keeps typing, in milliseconds.
const TYPING_EVERY: f64 = 3_000.0;
/// The time for which delivered positions are gathered before they are sent, in milliseconds.
const CONFIRM_EVERY: f64 = 1_000.0;

/// Read state, presence and typing of the viewer.
impl ChatClient {
    /// Marks a conversation as read up to a Seq. It is sent if something was unread, or if the read state that others
    /// see is behind.
    pub fn read(&self, topic: &Topic, seq: Seq) {
        let (told, known) = {
            let state = self.state();
            let told = state.told.get(topic).copied().unwrap_or_default();
            let marks = state.timelines.get(topic).map(|timeline| timeline.marks.clone());
            let own = marks.and_then(|marks| {
                marks.with_untracked(|marks| {
                    marks.iter().find(|marks| marks.user == self.me.id).map(|own| own.read)
                })
            });
            (told, told.max(own.unwrap_or_default()))
        };
        // A position sent over this connection is under way; the server sends the count when it has it.
        if seq <= told || (seq <= known && self.unread(topic) == 0) {
            return;
        }
        if self.mark(topic, seq, false) {
            self.state().told.insert(topic.clone(), seq);
        }
    }

    /// Marks a conversation as unread from this message on.
    pub fn unread_from(&self, topic: &Topic, seq: Seq) {
        self.mark(topic, Seq(seq.0.saturating_sub(1)), true);
    }

    /// Returns the number of unread messages of others in a conversation. Tracks.
    #[must_use]
    pub fn unread(&self, topic: &Topic) -> u32 {
        self.mine.with(|mine| find(mine, topic).map_or(0, |mine| mine.unread))
    }

    /// Returns the sum of the unread counts of all conversations, each by its notification level. Tracks.
    #[must_use]
    pub fn unread_for_me(&self) -> u32 {
        self.mine.with(|mine| mine.iter().map(count).fold(0, u32::saturating_add))
    }

    /// Returns true if a user is here, false if they are connected but away, none if they are not connected. Tracks.
    #[must_use]
    pub fn whereabouts(&self, topic: &Topic, user: UserId) -> Option<bool> {
        self.presence.with(|presence| {
            let TopicPresence { here, away } = presence.get(topic)?;
            if here.contains(&user) { Some(true) } else { away.contains(&user).then_some(false) }
        })
    }

    /// Sets whether the viewer is away from this page, and sends it.
    pub fn attend(&self, away: bool) {
        let mut state = self.state();
        let changed = std::mem::replace(&mut state.away, away) != away;
        if changed && state.link.is_open() {
            state.ask(Action::Presence { away }, PendingRequest::Nothing);
        }
    }

    /// Sends that the viewer is typing.
    pub fn typed(&self, topic: &Topic, now: f64) {
        let mut state = self.state();
        if state.link.is_open() && now - state.typed_at >= TYPING_EVERY {
            state.typed_at = now;
            let action = Action::Typing { topic: topic.clone() };
            state.ask(action, PendingRequest::Nothing);
        }
    }

    pub(super) fn mark(&self, topic: &Topic, seq: Seq, back: bool) -> bool {
        let mut state = self.state();
        let is_open = state.link.is_open();
        if is_open {
            state.ask(Action::Read { topic: topic.clone(), seq, back }, PendingRequest::Nothing);
            if !back {
                // A read message counts as delivered.
                state.unconfirmed.remove(topic);
                state.counts.comes(topic);
            }
        }
        is_open
    }

    pub(super) fn typing_ends(&self, ended: impl Fn(&TypingUser) -> bool) {
        if self.typing.with_untracked(|typing| typing.iter().any(&ended)) {
            self.typing.update(|typing| typing.retain(|typing| !ended(typing)));
        }
    }
}

impl ClientState {
    /// Schedules a request for the unread count, if the entry may have changed it.
    pub(super) fn recount(&mut self, topic: &Topic, event: &Event, me: UserId, now: f64) {
        if changes_count(event, me) {
            self.counts.stale(topic, now);
        }
    }

    /// Schedules the acknowledgement that another user's message was delivered, together with those that arrive soon
    /// after.
    pub(super) fn got(&mut self, topic: &Topic, seq: Seq, event: &Event, me: UserId, now: f64) {
        if matches!(event, Event::Message { author, .. } if author.id != me) {
            if self.unconfirmed.is_empty() {
                self.confirm_at = now + CONFIRM_EVERY;
            }
            self.unconfirmed.insert(topic.clone(), seq);
        }
    }
}
