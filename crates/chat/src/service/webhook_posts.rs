//! Posts to outgoing webhooks: the body of an event, as it is at the attempt, and the signed request.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use wire::{ApplicationId, Entry, Event, Json, Seq, Timestamp, Topic, TopicKind, UserId, WebhookId};

use crate::auth::webhook_secret::{WebhookSecret, event_id};
use crate::chat::Chat;
use crate::ports::http_client::{HttpAnswer, HttpMethod, HttpRequest};
use crate::ports::store::{
    Application, ApplicationKey, DeliveryArguments, Webhook, WebhookEvent, WebhookState, event_of,
    is_placeholder,
};
use crate::rules;
use crate::service::error::Error;

/// The time for an answer.
const DEADLINE: Duration = Duration::from_secs(15);
/// The most bytes of an answer that are read, and the most that are kept.
const READ_BYTES: usize = 64 * 1024;
const KEPT_BYTES: usize = 1024;

/// The result of a request to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    /// The status of the answer; none if there was none.
    pub(crate) status: Option<u16>,
    /// Its duration in milliseconds.
    pub(crate) millis: u32,
    /// The beginning of the answer; without one the code of the failure.
    pub(crate) answer: String,
    /// The delay that the receiver asks for before another attempt, in milliseconds.
    pub(crate) retry_after_ms: Option<i64>,
}

impl Chat {
    /// Returns a webhook to which events may be posted now, and the author of what its application does; none if it does
    /// not exist, or is not active, or its application is deleted.
    pub(crate) async fn webhook_to_call(
        &self,
        application: ApplicationId,
        webhook: WebhookId,
    ) -> Result<Option<(Webhook, UserId)>, Error> {
        let alive = self.store.application(ApplicationKey::Id(application)).await?;
        let Some(alive) = alive.filter(Application::is_alive) else { return Ok(None) };
        let found = self.store.reader(application).webhook(webhook).await?;
        let active = found.filter(|webhook| webhook.state == WebhookState::Active);
        Ok(active.map(|webhook| (webhook, alive.author().id)))
    }

    /// Posts an event to a webhook.
    pub(crate) async fn post_event(
        &self,
        application: ApplicationId,
        webhook: &Webhook,
        arguments: &DeliveryArguments,
    ) -> Result<Posted, Error> {
        let DeliveryArguments { event, topic, seq, epoch, at, .. } = arguments;
        let id = event_id(&self.secret, application, webhook.id, *epoch, (topic, *seq, event.as_str()));
        let data = self.event_data(application, arguments).await?;
        Ok(self.post_to_webhook(application, webhook, &id, body(event.as_str(), *at, &data)).await)
    }

    /// Posts a body under an id, signed with the secret of the webhook, and for a day after a rotation with the one before
    /// as well.
    pub(crate) async fn post_to_webhook(
        &self,
        application: ApplicationId,
        webhook: &Webhook,
        id: &str,
        body: Vec<u8>,
    ) -> Posted {
        let now = self.clock.now();
        let seconds = now.0.div_euclid(1_000);
        let previous = webhook.previous_key_until.filter(|until| now < *until);
        let versions = [Some(webhook.key_version), previous.and_then(|_| webhook.key_version.checked_sub(1))];
        let signatures = versions.into_iter().flatten().map(|version| {
            WebhookSecret::derive(&self.secret, application, webhook.id, version).sign(id, seconds, &body)
        });
        let signatures = signatures.collect::<Vec<_>>().join(" ");
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Hubbub-Webhooks".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures),
        ];
        let request = HttpRequest {
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: Bytes::from(body),
            deadline: DEADLINE,
            max_body: READ_BYTES,
            ..HttpRequest::new(HttpMethod::Post, &webhook.url)
        };
        let begun = Instant::now();
        let answered = self.http.send(request).await;
        let millis = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        match answered {
            Ok(answer) => Posted {
                status: Some(answer.status),
                millis,
                answer: beginning(&answer.body),
                retry_after_ms: retry_after_ms(&answer, now),
            },
            Err(failure) => {
                Posted { status: None, millis, answer: failure.code().to_owned(), retry_after_ms: None }
            }
        }
    }

    /// Returns the data of an event as it is now. Of what was deleted meanwhile nothing is left but that.
    async fn event_data(
        &self,
        application: ApplicationId,
        arguments: &DeliveryArguments,
    ) -> Result<Value, Error> {
        let DeliveryArguments { event, topic, seq, .. } = arguments;
        let entry = self.present_entry(application, topic, *seq).await?;
        let conversation = match entry.as_ref().and_then(|entry| rules::webhook_event(topic, &entry.data)) {
            Some((_, conversation)) => conversation,
            None => topic.clone(),
        };
        let mut data = Map::new();
        let mut named = json!({ "topic": conversation });
        if let TopicKind::Group(group) = conversation.kind()
            && let Some(keyed) = self.store.reader(application).key_of_group(group).await?
        {
            named["key"] = keyed.key.as_str().into();
        }
        data.insert("conversation".into(), named);
        let mut is_deleted = entry.is_none();
        if let Some(entry) = &entry {
            let content = event_of(&entry.data);
            is_deleted |= matches!(content, Event::Tombstone { .. });
            if let Some(target) = target(*event, &content) {
                let message = self.present_entry(application, topic, target).await?;
                let message =
                    message.filter(|message| matches!(event_of(&message.data), Event::Message { .. }));
                is_deleted |= message.is_none();
                data.extend(message.map(|message| ("message".to_owned(), value(&message))));
            }
            data.insert("entry".into(), value(entry));
        } else {
            data.insert("seq".into(), seq.0.into());
        }
        if is_deleted {
            data.insert("deleted".into(), true.into());
        }
        Ok(data.into())
    }

    /// Returns an entry as it is now; of a restricted message the message itself.
    async fn present_entry(
        &self,
        application: ApplicationId,
        topic: &Topic,
        seq: Seq,
    ) -> Result<Option<Entry<Json>>, Error> {
        let reader = self.store.reader(application);
        let Some(kept) = reader.kept(topic, seq).await? else { return Ok(None) };
        if is_placeholder(&kept.entry.data) {
            return Ok(reader.restricted(topic, seq).await?.map(|restricted| restricted.entry));
        }
        Ok(Some(kept.entry))
    }
}

/// Returns the body of an event.
pub(super) fn body(event: &str, at: Timestamp, data: &Value) -> Vec<u8> {
    let body = json!({ "type": event, "timestamp": at, "data": data });
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Returns the message that an event is about, if that is another entry whose present content goes with it.
const fn target(event: WebhookEvent, content: &Event) -> Option<Seq> {
    match (event, content) {
        (
            WebhookEvent::MessageEdited | WebhookEvent::MessageReacted | WebhookEvent::MessagePinned,
            Event::Edited { target, .. } | Event::Reacted { target, .. } | Event::Pinned { target, .. },
        ) => Some(*target),
        _ => None,
    }
}

fn value(entry: &Entry<Json>) -> Value {
    serde_json::to_string(entry).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Returns the beginning of an answer as text.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(KEPT_BYTES)]);
    // PostgreSQL has no NUL in texts.
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    text[..text.floor_char_boundary(KEPT_BYTES)].to_owned()
}

/// Reads `Retry-After`, RFC 9110 section 10.2.3: a number of seconds, or a date.
fn retry_after_ms(answer: &HttpAnswer, now: Timestamp) -> Option<i64> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1_000);
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(i64::try_from(at.as_millis()).ok()?.saturating_sub(now.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_for_a_pause_in_seconds_or_with_a_date() {
        let after = |text: &str| {
            let answer = HttpAnswer {
                status: 429,
                headers: vec![("retry-after".into(), text.into())],
                body: Bytes::new(),
                truncated: false,
                url: String::new(),
            };
            retry_after_ms(&answer, Timestamp(1_445_412_470_000))
        };
        assert_eq!(after("120"), Some(120_000));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(10_000));
        assert_eq!((after("soon"), after("-1"), after("")), (None, None, None));
    }

    #[test]
    fn of_an_answer_only_the_beginning_is_kept() {
        assert_eq!(beginning("茶".repeat(400).as_bytes()), "茶".repeat(341));
        assert_eq!(beginning(b"a\0b\xff"), "ab\u{fffd}");
        assert_eq!(beginning(&[0xff; 2_000]).len(), 1_023);
    }
}
