//! Receipts of restricted messages: buffered for a moment, then published to the authors.

use std::collections::{BTreeMap, HashMap};

use wire::{ApplicationId, DeliveryState, LogKey, Receipt, Seq, ServerFrame, Topic, UserId};

use crate::ports::store::MovedReceipt;
use crate::realtime::signals::Signals;

/// The receipts that have moved since the last flush, by the own log of each author. Many recipients of one message are
/// one event.
#[derive(Debug, Default)]
pub(crate) struct ReceiptBuffer {
    moved: HashMap<LogKey, Messages>,
}

/// The recipients of each message that have moved.
type Messages = BTreeMap<(Seq, Topic), BTreeMap<UserId, DeliveryState>>;

/// The most messages of one author in a flush, those sent last: more would evict each other from the broker. An author
/// who misses one can ask.
const MOST: usize = 32;

impl ReceiptBuffer {
    /// Records receipts that have moved and are committed.
    pub(crate) fn add(&mut self, application: ApplicationId, moved: Vec<MovedReceipt>) {
        for MovedReceipt { author, topic, seq, receipt } in moved {
            let messages = self.moved.entry(LogKey::new(application, Topic::user(author))).or_default();
            let states = messages.entry((seq, topic)).or_default();
            let state = states.entry(receipt.user).or_insert(receipt.state);
            *state = receipt.state.max(*state);
            if messages.len() > MOST {
                messages.pop_first();
            }
        }
    }

    /// Publishes all of them, each to the author of the message.
    pub(crate) fn tell(self, signals: &Signals) {
        for (log, messages) in self.moved {
            for ((seq, topic), states) in messages {
                let recipients = states.into_iter().map(|(user, state)| Receipt { user, state }).collect();
                signals.send(&log, &ServerFrame::Receipts { topic, seq, recipients, reference: None });
            }
        }
    }
}
