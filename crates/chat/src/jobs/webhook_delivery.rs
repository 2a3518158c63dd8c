//! The delivery of one event to an outgoing webhook: an attempt, and what follows from its result.

use wire::{AuditEvent, Json, Timestamp, Topic, UserId, WebhookChange};

use super::backoff::{self, LONGEST_MS};
use super::ended::Ended;
use crate::chat::Chat;
use crate::ports::store::{
    Delivery, DeliveryArguments, DeliveryState, Job, JobEnd, Webhook, WebhookState, WebhookWrite, WithAudit,
    Write,
};
use crate::service::error::Error;
use crate::service::webhook_posts::Posted;

/// The attempts after which an event that the receiver refuses is given up, so that it holds its conversation back for
/// half an hour and not for three days.
const REFUSED_ATTEMPTS: u32 = 4;
/// The time of failure after which a webhook stops, in milliseconds.
const FAILING_MS: i64 = 5 * 24 * 60 * 60 * 1_000;

/// Attempts to deliver an event. Nothing is sent if the webhook has been deleted or is not active.
pub(super) async fn deliver(chat: &Chat, job: &Job) -> Result<Ended, Error> {
    let Some(arguments) = DeliveryArguments::parse(job.arguments.as_str()) else {
        return Ok(JobEnd::Done.into());
    };
    let Some((webhook, author)) = chat.webhook_to_call(job.application, arguments.webhook).await? else {
        return Ok(JobEnd::Done.into());
    };
    let posted = chat.post_event(job.application, &webhook, &arguments).await?;
    let [jitter] = chat.random();
    let now = chat.monotonic.now();
    let Ended { end, then } = conclude(job, arguments, &webhook, &posted, now, jitter);
    let noted = then.into_iter().map(|write| match write {
        Write::Webhooks(write @ WebhookWrite::Attempted { stops: Some(_), .. }) => {
            note_stop(chat, &webhook, author, write)
        }
        write => write,
    });
    Ok(Ended { end, then: noted.collect() })
}

/// Adds the entry of the audit log that says that the server has stopped a webhook.
fn note_stop(chat: &Chat, webhook: &Webhook, author: UserId, write: WebhookWrite) -> Write {
    let name = webhook.name.to_string();
    tracing::warn!(webhook.id = %webhook.id, "webhook stopped because of failed deliveries");
    let event = AuditEvent::Webhook { change: WebhookChange::Stopped, webhook: name, by: None };
    let note = chat.draft(Topic::app_audit(), author, Json::of(&event), chat.clock.now());
    WithAudit { write, note }.into()
}

/// Returns what follows from an attempt.
fn conclude(
    job: &Job,
    arguments: DeliveryArguments,
    webhook: &Webhook,
    posted: &Posted,
    now: Timestamp,
    jitter: u8,
) -> Ended {
    let Posted { status, millis, answer, retry_after_ms } = posted;
    let is_delivered = status.is_some_and(|status| (200..300).contains(&status));
    let retry_at = match status {
        Some(status) if is_refusal(*status) && job.attempt >= REFUSED_ATTEMPTS => None,
        _ => backoff::retry_at(job.attempt, now, jitter, false),
    };
    let asked = Timestamp(now.0 + retry_after_ms.unwrap_or_default().clamp(0, LONGEST_MS));
    let retry_at = retry_at.map(|at| at.max(asked));
    let is_failing = webhook.failing_since.is_some_and(|since| now.0 - since.0 >= FAILING_MS);
    let stops = match status {
        _ if is_delivered => None,
        Some(410) => Some(WebhookState::Gone),
        _ if is_failing => Some(WebhookState::Failing),
        _ => None,
    };
    let state = match retry_at {
        _ if is_delivered => DeliveryState::Delivered,
        Some(_) => DeliveryState::Failed,
        None => DeliveryState::Dead,
    };
    let delivery = Delivery {
        job: job.id,
        arguments,
        attempt: job.attempt,
        state,
        status: *status,
        millis: *millis,
        answer: answer.clone(),
        at: now,
    };
    // A dead delivery is kept with its webhook, for the owner: as a dead job it would alarm the operator.
    let retry_at = retry_at.filter(|_| !is_delivered);
    let end = retry_at.map_or(JobEnd::Done, |retry_at| {
        let error = status.map_or_else(|| answer.clone(), |status| format!("status {status}"));
        JobEnd::Failed { retry_at: Some(retry_at), error }
    });
    Ended { end, then: vec![WebhookWrite::Attempted { delivery, stops }.into()] }
}

/// Returns true for an answer that says that the request itself is wrong, so that another attempt is of little use.
const fn is_refusal(status: u16) -> bool {
    matches!(status, 400..500) && !matches!(status, 408 | 410 | 429)
}

#[cfg(test)]
mod tests {
    use wire::{ApplicationId, Epoch, Seq, WebhookId};

    use super::*;
    use crate::names::HookName;
    use crate::ports::store::{JobId, JobKind, Position, Version, WebhookEvent};

    const NOW: Timestamp = Timestamp(1_795_234_657_250);
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    struct Outcome {
        end: JobEnd,
        state: DeliveryState,
        stops: Option<WebhookState>,
    }

    fn concluded(
        attempt: u32,
        status: Option<u16>,
        after_ms: Option<i64>,
        failing_ms: Option<i64>,
    ) -> Outcome {
        let id = WebhookId::from_bytes([1; 10]);
        let arguments = DeliveryArguments {
            webhook: id,
            event: WebhookEvent::MessageCreated,
            topic: Topic::new("group/0123456789abcdef").unwrap(),
            seq: Seq(1),
            epoch: Epoch(1),
            position: Position(1),
            at: NOW,
        };
        let webhook = Webhook {
            id,
            name: HookName::new("orders").unwrap(),
            url: "https://shop.example/".into(),
            events: Vec::new(),
            conversations: Vec::new(),
            state: WebhookState::Active,
            key_version: 1,
            previous_key_until: None,
            position: Position(0),
            failing_since: failing_ms.map(|ms| Timestamp(NOW.0 - ms)),
            created: NOW,
            version: Version(1),
        };
        let job = Job {
            id: JobId(7),
            application: ApplicationId(2),
            kind: JobKind::DeliverWebhook,
            arguments: Json::of(&()),
            attempt,
        };
        let posted = Posted { status, millis: 3, answer: "timeout".into(), retry_after_ms: after_ms };
        let Ended { end, then } = conclude(&job, arguments, &webhook, &posted, NOW, 100);
        match then.as_slice() {
            [Write::Webhooks(WebhookWrite::Attempted { delivery, stops })] => {
                Outcome { end, state: delivery.state, stops: *stops }
            }
            other => panic!("{other:?}"),
        }
    }

    fn retried(outcome: &Outcome) -> Option<i64> {
        match &outcome.end {
            JobEnd::Failed { retry_at, .. } => retry_at.map(|at| at.0 - NOW.0),
            JobEnd::Done => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_an_answer_of_success_is_one() {
        for status in [200, 202, 204, 299] {
            let outcome = concluded(1, Some(status), None, Some(9 * DAY_MS));
            assert_eq!((outcome.end, outcome.state), (JobEnd::Done, DeliveryState::Delivered), "{status}");
            assert_eq!(outcome.stops, None);
        }
        for status in [None, Some(101), Some(301), Some(307), Some(404), Some(500), Some(999)] {
            let outcome = concluded(1, status, None, None);
            assert_eq!((outcome.state, outcome.stops), (DeliveryState::Failed, None), "{status:?}");
            assert!(retried(&outcome).is_some_and(|ms| (4_000..=6_000).contains(&ms)));
        }
    }

    #[test]
    fn an_event_that_is_refused_is_given_up_after_four_attempts_and_others_after_ten() {
        for (status, last) in [
            (Some(400), 4),
            (Some(404), 4),
            (Some(422), 4),
            (Some(408), 10),
            (Some(429), 10),
            (Some(503), 10),
            (Some(302), 10),
            (None, 10),
        ] {
            assert!(retried(&concluded(last - 1, status, None, None)).is_some(), "{status:?}");
            let outcome = concluded(last, status, None, None);
            assert_eq!((retried(&outcome), outcome.state), (None, DeliveryState::Dead), "{status:?}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_later_attempt_and_not_for_an_earlier_one() {
        assert_eq!(retried(&concluded(1, Some(429), Some(90_000), None)), Some(90_000));
        assert!(retried(&concluded(2, Some(503), Some(1_000), None)).is_some_and(|ms| ms > 200_000));
        assert_eq!(retried(&concluded(1, Some(503), Some(i64::MAX), None)), Some(LONGEST_MS));
        assert!(retried(&concluded(1, Some(503), Some(-5), None)).is_some_and(|ms| ms >= 4_000));
    }

    #[test]
    fn a_webhook_stops_when_its_url_is_gone_or_has_failed_for_five_days() {
        let gone = concluded(1, Some(410), None, None);
        assert_eq!((gone.stops, retried(&gone).is_some()), (Some(WebhookState::Gone), true));
        assert_eq!(concluded(3, None, None, Some(5 * DAY_MS - 1)).stops, None);
        assert_eq!(concluded(3, None, None, Some(5 * DAY_MS)).stops, Some(WebhookState::Failing));
        assert_eq!(concluded(3, Some(500), None, Some(6 * DAY_MS)).stops, Some(WebhookState::Failing));
    }
}
