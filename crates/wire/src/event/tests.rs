use super::*;
use crate::id::{FileId, ID_BYTES};
use crate::name::PersonName;

fn person(id: u8) -> Person {
    Person { id: UserId::from_bytes([id; 10]), name: PersonName::new("ann").unwrap() }
}

fn said() -> Event {
    Event::message(person(1), "hello".into(), RichText::plain("hello"), None)
}

#[test]
fn a_message_without_text_is_quoted_by_its_files_until_it_has_one() {
    let file = |name: &str, side| Attachment {
        id: FileId::from_bytes([1; ID_BYTES]),
        name: name.into(),
        media_type: "image/png".into(),
        bytes: 1,
        width: side,
        height: side,
        alt: String::new(),
    };
    let files = [file("cup.png", Some(8)), file("notes.txt", None)];
    let mut quote = Quote::of(Seq(1), person(2), &RichText::default(), &files);
    let summary = FileSummary { count: 2, pictures: 1 };
    assert_eq!((quote.excerpt.as_str(), quote.files), ("cup.png", Some(summary)));
    let text = serde_json::to_string(&quote).unwrap();
    assert!(text.ends_with(r#""excerpt":"cup.png","files":{"count":2,"pictures":1}}"#), "{text}");
    assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
    quote.requote("at four");
    assert_eq!((quote.excerpt.as_str(), quote.files), ("at four", None));
    let said = Quote::of(Seq(1), person(2), &RichText::plain("tea"), &files);
    assert_eq!((said.excerpt.as_str(), said.files), ("tea", None), "a text says more than its files");
    assert_eq!(Quote::of(Seq(1), person(2), &RichText::default(), &[]).excerpt, "");
    let earlier = text.replace(r#","files":{"count":2,"pictures":1}"#, "");
    assert_eq!(serde_json::from_str::<Quote>(&earlier).unwrap().files, None, "quotes of before have none");
}

#[test]
fn every_event_is_read_as_it_was_written() {
    let (by, at, target) = (person(1), Some(Timestamp(5)), Seq(3));
    let member = Member { muted_until: at, ..Member::new(person(2), Role::Admin, Timestamp(1)) };
    let name = GroupName::new("tea").unwrap();
    let group = GroupSummary { id: GroupId::from_bytes([3; 10]), name: name.clone() };
    let quote = Quote { seq: Seq(1), author: person(2), excerpt: "x".into(), files: None };
    let emoji = Emoji::new("👍").unwrap();
    let reactions = vec![Reaction { emoji: emoji.clone(), people: vec![by.id] }];
    let (text, body) = (String::from("hi"), RichText::plain("hi"));
    let all = [
        Event::Created { by: by.clone(), name: name.clone() },
        Event::Joined { member: member.clone() },
        Event::Left { person: person(2) },
        Event::Ranked { person: person(2), role: Role::Member, by: by.clone() },
        Event::Removed { person: person(2), by: by.clone(), banned: true },
        Event::Added { member, by: by.clone() },
        Event::Unbanned { person: person(2), by: by.clone() },
        Event::Muted { person: person(2), until: at, by: by.clone() },
        Event::Muted { person: person(2), until: None, by: by.clone() },
        Event::Changed { setting: Setting::Name(name), by: by.clone() },
        Event::Changed { setting: Setting::JoinPolicy(JoinPolicy::Invite), by: by.clone() },
        Event::Invited { until: at, uses: Some(2), by: by.clone() },
        Event::Uninvited { by: by.clone() },
        Event::Hook { change: HookChange::Rotated, hook: by.name.clone(), by: by.clone() },
        said(),
        Event::Message {
            author: by.clone(),
            text: text.clone(),
            body: body.clone(),
            reply_to: Some(quote),
            edited: at,
            reactions,
            pinned: true,
            recipients: vec![person(2)],
            attachments: vec![Attachment {
                id: FileId::from_bytes([7; ID_BYTES]),
                name: "tea.png".into(),
                media_type: "image/png".into(),
                bytes: 1_024,
                width: Some(3),
                height: Some(4),
                alt: "A cup".into(),
            }],
            bot: true,
        },
        Event::Restricted,
        Event::RestrictedMessage {
            topic: Topic::group(group.id),
            seq: Seq(4),
            id: SendId::new("x1").unwrap(),
            message: Some(Box::new(said())),
        },
        Event::RestrictedMessage {
            topic: Topic::group(group.id),
            seq: Seq(5),
            id: SendId::new("x2").unwrap(),
            message: None,
        },
        Event::Tombstone { author: by.clone(), by: person(2) },
        Event::Edited { target, text, body, by: by.clone() },
        Event::Deleted { target, by: by.clone() },
        Event::Reacted { target, emoji, on: true, by: by.clone() },
        Event::Pinned { target, on: true, by },
        Event::GroupAdded { group: group.clone() },
        Event::GroupGone { id: group.id },
        Event::DirectAdded { person: person(2) },
        Event::Preferred { topic: Topic::group(group.id), notify: NotificationLevel::Mentions, hidden: true },
        Event::Unknown,
    ];
    for event in all {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
    }
    for later in [r#"{"type":"sung","song":[1]}"#, r#"{"type":"left"}"#, "{}"] {
        assert_eq!(serde_json::from_str::<Event>(later).unwrap(), Event::Unknown, "{later}");
    }
}

#[test]
fn changes_may_come_twice_and_the_last_one_counts() {
    let at = Timestamp(5);
    let thumb = Emoji::new("👍").unwrap();
    let reacted = |on, by| Event::Reacted { target: Seq(1), emoji: thumb.clone(), on, by: person(by) };
    let edited =
        Event::Edited { target: Seq(1), text: "bye".into(), body: RichText::plain("bye"), by: person(1) };
    let all = [reacted(true, 1), reacted(true, 2), edited.clone(), reacted(false, 1)];
    let once = all.iter().fold(said(), |message, change| message.changed_by(change, at));
    let twice = all.iter().fold(once.clone(), |message, change| message.changed_by(change, at));
    assert_eq!(once, twice);
    let Event::Message { text, reactions, edited: Some(_), .. } = &once else { panic!("{once:?}") };
    assert_eq!(text, "bye");
    assert_eq!(*reactions, [Reaction { emoji: thumb.clone(), people: vec![person(2).id] }]);

    let deleted = Event::Deleted { target: Seq(1), by: person(2) };
    let gone = once.changed_by(&deleted, at);
    assert_eq!(gone, Event::Tombstone { author: person(1), by: person(2) });
    assert_eq!(gone.clone().changed_by(&edited, at), gone, "what is deleted stays deleted");
}

#[test]
fn a_join_policy_of_an_earlier_version_is_read() {
    let by = person(3);
    let stored = serde_json::json!({ "type": "changed", "setting": { "door": "invite" }, "by": by });
    let event: Event = serde_json::from_str(&stored.to_string()).unwrap();
    let expected = Event::Changed { setting: Setting::JoinPolicy(JoinPolicy::Invite), by };
    assert_eq!(event, expected);
    let written = serde_json::to_value(&expected).unwrap();
    assert_eq!(written["setting"], serde_json::json!({ "join_policy": "invite" }));
}
