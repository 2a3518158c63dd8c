//! Pending messages in a timeline: shown before they are committed.

use leptos::prelude::*;
use wire::{Event, Person, RichText, Seq};

use super::outbox::PendingMessage;
use super::row::{Row, message_key};
use super::row_content::{RowContent, RowState};
use super::timeline::Timeline;

/// Rows of messages that the server has not acknowledged yet.
impl Timeline {
    /// Shows a pending message, unless it is already there.
    pub(super) fn add_pending(&self, me: &Person, letter: &PendingMessage) {
        let key = message_key(me, letter.id.as_str());
        let body = RichText::plain(&letter.text);
        let quote = letter.reply_to.clone().map(|quote| self.quote(quote.seq).unwrap_or(quote));
        let mut event = Event::message(me.clone(), letter.text.clone(), body, quote);
        if let Event::Message { attachments, .. } = &mut event {
            attachments.clone_from(&letter.attachments);
        }
        let state = letter.refused.clone().map_or(RowState::Sending, RowState::Failed);
        let content = RowContent { seq: None, at: letter.at, event, state };
        if self.rows.with_untracked(|rows| rows.iter().all(|row| row.key != key)) {
            self.rows.update(|rows| rows.push(Row::new(key, content)));
            self.lead();
        }
    }

    /// Returns true if the row of this message of the viewer is delivered.
    pub(super) fn has_delivered(&self, me: &Person, id: &str) -> bool {
        let key = message_key(me, id);
        self.rows.with_untracked(|rows| rows.iter().any(|row| row.key == key && row.seq().is_some()))
    }

    /// Handles the acknowledgement of the viewer's message. Its entry follows, or has already arrived; if it lies
    /// before the rows on the page, it has no row here.
    pub(super) fn acknowledge(&self, me: &Person, id: &str, seq: Seq) {
        if seq <= self.cursor().seq {
            self.remove_pending(me, id);
        } else {
            self.set_pending(me, id, &RowState::Delivered);
        }
    }

    pub(super) fn set_pending(&self, me: &Person, id: &str, state: &RowState) {
        let key = message_key(me, id);
        self.rows.with_untracked(|rows| {
            for row in rows.iter().filter(|row| row.key == key && row.seq().is_none()) {
                row.content.update(|content| content.state = state.clone());
            }
        });
    }

    pub(super) fn remove_pending(&self, me: &Person, id: &str) {
        let key = message_key(me, id);
        self.rows.update(|rows| rows.retain(|row| row.key != key || row.seq().is_some()));
        self.lead();
    }
}
