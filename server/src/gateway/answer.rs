use chat::{Ack, No, Subscribed};
use wire::{Notice, Ref, Refusal, Refused, Topic};

/// The answer to a send.
pub(super) fn sent(sent: Result<Ack, No>, reference: Option<Ref>) -> Notice {
    match sent {
        Ok(Ack { id, topic, seq, timestamp, duplicate }) => {
            Notice::Ack { id, topic, seq, timestamp, duplicate, reference }
        }
        Err(no) => refused(&no.outside(), reference),
    }
}

/// The answers to a subscribe: that it has begun, and if the gap is not replayed, why.
pub(super) fn subscribed(
    topic: Topic,
    begun: Result<Subscribed, No>,
    reference: Option<Ref>,
) -> (Notice, Option<Notice>) {
    match begun {
        Ok(Subscribed { cursor, head, begins, reset }) => {
            let reset = reset.map(|reason| Notice::Reset { topic: topic.clone(), reason, cursor, begins });
            (Notice::Subscribed { topic, cursor, head, reference }, reset)
        }
        Err(no) => (refused(&no.outside(), reference), None),
    }
}

/// A no.
pub(super) fn refused(refusal: &Refusal, reference: Option<Ref>) -> Notice {
    Notice::refused(Refused::from(refusal), reference)
}
