//! Read states in memory.

use wire::{ReadState, Topic};

use super::state::ApplicationState;
use crate::ports::store::{ReadStateOutcome, ReadStateWrite};

/// The marks of members.
impl ApplicationState {
    pub(super) fn write_read_state(&mut self, write: ReadStateWrite) -> ReadStateOutcome {
        let mut outcome = ReadStateOutcome::default();
        match write {
            ReadStateWrite::SetRead { conversation, user, seq, back } => {
                let topic = Topic::of(conversation);
                let head = self.head(&topic);
                if let Some(view) = self.view_mut(conversation, user) {
                    let (place, before) = (seq.min(head), view.seen);
                    view.read = if back { place } else { place.max(view.read) };
                    if !back {
                        view.seen = view.seen.max(place);
                        view.delivered = view.delivered.max(place);
                        outcome.receipts = self.read_copies(&topic, user, before, place);
                    }
                }
            }
            ReadStateWrite::SetDelivered { marks } => {
                for (conversation, user, seq) in marks {
                    let place = seq.min(self.head(&Topic::of(conversation)));
                    let Some(view) = self.view_mut(conversation, user) else { continue };
                    if place <= view.delivered {
                        continue;
                    }
                    view.delivered = place;
                    let marks = ReadState { user, delivered: place, read: view.seen };
                    if !self.is_blocked(conversation) {
                        outcome.states.push((conversation, marks));
                    }
                }
            }
            ReadStateWrite::SetOwnDelivered { marks } => {
                let moved = marks.into_iter().flat_map(|(user, seq)| self.deliver_copies(user, seq));
                outcome.receipts = moved.collect();
            }
        }
        outcome
    }
}
