//! Replies to the actions of a client.

use chat::{Ack, Error, Subscribed};
use serde::Serialize;
use serde_json::Value;
use wire::{Ref, Refused, ServerFrame, Topic};

/// A refusal on the socket: as it is in the frame, with a sentence in English for developers.
#[derive(Serialize)]
struct Explained<'a> {
    event: &'static str,
    #[serde(flatten)]
    refused: &'a Refused,
    message: String,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a Ref>,
}

/// Returns the text of a frame. Refusals get their sentence here, and nowhere before.
pub(crate) fn encode(frame: &ServerFrame) -> String {
    let message = |refused: &Refused| app::english().refusal(refused);
    let explained = match frame {
        ServerFrame::Refused { refused, reference } => serde_json::to_string(&Explained {
            event: "refused",
            refused,
            message: message(refused),
            reference: reference.as_ref(),
        }),
        ServerFrame::Unsubscribed { refused: Some(refused), .. } => {
            serde_json::to_value(frame).map(|mut frame| {
                frame["refused"]["message"] = Value::from(message(refused));
                frame.to_string()
            })
        }
        frame => return frame.encode(),
    };
    explained.unwrap_or_else(|_| frame.encode())
}

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
    ServerFrame::Refused { refused: error.refused(), reference }
}

#[cfg(test)]
mod tests {
    use wire::Refusal;

    use super::*;

    #[test]
    fn a_developer_reads_in_english_why_a_frame_was_refused() {
        let refused = refused(&Refusal::TooFast { retry_ms: 1_500 }.into(), Some(Ref::number(7)));
        assert_eq!(
            encode(&refused),
            r#"{"event":"refused","code":"too_fast","retry_ms":1500,"message":"You're sending too fast. Try again in 2 s.","ref":7}"#
        );
        let large = ServerFrame::Refused { refused: Refused::from(&Refusal::FrameTooLarge), reference: None };
        assert_eq!(
            encode(&large),
            r#"{"event":"refused","code":"frame_too_large","params":{"max":65536},"message":"A frame can have at most 64 KiB."}"#
        );
        let lost = ServerFrame::Unsubscribed {
            topic: Topic::new("a").unwrap(),
            refused: Some(Refused::from(&Refusal::NotMember)),
            reference: None,
        };
        let lost: Value = serde_json::from_str(&encode(&lost)).unwrap();
        assert_eq!(lost["refused"]["code"], "not_member");
        assert_eq!(lost["refused"]["message"], "You're not a member of this group. Join it first.");
        let pong = ServerFrame::Pong { reference: None };
        assert_eq!(encode(&pong), pong.encode());
    }
}
