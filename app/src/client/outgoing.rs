//! Outgoing messages: send, amend, retry and discard.

use leptos::prelude::*;
use wire::{Action, Amendment, Attachment, NewAttachment, Quote, Refused, SendId, Seq, Timestamp, Topic};

use super::outbox::{Outbox, PendingMessage};
use super::row_content::RowState;
use super::state::{ChatClient, ClientState, PendingRequest, RefusedEdit};
use super::timeline::Timeline;

/// Messages and amendments of the viewer, and their refusals.
impl ChatClient {
    /// Posts a message: shows it at once, and sends it as soon as there is a connection.
    pub fn post(
        &self,
        topic: &Topic,
        id: SendId,
        text: &str,
        reply_to: Option<Quote>,
        attachments: Vec<Attachment>,
        now: f64,
    ) {
        let at = timestamp(now);
        let letter = PendingMessage::new(topic.clone(), id, text.to_owned(), reply_to, attachments, at);
        let mut state = self.state();
        // A posted message ends typing; typing on is sent at once.
        state.typed_at = f64::MIN;
        if let Some(timeline) = state.timelines.get(topic).cloned() {
            timeline.add_pending(&self.me, &letter);
            if timeline.has_newer.get_untracked() {
                // Posting while reading an earlier part goes back to the newest messages.
                state.loads.push(topic.clone());
            }
        }
        state.outbox.add(letter);
    }

    /// Sends an amendment of a message; returns false and does nothing if there is no connection.
    pub fn amend(&self, topic: &Topic, id: SendId, target: Seq, amendment: Amendment) -> bool {
        let mut state = self.state();
        let is_open = state.link.is_open();
        if is_open {
            let edit = match &amendment {
                Amendment::Edit(text) => {
                    Some(RefusedEdit { topic: topic.clone(), target, text: text.clone() })
                }
                _ => None,
            };
            let action = Action::Amend { topic: topic.clone(), id, target, amendment };
            state.ask(action, PendingRequest::Amend(edit));
        }
        is_open
    }

    /// Sends a refused message again.
    pub fn retry(&self, id: &SendId) {
        let mut state = self.state();
        state.outbox.refuse(id, None);
        let topic = state.outbox.get(id).map(|letter| letter.topic.clone());
        if let Some(timeline) = topic.and_then(|topic| state.timelines.get(&topic)) {
            timeline.set_pending(&self.me, id.as_str(), &RowState::Sending);
        }
    }

    /// Returns the text of a message that is not committed yet.
    #[must_use]
    pub fn text_of(&self, id: &SendId) -> Option<String> {
        self.state().outbox.get(id).map(|letter| letter.text.clone())
    }

    /// Discards a refused message.
    pub fn discard(&self, id: &SendId) {
        let mut state = self.state();
        let topic = state.outbox.get(id).map(|letter| letter.topic.clone());
        state.outbox.remove(id);
        if let Some(timeline) = topic.and_then(|topic| state.timelines.get(&topic)) {
            timeline.remove_pending(&self.me, id.as_str());
        }
    }

    pub(super) fn refused(
        &self,
        state: &mut ClientState,
        topic: &Topic,
        id: &SendId,
        refused: Refused,
        now: f64,
    ) {
        // The server asked for a delay: the message is retried without the author, and everything after it waits too.
        if let Some(retry_ms) = refused.retry_ms {
            state.retry_after = now + f64::from(retry_ms);
            state.outbox.refuse(id, None);
            return;
        }
        state.outbox.refuse(id, Some(refused.clone()));
        if let Some(timeline) = state.timelines.get(topic) {
            timeline.set_pending(&self.me, id.as_str(), &RowState::Failed(refused));
        }
    }

    pub(super) fn show_outbox(&self, outbox: &Outbox, timeline: &Timeline) {
        for letter in outbox.of(&timeline.topic()) {
            timeline.add_pending(&self.me, letter);
        }
    }
}

/// Returns a time of the browser's clock, in milliseconds since 1970.
pub(super) const fn timestamp(now: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a browser's clock is far within i64")]
    Timestamp(now as i64)
}

impl ClientState {
    pub(super) fn send_outbox(&mut self, now: f64) {
        for PendingMessage { topic, id, text, reply_to, attachments, .. } in self.outbox.take_unsent(now) {
            let asked = PendingRequest::Post(topic.clone(), id.clone());
            let reply_to = reply_to.map(|quote| quote.seq);
            let attachments =
                attachments.into_iter().map(|file| NewAttachment { id: file.id, alt: file.alt });
            let attachments = attachments.collect();
            self.ask(Action::Post { topic, id, text, reply_to, recipients: None, attachments }, asked);
        }
    }
}
