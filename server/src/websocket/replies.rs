//! Replies to the actions of a client.

use chat::{Ack, Error, Subscribed};
use wire::{Ref, ServerFrame, Topic};

/// Returns the answer to a send.
pub(super) fn sent(sent: Result<Ack, Error>, reference: Option<Ref>) -> ServerFrame {
    match sent {
        Ok(Ack { id, topic, seq, timestamp, duplicate }) => {
            ServerFrame::Ack { id, topic, seq, timestamp, duplicate, reference }
        }
        Err(no) => refused(&no, reference),
    }
}

/// Returns the answers to a subscribe: the acknowledgement, and a reset with its reason if the gap is not replayed.
pub(super) fn subscribed(
    topic: Topic,
    begun: Result<Subscribed, Error>,
    reference: Option<Ref>,
) -> (ServerFrame, Option<ServerFrame>) {
    match begun {
        Ok(Subscribed { cursor, head, begins, reset }) => {
            let reset =
                reset.map(|reason| ServerFrame::Reset { topic: topic.clone(), reason, cursor, begins });
            (ServerFrame::Subscribed { topic, cursor, head, reference }, reset)
        }
        Err(no) => (refused(&no, reference), None),
    }
}

/// Returns the frame of a refusal.
pub(super) fn refused(error: &Error, reference: Option<Ref>) -> ServerFrame {
    ServerFrame::refused(error.refused(), reference)
}
