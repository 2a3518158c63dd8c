//! The events of outgoing webhooks, and the deliveries that committed entries cause.

use wire::{AuditEvent, Entry, Epoch, Event, Json, LogKey, Timestamp, Topic, TopicKind};

use crate::ports::position::Position;
use crate::ports::store::{DeliveryArguments, NewJob, Webhook, WebhookEvent, event_of};

/// Returns the type of the event that an entry is for webhooks, and the conversation that it is about; none if it is
/// none.
#[must_use]
pub fn webhook_event(topic: &Topic, data: &Json) -> Option<(WebhookEvent, Topic)> {
    if topic.conversation().is_none() {
        return deleted_conversation(topic, data);
    }
    let event = match event_of(data) {
        // A tombstone was a message; the delivery says that it is deleted.
        Event::Message { .. } | Event::Tombstone { .. } => WebhookEvent::MessageCreated,
        Event::Edited { .. } => WebhookEvent::MessageEdited,
        Event::Deleted { .. } => WebhookEvent::MessageDeleted,
        Event::Reacted { .. } => WebhookEvent::MessageReacted,
        Event::Pinned { .. } => WebhookEvent::MessagePinned,
        Event::Joined { .. } => WebhookEvent::MemberJoined,
        Event::Left { .. } => WebhookEvent::MemberLeft,
        Event::Removed { .. } => WebhookEvent::MemberRemoved,
        Event::Ranked { .. } | Event::Muted { .. } => WebhookEvent::MemberChanged,
        Event::Created { .. } => WebhookEvent::ConversationCreated,
        Event::Changed { .. } => WebhookEvent::ConversationChanged,
        _ => return None,
    };
    Some((event, topic.clone()))
}

/// A deleted conversation has no log any more: its end is in the audit log of the application.
fn deleted_conversation(topic: &Topic, data: &Json) -> Option<(WebhookEvent, Topic)> {
    if !matches!(topic.kind(), TopicKind::AppAudit) {
        return None;
    }
    match serde_json::from_str(data.as_str()) {
        Ok(AuditEvent::GroupDeleted { group, .. }) => {
            Some((WebhookEvent::ConversationDeleted, Topic::group(group.id)))
        }
        _ => None,
    }
}

/// Returns true if a webhook gets an event of a conversation.
#[must_use]
pub fn gets(webhook: &Webhook, event: WebhookEvent, conversation: &Topic) -> bool {
    let conversations = &webhook.conversations;
    (webhook.events.is_empty() || webhook.events.contains(&event))
        && (conversations.is_empty() || conversations.iter().any(|one| one.topic == *conversation))
}

/// Returns the job that delivers an entry to a webhook of its application; none if the webhook does not get it.
#[must_use]
pub fn plan_delivery(
    webhook: &Webhook,
    (position, log, entry): &(Position, LogKey, Entry<Json>),
    epoch: Epoch,
    now: Timestamp,
) -> Option<NewJob> {
    let (event, conversation) = webhook_event(&log.topic, &entry.data)?;
    gets(webhook, event, &conversation).then(|| {
        let arguments = DeliveryArguments {
            webhook: webhook.id,
            event,
            topic: log.topic.clone(),
            seq: entry.seq,
            epoch,
            position: *position,
            at: entry.timestamp,
        };
        arguments.job(log.application, now)
    })
}

#[cfg(test)]
mod tests {
    use wire::{ApplicationId, GroupId, Person, PersonName, RichText, Role, SendId, Seq, UserId, WebhookId};

    use super::*;
    use crate::names::HookName;
    use crate::ports::store::{Version, WebhookConversation, WebhookState};

    const NOW: Timestamp = Timestamp(1_795_234_657_250);

    fn wanjiru() -> Person {
        Person { id: UserId::from_bytes(*b"..wanjiru."), name: PersonName::new("Wanjirũ").unwrap() }
    }

    fn webhook(events: &[WebhookEvent], conversations: &[&Topic]) -> Webhook {
        let limited = conversations
            .iter()
            .map(|topic| WebhookConversation { name: topic.to_string(), topic: (*topic).clone() });
        Webhook {
            id: WebhookId::from_bytes([5; 10]),
            name: HookName::new("orders").unwrap(),
            url: "https://shop.example/".into(),
            events: events.to_vec(),
            conversations: limited.collect(),
            state: WebhookState::Active,
            key_version: 1,
            previous_key_until: None,
            position: Position(0),
            failing_since: None,
            created: NOW,
            version: Version(1),
        }
    }

    fn planned(webhook: &Webhook, topic: &Topic, event: &Event) -> Option<WebhookEvent> {
        let entry = Entry {
            id: SendId::new("1").unwrap(),
            topic: topic.clone(),
            seq: Seq(4),
            data: Json::of(event),
            timestamp: NOW,
        };
        let log = LogKey::new(ApplicationId(3), topic.clone());
        let job = plan_delivery(webhook, &(Position(9), log, entry), Epoch(7), NOW)?;
        assert_eq!(job.application, ApplicationId(3));
        let arguments = DeliveryArguments::parse(job.arguments.as_str()).unwrap();
        assert_eq!((arguments.seq, arguments.epoch, arguments.position), (Seq(4), Epoch(7), Position(9)));
        Some(arguments.event)
    }

    fn left() -> Event {
        Event::Left { person: wanjiru() }
    }

    fn message() -> Event {
        let by = wanjiru();
        serde_json::from_value(serde_json::json!({
            "type": "message", "author": by, "text": "chai", "body": RichText::plain("chai")
        }))
        .unwrap()
    }

    #[test]
    fn a_webhook_gets_the_events_and_conversations_that_it_lists_and_without_a_list_all() {
        let [tea, coffee] = [1, 2].map(|byte| Topic::group(GroupId::from_bytes([byte; 10])));
        let all = webhook(&[], &[]);
        assert_eq!(planned(&all, &tea, &message()), Some(WebhookEvent::MessageCreated));
        assert_eq!(planned(&all, &coffee, &left()), Some(WebhookEvent::MemberLeft));
        let ranked = Event::Ranked { person: wanjiru(), role: Role::Admin, by: wanjiru() };
        assert_eq!(planned(&all, &tea, &ranked), Some(WebhookEvent::MemberChanged));
        let joins = webhook(&[WebhookEvent::MemberLeft], &[]);
        assert_eq!(planned(&joins, &tea, &message()), None);
        assert_eq!(planned(&joins, &tea, &left()), Some(WebhookEvent::MemberLeft));
        let of_tea = webhook(&[], &[&tea]);
        assert_eq!(planned(&of_tea, &tea, &left()), Some(WebhookEvent::MemberLeft));
        assert_eq!(planned(&of_tea, &coffee, &left()), None);
    }

    #[test]
    fn what_is_no_event_of_a_conversation_is_for_no_webhook() {
        let all = webhook(&[], &[]);
        let tea = Topic::group(GroupId::from_bytes([1; 10]));
        for event in [Event::Restricted, Event::Unknown] {
            assert_eq!(planned(&all, &tea, &event), None);
        }
        for topic in [Topic::new("news").unwrap(), Topic::user(wanjiru().id), Topic::app_audit()] {
            assert_eq!(planned(&all, &topic, &message()), None, "{topic}");
        }
    }
}
