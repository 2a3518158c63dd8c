//! Deliveries of events to outgoing webhooks.

use serde_json::{Value, json};
use wire::{ApplicationId, Epoch, Json, Seq, Timestamp, Topic, WebhookId};

use super::{JobId, JobKind, NewJob, Webhook, WebhookEvent};
use crate::ports::position::Position;

/// The arguments of a job that delivers an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryArguments {
    /// The webhook.
    pub webhook: WebhookId,
    /// The type of the event.
    pub event: WebhookEvent,
    /// The log of its entry.
    pub topic: Topic,
    /// The place of the entry there.
    pub seq: Seq,
    /// The epoch of the log when it was planned.
    pub epoch: Epoch,
    /// The position of the entry; 0 for a delivery that was asked for alone.
    pub position: Position,
    /// The time of the event.
    pub at: Timestamp,
}

/// A delivery that was attempted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The job, whose number is the id of the delivery.
    pub job: JobId,
    /// The event.
    pub arguments: DeliveryArguments,
    /// The number of the last attempt.
    pub attempt: u32,
    /// Its state after the last attempt.
    pub state: DeliveryState,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The duration of the last attempt in milliseconds.
    pub millis: u32,
    /// The reason for the failure, or the beginning of the answer.
    pub answer: String,
    /// The time of the last attempt.
    pub at: Timestamp,
}

/// The state of a delivery that was attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// The receiver has taken it.
    Delivered,
    /// It failed, and is tried again.
    Failed,
    /// It failed, and is not tried again.
    Dead,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::Dead];

    /// Returns the name, as the store has it and the API shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// Returns the state with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl DeliveryArguments {
    /// Returns the job that delivers the event, after those of the same webhook and log.
    #[must_use]
    pub fn job(&self, application: ApplicationId, run_at: Timestamp) -> NewJob {
        NewJob {
            application,
            kind: JobKind::DeliverWebhook,
            lane: format!("{}{}", Webhook::lanes(self.webhook), self.topic),
            key: None,
            arguments: self.to_json(),
            run_at,
        }
    }

    /// Returns them as the store has them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let Self { webhook, event, topic, seq, epoch, position, at } = self;
        Json::of(&json!({
            "webhook": webhook, "event": event.as_str(), "topic": topic, "seq": seq.0,
            "epoch": epoch.to_string(), "position": position.0, "at": at.0,
        }))
    }

    /// Reads the arguments of a job; none if they are those of another kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Value = serde_json::from_str(text).ok()?;
        Some(Self {
            webhook: fields["webhook"].as_str()?.parse().ok()?,
            event: WebhookEvent::parse(fields["event"].as_str()?)?,
            topic: Topic::new(fields["topic"].as_str()?).ok()?,
            seq: Seq(fields["seq"].as_u64()?),
            epoch: fields["epoch"].as_str()?.parse().ok()?,
            position: Position(fields["position"].as_u64()?),
            at: Timestamp(fields["at"].as_i64()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_states_read_back() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
        }
        assert_eq!(DeliveryState::parse("lost"), None);
    }

    #[test]
    fn the_arguments_of_a_delivery_read_back_from_its_job() {
        let webhook = WebhookId::from_bytes([3; 10]);
        let topic = Topic::group(wire::GroupId::from_bytes([4; 10]));
        let arguments = DeliveryArguments {
            webhook,
            event: WebhookEvent::MemberLeft,
            topic: topic.clone(),
            seq: Seq(5),
            epoch: Epoch(u64::MAX),
            position: Position(6),
            at: Timestamp(-9),
        };
        let job = arguments.job(ApplicationId(7), Timestamp(8));
        assert_eq!(DeliveryArguments::parse(job.arguments.as_str()), Some(arguments));
        assert!(job.lane.starts_with(&Webhook::lanes(webhook)) && job.lane.ends_with(topic.as_str()));
        assert!(job.lane < Webhook::after_lanes(webhook) && job.lane >= Webhook::lanes(webhook));
        assert_eq!(DeliveryArguments::parse("{}"), None);
    }
}
