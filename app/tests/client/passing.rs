//! Unread counts and ephemeral events.

use app::client::{Effect, Timeline};
use leptos::prelude::*;
use serde_json::json;
use wire::{ConversationView, Cursor, Event, Member, Overview, RichText, Role, Seq, Timestamp, Topic};

use crate::fixtures::{EPOCH, connected, entry, hear, page, person, post, said, sent, topic};

#[test]
fn a_group_that_is_not_open_is_heard_for_what_is_unread_in_it() {
    let (client, _) = connected();
    client.leave_page(&topic());
    sent(&client, 0.0);
    hear(&client, &said(2, "ben", "b2"));
    hear(&client, &said(3, "ann", "a3"));
    hear(&client, &said(3, "ben", "b3"));
    assert_eq!(client.unread(&topic()), 0, "the browser counts nothing");
    told_unread(&client, 1);
    assert_eq!(client.unread(&topic()), 1);
    hear(&client, &said(7, "ben", "b7"));
    let frames = sent(&client, 0.0);
    assert_eq!(frames[0]["since"]["seq"], json!(3), "a hole is asked for");
    told_unread(&client, 0);
    assert_eq!(client.unread(&topic()), 0, "read on another device");

    let reset = json!({
        "event": "reset", "topic": topic(), "reason": "too_far_behind", "begins": 1,
        "cursor": {"epoch": EPOCH, "seq": 900}
    });
    client.heard(&reset.to_string(), 0.0);
    assert_eq!(client.due(0.0), [Effect::Load(Topic::user(person("ann").id))], "counted anew");
    client.closed(1006, 0.0, 0.0);
    client.due(0.0);
    client.opened(0.0);
    let frames = sent(&client, 0.0);
    assert!(
        frames.iter().any(|frame| frame["topic"] == json!(topic()) && frame["since"]["seq"] == json!(900))
    );
}

/// Sends the unread count from the server.
fn told_unread(client: &app::ChatClient, unread: u32) {
    let told = json!({"event": "read", "topic": topic(), "seq": 1, "unread": unread});
    client.heard(&told.to_string(), 0.0);
}

#[test]
fn the_server_is_asked_what_is_unread_after_every_entry_that_can_change_it() {
    let (client, _) = connected();
    client.leave_page(&topic());
    sent(&client, 0.0);
    let asked = |now| sent(&client, now).iter().filter(|frame| frame["action"] == "unread").count();
    hear(&client, &said(2, "ben", "b2"));
    hear(&client, &said(3, "ben", "b3"));
    assert_eq!(asked(0.0), 0, "what comes together is one question");
    assert!(client.next_at(0.0).is_some_and(|at| at <= 50.0));
    assert_eq!((asked(50.0), asked(5_000.0)), (1, 0));

    let by = person("ben");
    let edited =
        Event::Edited { target: Seq(3), text: "@ann".into(), body: RichText::default(), by: by.clone() };
    hear(&client, &entry(4, "e4", edited));
    assert_eq!(asked(9_000.0), 1, "a message that mentions her now");
    hear(&client, &entry(5, "d5", Event::Deleted { target: Seq(2), by: by.clone() }));
    assert_eq!(asked(9_999.0), 0, "once a second at most");
    assert_eq!(asked(10_000.0), 1, "a message that is gone");
    hear(&client, &said(6, "ann", "a6"));
    hear(&client, &entry(7, "n7", Event::Left { person: by }));
    assert_eq!(asked(20_000.0), 0, "her own, and what is no message");
}

#[test]
fn what_was_read_elsewhere_during_an_outage_is_read_here_too() {
    let (client, _) = connected();
    client.leave_page(&topic());
    hear(&client, &said(2, "ben", "b2"));
    told_unread(&client, 1);
    sent(&client, 100.0);
    client.closed(1006, 200.0, 0.0);
    client.due(200.0);
    client.opened(200.0);
    let own = Topic::user(person("ann").id);
    assert!(client.due(200.0).contains(&Effect::Load(own)), "every count is asked for anew");
    // A count that arrives while the list is loading may be newer than the list.
    told_unread(&client, 3);
    let mine = client.mine.with_untracked(|mine| mine.clone());
    let visit = Overview {
        me: person("ann"),
        mine,
        more: false,
        cursor: Cursor { epoch: EPOCH, seq: Seq(1) },
        file_bytes: 0,
    };
    client.looked_around(visit, 300.0);
    let frames = sent(&client, 1_300.0);
    assert_eq!(frames.iter().filter(|frame| frame["action"] == "unread").count(), 1);
}

#[test]
fn what_is_seen_is_read_once_and_what_shall_stay_unread_does() {
    let (client, timeline) = connected();
    sent(&client, 0.0);
    client.read(&topic(), Seq(1));
    assert_eq!(sent(&client, 0.0), [json!(null); 0], "nothing was unread");
    hear(&client, &said(2, "ben", "b2"));
    told_unread(&client, 1);
    assert_eq!((client.unread(&topic()), timeline.last()), (1, Seq(2)));
    client.read(&topic(), Seq(2));
    client.read(&topic(), Seq(2));
    let frames = sent(&client, 0.0);
    assert_eq!(frames.len(), 1);
    assert_eq!((&frames[0]["action"], &frames[0]["seq"]), (&json!("read"), &json!(2)));
    client.unread_from(&topic(), Seq(2));
    let frames = sent(&client, 0.0);
    assert_eq!((&frames[0]["seq"], &frames[0]["back"]), (&json!(1), &json!(true)));
}

#[test]
fn a_page_has_one_divider_above_the_first_unread_message_of_others() {
    let entries =
        vec![said(1, "ben", "b1"), said(2, "ann", "a2"), said(3, "ben", "b3"), said(4, "ben", "b4")];
    let with = |read| ConversationView { read: Seq(read), ..page(entries.clone()) };
    let divider = |read| Timeline::new(with(read), person("ann").id, app::Zone::UTC).divider;
    assert_eq!((divider(1), divider(0), divider(4)), (Some(Seq(3)), Some(Seq(1)), None));
}

#[test]
fn typing_shows_until_it_is_said_or_not_heard_again() {
    let (client, _) = connected();
    let typing =
        |name: &str| json!({"event": "typing", "topic": topic(), "person": person(name)}).to_string();
    let who = || {
        client
            .typing
            .with_untracked(|all| all.iter().map(|one| one.person.name.to_string()).collect::<Vec<_>>())
    };
    client.heard(&typing("ben"), 0.0);
    client.heard(&typing("cal"), 100.0);
    client.heard(&typing("ann"), 100.0);
    assert_eq!(who(), ["ben", "cal"], "not oneself");
    hear(&client, &said(2, "ben", "b2"));
    assert_eq!(who(), ["cal"]);
    client.due(5_099.0);
    assert_eq!(who(), ["cal"]);
    client.due(5_100.0);
    assert!(who().is_empty());

    sent(&client, 0.0);
    for now in [0.0, 100.0, 2_999.0, 3_000.0] {
        client.typed(&topic(), now);
    }
    assert_eq!(sent(&client, 3_000.0).iter().filter(|frame| frame["action"] == "typing").count(), 2);
}

#[test]
fn what_came_is_told_to_have_been_delivered_once_for_all_of_it_unless_it_was_read() {
    let (client, _) = connected();
    let delivered = |now| {
        let frames = sent(&client, now);
        let told = frames.iter().filter(|frame| frame["action"] == "delivered");
        told.map(|frame| frame["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    hear(&client, &said(2, "ben", "b2"));
    hear(&client, &said(3, "ben", "b3"));
    hear(&client, &said(4, "ann", "a1"));
    assert_eq!(delivered(999.0), [0; 0]);
    assert!(client.next_at(999.0).is_some_and(|at| at <= 1_000.0));
    assert_eq!(delivered(1_000.0), [3], "one's own need not be told");
    assert_eq!(delivered(9_000.0), [0; 0]);
    hear(&client, &said(5, "ben", "b4"));
    client.read(&topic(), Seq(5));
    assert_eq!(delivered(9_000.0), [0; 0], "what is read was delivered");
    hear(&client, &said(6, "ben", "b5"));
    client.closed(1006, 0.0, 0.0);
    assert!(
        client.next_at(20_000.0).is_none_or(|at| at > 1_000.0 || at <= 0.0),
        "{:?}",
        client.next_at(20_000.0)
    );
    client.due(0.0);
    client.opened(0.0);
    assert_eq!(delivered(9_000.0), [0; 0], "a subscription after a place tells it");
}

#[test]
fn the_newest_message_of_ann_tells_how_far_it_has_come() {
    let (client, timeline) = connected();
    let marks = |who: &str, delivered: u64, read: u64| {
        let marks = json!([{"user": person(who).id, "delivered": delivered, "read": read}]);
        client.heard(&json!({"event": "marks", "topic": topic(), "marks": marks}).to_string(), 0.0);
    };
    let joined = |name: &str| Event::Joined { member: Member::new(person(name), Role::Member, Timestamp(0)) };
    let receipt = || {
        let receipt = timeline.receipt(person("ann").id)?;
        Some((receipt.read_by.join(" "), receipt.delivered, receipt.others))
    };
    hear(&client, &entry(2, "n1", joined("ben")));
    hear(&client, &entry(3, "n2", joined("cal")));
    assert_eq!(receipt(), None, "the newest is not hers");
    post(&client, "a1");
    assert_eq!(receipt(), None, "it is no fact yet");
    hear(&client, &said(4, "ann", "a1"));
    assert_eq!(receipt(), Some((String::new(), 0, 2)));
    marks("ben", 3, 3);
    marks("cal", 4, 0);
    assert_eq!(receipt(), Some((String::new(), 1, 2)));
    marks("ben", 4, 4);
    marks("ben", 2, 1);
    assert_eq!(receipt(), Some(("ben".into(), 2, 2)), "marks do not go back");
    hear(&client, &entry(5, "n3", Event::Left { person: person("ben") }));
    assert_eq!(receipt(), Some((String::new(), 1, 1)), "a notice hides nothing");
    hear(&client, &entry(6, "n4", joined("ben")));
    assert_eq!(receipt(), Some((String::new(), 1, 2)), "a new seat begins with nothing");
    hear(&client, &said(7, "cal", "c1"));
    assert_eq!(receipt(), None);
}

#[test]
fn who_is_here_is_known_while_there_is_a_connection() {
    let (client, _) = connected();
    let (ben, cal) = (person("ben").id, person("cal").id);
    let told = json!({"event": "presence", "topic": topic(), "here": [ben], "away": [cal]});
    client.heard(&told.to_string(), 0.0);
    let seen = || [ben, cal, person("ann").id].map(|user| client.whereabouts(&topic(), user));
    assert_eq!(seen(), [Some(true), Some(false), None]);
    let away = |now| sent(&client, now).iter().filter(|frame| frame["action"] == "presence").count();
    client.attend(false);
    assert_eq!(away(0.0), 0, "at first everyone is there");
    client.attend(true);
    client.attend(true);
    assert_eq!(away(0.0), 1);
    client.closed(1006, 0.0, 0.0);
    assert_eq!(seen(), [None; 3]);
    client.due(0.0);
    client.opened(0.0);
    let frames = sent(&client, 0.0);
    let asked = |action: &str| frames.iter().filter(|frame| frame["action"] == action).count();
    assert_eq!((asked("presence"), asked("marks")), (1, 1), "what was told meanwhile was missed");
    let place = |action: &str| frames.iter().position(|frame| frame["action"] == action);
    assert!(place("presence") < place("subscribe"), "nobody is told to be here who is not");
}
