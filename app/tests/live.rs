//! The browser's state, turn by turn, without a browser.

use app::Live;
use app::live::{Order, RowState, Timeline};
use leptos::prelude::*;
use serde_json::{Value, json};
use wire::{
    Amendment, Cursor, Description, Door, Emoji, Entry, Epoch, Event, GroupId, GroupName, GroupSummary,
    Member, Mine, Notify, Opened, Page, Person, PersonName, RichText, Role, SendId, Seq, Settings, Summary,
    Timestamp, Topic, UserId, Visit,
};

const EPOCH: Epoch = Epoch(7);

fn person(name: &str) -> Person {
    let mut bytes = [0; 10];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Person { id: UserId::from_bytes(bytes), name: PersonName::new(name).unwrap() }
}

fn tea() -> GroupSummary {
    GroupSummary { id: GroupId::from_bytes([7; 10]), name: GroupName::new("tea").unwrap() }
}

fn settings() -> Settings {
    Settings {
        name: tea().name,
        description: Description::default(),
        limit: 10,
        door: Door::Open,
        announcing: false,
        slow_s: 0,
        archived: false,
    }
}

/// The group in a list, heard up to a place.
fn mine(head: u64) -> Mine {
    Mine {
        what: Summary::Group(tea()),
        unread: 0,
        mentions: 0,
        notify: Notify::All,
        hidden: false,
        head: Seq(head),
        at: Timestamp(0),
    }
}

fn topic() -> Topic {
    Topic::group(tea().id)
}

fn said(seq: u64, by: &str, id: &str) -> Entry {
    let event = Event::message(person(by), id.into(), RichText::plain(id), None);
    entry(seq, id, event)
}

fn entry(seq: u64, id: &str, data: Event) -> Entry {
    Entry { id: SendId::new(id).unwrap(), topic: topic(), seq: Seq(seq), data, timestamp: Timestamp(0) }
}

fn page(entries: Vec<Entry>) -> Opened {
    let head = entries.last().map_or(Seq::ZERO, |last| last.seq);
    let ann = Member { delivered: head, read: head, ..Member::new(person("ann"), Role::Admin, Timestamp(0)) };
    let page = Page { entries, epoch: EPOCH, begins: Seq(1), head };
    Opened {
        what: Summary::Group(tea()),
        settings: Some(settings()),
        blocked: false,
        blocks: false,
        notify: Notify::All,
        hidden: false,
        members: vec![ann],
        members_at: head,
        page,
        pins: vec![],
        read: head,
    }
}

/// ann, who looks at a group in which one thing was said, and is connected.
fn connected() -> (Live, Timeline) {
    let visit =
        Visit { me: person("ann"), mine: vec![mine(1)], cursor: Cursor { epoch: EPOCH, seq: Seq(1) } };
    let live = Live::new(visit);
    let timeline = Timeline::new(page(vec![said(1, "ben", "b1")]), person("ann").id, app::Zone::UTC);
    live.follow(&timeline);
    assert!(live.due(0.0).contains(&Order::Connect));
    live.opened(0.0);
    (live, timeline)
}

/// The frames that are due, without those that subscribe.
fn sent(live: &Live, now: f64) -> Vec<Value> {
    let orders = live.due(now);
    let frames = orders.iter().filter_map(|order| match order {
        Order::Send(frame) => Some(serde_json::from_str::<Value>(frame).unwrap()),
        _ => None,
    });
    frames.collect()
}

fn posts(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter(|f| f["action"] == "post").map(|f| f["id"].as_str().unwrap()).collect()
}

fn hear(live: &Live, entry: &Entry) {
    live.heard(&serde_json::to_string(entry).unwrap(), 0.0);
}

fn rows(timeline: &Timeline) -> Vec<(String, Option<u64>, RowState)> {
    timeline.rows.with_untracked(|rows| {
        let show = |row: &app::live::Row| {
            let content = row.content.get_untracked();
            let id = row.key.split_once('/').map_or(row.key.as_str(), |(_, id)| id).to_owned();
            (id, content.seq.map(|seq| seq.0), content.state)
        };
        rows.iter().map(show).collect()
    })
}

fn post(live: &Live, id: &str) {
    live.post(&topic(), SendId::new(id).unwrap(), id, None, 0.0);
}

fn row(id: &str, seq: Option<u64>, state: RowState) -> (String, Option<u64>, RowState) {
    (id.into(), seq, state)
}

const SENDING: RowState = RowState::Sending;
const DELIVERED: RowState = RowState::Delivered;

#[test]
fn a_connection_resumes_everything_from_where_the_page_stands() {
    let (live, _) = connected();
    let frames = sent(&live, 0.0);
    let since = |seq| json!({"epoch": EPOCH, "seq": seq});
    let subscribed = frames.iter().filter(|frame| frame["action"] == "subscribe");
    let subscribed: Vec<_> =
        subscribed.map(|frame| (frame["topic"].clone(), frame["since"].clone())).collect();
    assert_eq!(subscribed, [(json!(Topic::user(person("ann").id)), since(1)), (json!(topic()), since(1))]);
}

#[test]
fn what_ann_types_is_shown_at_once_and_becomes_the_delivered_row() {
    let (live, timeline) = connected();
    post(&live, "a1");
    post(&live, "a2");
    assert_eq!(rows(&timeline)[1..], [row("a1", None, SENDING), row("a2", None, SENDING)]);
    let keys = |timeline: &Timeline| {
        timeline.rows.with_untracked(|rows| rows.iter().map(|r| r.key.clone()).collect::<Vec<_>>())
    };
    let before = keys(&timeline);
    assert_eq!(posts(&sent(&live, 0.0)), ["a1", "a2"]);
    // Somebody else was quicker: facts stand before what is on its way.
    hear(&live, &said(2, "ben", "b2"));
    hear(&live, &said(3, "ann", "a1"));
    let now = [
        row("b1", Some(1), DELIVERED),
        row("b2", Some(2), DELIVERED),
        row("a1", Some(3), DELIVERED),
        row("a2", None, SENDING),
    ];
    assert_eq!(rows(&timeline), now);
    assert_eq!(keys(&timeline)[2], before[1], "the same row, so the same node");
    assert_eq!(posts(&sent(&live, 0.0)), [""; 0]);
}

#[test]
fn what_has_no_answer_goes_again_over_the_next_connection_in_order() {
    let (live, timeline) = connected();
    post(&live, "a1");
    sent(&live, 0.0);
    live.closed(1006, 0.0, 0.5);
    post(&live, "a2");
    assert_eq!(posts(&sent(&live, 1.0)), [""; 0], "not while there is no connection");
    live.opened(2.0);
    assert_eq!(posts(&sent(&live, 2.0)), ["a1", "a2"]);
    // The first one had been committed after all: it comes with the gap, and is there once.
    hear(&live, &said(2, "ann", "a1"));
    hear(&live, &said(2, "ann", "a1"));
    assert_eq!(rows(&timeline)[1..], [row("a1", Some(2), DELIVERED), row("a2", None, SENDING)]);
}

#[test]
fn a_hole_is_asked_for_and_never_shown() {
    let (live, timeline) = connected();
    sent(&live, 0.0);
    hear(&live, &said(3, "ben", "b3"));
    assert_eq!(rows(&timeline).len(), 1);
    let asked = sent(&live, 0.0);
    assert_eq!((&asked[0]["action"], &asked[0]["since"]["seq"]), (&json!("subscribe"), &json!(1)));
}

#[test]
fn a_reset_loads_the_group_anew_and_forgets_nothing_that_came_meanwhile() {
    let (live, timeline) = connected();
    post(&live, "a1");
    let reset = json!({"event":"reset","topic":topic(),"reason":"too_far_behind","cursor":{"epoch":EPOCH,"seq":9},"begins":1});
    live.heard(&reset.to_string(), 0.0);
    assert!(live.due(0.0).contains(&Order::Load(topic())));
    hear(&live, &said(10, "ben", "b10"));
    assert_eq!(rows(&timeline).len(), 2, "what comes now waits for the page");
    live.reloaded(page(vec![said(8, "ben", "b8"), said(9, "ben", "b9")]));
    let expected = [
        row("b8", Some(8), DELIVERED),
        row("b9", Some(9), DELIVERED),
        row("b10", Some(10), DELIVERED),
        row("a1", None, SENDING),
    ];
    assert_eq!(rows(&timeline), expected);
}

#[test]
fn a_refused_message_waits_for_its_writer_and_a_hurried_one_goes_again_by_itself() {
    let (live, timeline) = connected();
    post(&live, "a1");
    post(&live, "a2");
    let frames = sent(&live, 0.0);
    let reference = |id: &str| frames.iter().find(|frame| frame["id"] == id).unwrap()["ref"].clone();
    let refuse = |id, code: &str, retry: Value| {
        let mut frame = json!({"event":"refused","code":code,"message":"No.","ref":reference(id)});
        if !retry.is_null() {
            frame["retry_ms"] = retry;
        }
        live.heard(&frame.to_string(), 0.0);
    };
    refuse("a1", "text_too_long", Value::Null);
    refuse("a2", "too_fast", json!(500));
    assert_eq!(
        rows(&timeline)[1..],
        [row("a1", None, RowState::Failed("No.".into())), row("a2", None, SENDING)]
    );
    assert_eq!(posts(&sent(&live, 499.0)), [""; 0]);
    assert_eq!(posts(&sent(&live, 500.0)), ["a2"]);
    live.retry(&SendId::new("a1").unwrap());
    assert_eq!(posts(&sent(&live, 501.0)), ["a1"]);
    live.discard(&SendId::new("a1").unwrap());
    assert_eq!(rows(&timeline).len(), 2);
}

#[test]
fn the_outbox_survives_a_reload_and_knows_what_the_page_shows_already() {
    let (live, _) = connected();
    post(&live, "a1");
    post(&live, "a2");
    let kept: Vec<String> = live
        .due(0.0)
        .into_iter()
        .filter_map(|order| match order {
            Order::Keep(_, text) => Some(text),
            _ => None,
        })
        .collect();
    let (next, _) = connected();
    next.restore(&kept);
    let timeline = Timeline::new(
        page(vec![said(1, "ben", "b1"), said(2, "ann", "a1")]),
        person("ann").id,
        app::Zone::UTC,
    );
    next.follow(&timeline);
    assert_eq!(rows(&timeline)[1..], [row("a1", Some(2), DELIVERED), row("a2", None, SENDING)]);
    assert_eq!(posts(&sent(&next, 0.0)), ["a2"]);
}

#[test]
fn seats_and_groups_follow_the_news() {
    let (live, timeline) = connected();
    let ben = Member::new(person("ben"), Role::Member, Timestamp(0));
    hear(&live, &entry(2, "n2", Event::Joined { member: ben }));
    hear(
        &live,
        &entry(3, "n3", Event::Ranked { person: person("ben"), role: Role::Admin, by: person("ann") }),
    );
    hear(&live, &entry(4, "n4", Event::Left { person: person("ann") }));
    let seats = timeline.members.get_untracked();
    assert_eq!(
        seats.iter().map(|m| (m.person.name.as_str(), m.role)).collect::<Vec<_>>(),
        [("ben", Role::Admin)]
    );

    let own =
        |seq, data| Entry { topic: Topic::user(person("ann").id), ..entry(seq, &format!("o{seq}"), data) };
    let milk = GroupSummary { id: GroupId::from_bytes([8; 10]), name: GroupName::new("milk").unwrap() };
    hear(&live, &own(2, Event::GroupAdded { group: milk }));
    hear(&live, &own(3, Event::GroupGone { id: tea().id }));
    hear(&live, &own(3, Event::GroupAdded { group: tea() }));
    let names: Vec<_> = live.mine.get_untracked().iter().map(|mine| mine.what.title().to_owned()).collect();
    assert_eq!(names, ["milk"]);
}

#[test]
fn who_loses_the_seat_is_told_and_asks_no_more() {
    let (live, timeline) = connected();
    let ended =
        json!({"event":"unsubscribed","topic":topic(),"refused":{"code":"not_member","message":"No."}});
    live.heard(&ended.to_string(), 0.0);
    assert!(timeline.seat_lost.get_untracked());
    live.closed(1012, 0.0, 0.0);
    live.due(0.0);
    live.opened(1.0);
    assert!(sent(&live, 1.0).iter().all(|frame| frame["topic"] != json!(topic())));
}

#[test]
fn a_failed_read_at_the_server_is_asked_for_again_and_takes_no_seat() {
    let (live, timeline) = connected();
    let frames = sent(&live, 0.0);
    let asked = frames.iter().find(|frame| frame["topic"] == json!(topic())).unwrap();
    let refused = json!({
        "event": "refused", "code": "unavailable", "message": "Later.", "retry_ms": 1000, "ref": asked["ref"]
    });
    live.heard(&refused.to_string(), 0.0);
    assert!(!timeline.seat_lost.get_untracked());
    assert_eq!(live.next_at(0.0), Some(1_000.0));
    assert_eq!(sent(&live, 999.0), [json!(null); 0]);
    assert_eq!(sent(&live, 1_000.0)[0]["topic"], json!(topic()));
}

#[test]
fn nothing_of_mine_goes_out_under_another_name() {
    let (live, _) = connected();
    live.due(0.0);
    live.closed(1006, 0.0, 0.0);
    post(&live, "a1");
    assert!(live.due(0.0).contains(&Order::Connect));
    live.opened(0.0);
    live.heard(&json!({"event": "welcome", "me": person("ben")}).to_string(), 0.0);
    assert_eq!(posts(&sent(&live, 0.0)), [""; 0]);
    assert_eq!(live.link.get_untracked(), app::live::LinkState::Ended);
}

#[test]
fn a_message_that_was_a_fact_long_ago_leaves_no_row_at_the_end() {
    let (live, timeline) = connected();
    post(&live, "a1");
    let ack = json!({
        "event": "ack", "id": "a1", "topic": topic(), "seq": 1, "timestamp": Timestamp(0), "duplicate": true
    });
    live.heard(&ack.to_string(), 0.0);
    assert_eq!(rows(&timeline), [row("b1", Some(1), DELIVERED)]);
}

#[test]
fn a_group_that_is_not_open_is_heard_for_what_is_unread_in_it() {
    let (live, _) = connected();
    live.leave_page(&topic());
    sent(&live, 0.0);
    hear(&live, &said(2, "ben", "b2"));
    hear(&live, &said(3, "ann", "a3"));
    hear(&live, &said(3, "ben", "b3"));
    assert_eq!(live.unread(&topic()), 1, "neither my own, nor the same again");
    hear(&live, &said(7, "ben", "b7"));
    let frames = sent(&live, 0.0);
    assert_eq!(frames[0]["since"]["seq"], json!(3), "a hole is asked for");
    live.heard(&json!({"event": "read", "topic": topic(), "seq": 3, "unread": 0}).to_string(), 0.0);
    assert_eq!(live.unread(&topic()), 0, "read on another device");

    let reset = json!({
        "event": "reset", "topic": topic(), "reason": "too_far_behind", "begins": 1,
        "cursor": {"epoch": EPOCH, "seq": 900}
    });
    live.heard(&reset.to_string(), 0.0);
    assert_eq!(live.due(0.0), [Order::Load(Topic::user(person("ann").id))], "counted anew");
    live.closed(1006, 0.0, 0.0);
    live.due(0.0);
    live.opened(0.0);
    let frames = sent(&live, 0.0);
    assert!(
        frames.iter().any(|frame| frame["topic"] == json!(topic()) && frame["since"]["seq"] == json!(900))
    );
}

#[test]
fn what_is_seen_is_read_once_and_what_shall_stay_unread_does() {
    let (live, timeline) = connected();
    sent(&live, 0.0);
    live.read(&topic(), Seq(1));
    assert_eq!(sent(&live, 0.0), [json!(null); 0], "nothing was unread");
    hear(&live, &said(2, "ben", "b2"));
    assert_eq!((live.unread(&topic()), timeline.last()), (1, Seq(2)));
    live.read(&topic(), Seq(2));
    live.read(&topic(), Seq(2));
    let frames = sent(&live, 0.0);
    assert_eq!(frames.len(), 1);
    assert_eq!((&frames[0]["action"], &frames[0]["seq"]), (&json!("read"), &json!(2)));
    live.unread_from(&topic(), Seq(2));
    let frames = sent(&live, 0.0);
    assert_eq!((&frames[0]["seq"], &frames[0]["back"]), (&json!(1), &json!(true)));
}

#[test]
fn a_page_has_one_divider_above_the_first_unread_message_of_others() {
    let entries =
        vec![said(1, "ben", "b1"), said(2, "ann", "a2"), said(3, "ben", "b3"), said(4, "ben", "b4")];
    let with = |read| Opened { read: Seq(read), ..page(entries.clone()) };
    let divider = |read| Timeline::new(with(read), person("ann").id, app::Zone::UTC).divider;
    assert_eq!((divider(1), divider(0), divider(4)), (Some(Seq(3)), Some(Seq(1)), None));
}

#[test]
fn typing_shows_until_it_is_said_or_not_heard_again() {
    let (live, _) = connected();
    let typing =
        |name: &str| json!({"event": "typing", "topic": topic(), "person": person(name)}).to_string();
    let who = || {
        live.typing
            .with_untracked(|all| all.iter().map(|one| one.person.name.to_string()).collect::<Vec<_>>())
    };
    live.heard(&typing("ben"), 0.0);
    live.heard(&typing("cal"), 100.0);
    live.heard(&typing("ann"), 100.0);
    assert_eq!(who(), ["ben", "cal"], "not oneself");
    hear(&live, &said(2, "ben", "b2"));
    assert_eq!(who(), ["cal"]);
    live.due(5_099.0);
    assert_eq!(who(), ["cal"]);
    live.due(5_100.0);
    assert!(who().is_empty());

    sent(&live, 0.0);
    for now in [0.0, 100.0, 2_999.0, 3_000.0] {
        live.typed(&topic(), now);
    }
    assert_eq!(sent(&live, 3_000.0).iter().filter(|frame| frame["action"] == "typing").count(), 2);
}

#[test]
fn what_came_is_told_to_have_been_delivered_once_for_all_of_it_unless_it_was_read() {
    let (live, _) = connected();
    let delivered = |now| {
        let frames = sent(&live, now);
        let told = frames.iter().filter(|frame| frame["action"] == "delivered");
        told.map(|frame| frame["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    hear(&live, &said(2, "ben", "b2"));
    hear(&live, &said(3, "ben", "b3"));
    hear(&live, &said(4, "ann", "a1"));
    assert_eq!(delivered(999.0), [0; 0]);
    assert!(live.next_at(999.0).is_some_and(|at| at <= 1_000.0));
    assert_eq!(delivered(1_000.0), [3], "one's own need not be told");
    assert_eq!(delivered(9_000.0), [0; 0]);
    hear(&live, &said(5, "ben", "b4"));
    live.read(&topic(), Seq(5));
    assert_eq!(delivered(9_000.0), [0; 0], "what is read was delivered");
    hear(&live, &said(6, "ben", "b5"));
    live.closed(1006, 0.0, 0.0);
    assert!(
        live.next_at(20_000.0).is_none_or(|at| at > 1_000.0 || at <= 0.0),
        "{:?}",
        live.next_at(20_000.0)
    );
    live.due(0.0);
    live.opened(0.0);
    assert_eq!(delivered(9_000.0), [0; 0], "a subscription after a place tells it");
}

#[test]
fn the_newest_message_of_ann_tells_how_far_it_has_come() {
    let (live, timeline) = connected();
    let marks = |who: &str, delivered: u64, read: u64| {
        let marks = json!([{"user": person(who).id, "delivered": delivered, "read": read}]);
        live.heard(&json!({"event": "marks", "topic": topic(), "marks": marks}).to_string(), 0.0);
    };
    let joined = |name: &str| Event::Joined { member: Member::new(person(name), Role::Member, Timestamp(0)) };
    let receipt = || {
        let receipt = timeline.receipt(person("ann").id)?;
        Some((receipt.read_by.join(" "), receipt.delivered, receipt.others))
    };
    hear(&live, &entry(2, "n1", joined("ben")));
    hear(&live, &entry(3, "n2", joined("cal")));
    assert_eq!(receipt(), None, "the newest is not hers");
    post(&live, "a1");
    assert_eq!(receipt(), None, "it is no fact yet");
    hear(&live, &said(4, "ann", "a1"));
    assert_eq!(receipt(), Some((String::new(), 0, 2)));
    marks("ben", 3, 3);
    marks("cal", 4, 0);
    assert_eq!(receipt(), Some((String::new(), 1, 2)));
    marks("ben", 4, 4);
    marks("ben", 2, 1);
    assert_eq!(receipt(), Some(("ben".into(), 2, 2)), "marks do not go back");
    hear(&live, &entry(5, "n3", Event::Left { person: person("ben") }));
    assert_eq!(receipt(), Some((String::new(), 1, 1)), "a notice hides nothing");
    hear(&live, &entry(6, "n4", joined("ben")));
    assert_eq!(receipt(), Some((String::new(), 1, 2)), "a new seat begins with nothing");
    hear(&live, &said(7, "cal", "c1"));
    assert_eq!(receipt(), None);
}

#[test]
fn who_is_here_is_known_while_there_is_a_connection() {
    let (live, _) = connected();
    let (ben, cal) = (person("ben").id, person("cal").id);
    let told = json!({"event": "presence", "topic": topic(), "here": [ben], "away": [cal]});
    live.heard(&told.to_string(), 0.0);
    let seen = || [ben, cal, person("ann").id].map(|user| live.whereabouts(&topic(), user));
    assert_eq!(seen(), [Some(true), Some(false), None]);
    let away = |now| sent(&live, now).iter().filter(|frame| frame["action"] == "presence").count();
    live.attend(false);
    assert_eq!(away(0.0), 0, "at first everyone is there");
    live.attend(true);
    live.attend(true);
    assert_eq!(away(0.0), 1);
    live.closed(1006, 0.0, 0.0);
    assert_eq!(seen(), [None; 3]);
    live.due(0.0);
    live.opened(0.0);
    let frames = sent(&live, 0.0);
    let asked = |action: &str| frames.iter().filter(|frame| frame["action"] == action).count();
    assert_eq!((asked("presence"), asked("marks")), (1, 1), "what was told meanwhile was missed");
    let place = |action: &str| frames.iter().position(|frame| frame["action"] == action);
    assert!(place("presence") < place("subscribe"), "nobody is told to be here who is not");
}

#[test]
fn a_page_that_could_not_be_loaded_is_loaded_later() {
    let (live, _) = connected();
    live.due(0.0);
    live.load_failed(topic(), 0.0);
    assert_eq!(live.due(1_999.0), []);
    assert_eq!(live.due(2_000.0), [Order::Load(topic())]);
}

#[test]
fn who_reads_old_messages_keeps_them_on_the_page() {
    let (live, timeline) = connected();
    timeline.reads_old.set(true);
    for seq in 2..=400 {
        hear(&live, &said(seq, "ben", &format!("b{seq}")));
    }
    assert_eq!(rows(&timeline).len(), 400);
    timeline.reads_old.set(false);
    hear(&live, &said(401, "ben", "b401"));
    assert_eq!(rows(&timeline).len(), 300);
}

fn content(timeline: &Timeline, seq: u64) -> Event {
    timeline.content(Seq(seq)).unwrap().event
}

#[test]
fn a_change_of_a_message_changes_its_row_and_adds_none() {
    let (live, timeline) = connected();
    let thumb = Emoji::new("👍").unwrap();
    let reacted = Event::Reacted { target: Seq(1), emoji: thumb.clone(), on: true, by: person("ann") };
    hear(&live, &entry(2, "n2", reacted.clone()));
    hear(&live, &entry(3, "n3", reacted));
    let body = RichText::plain("bye");
    hear(
        &live,
        &entry(4, "n4", Event::Edited { target: Seq(1), text: "bye".into(), body, by: person("ben") }),
    );
    assert_eq!(rows(&timeline), [row("b1", Some(1), DELIVERED)]);
    let Event::Message { text, reactions, edited: Some(_), .. } = content(&timeline, 1) else { panic!() };
    assert_eq!((text.as_str(), reactions.len(), reactions[0].people.len()), ("bye", 1, 1));
    hear(&live, &said(5, "ben", "b5"));
    assert_eq!(rows(&timeline).len(), 2, "places go on without a hole");
}

#[test]
fn a_deleted_message_leaves_its_pins_and_its_quotes() {
    let (live, timeline) = connected();
    hear(&live, &entry(2, "n2", Event::Pinned { target: Seq(1), on: true, by: person("ann") }));
    assert_eq!(timeline.pins.get_untracked(), [timeline.quote(Seq(1)).unwrap()]);
    let quote = timeline.quote(Seq(1)).unwrap();
    let answer = Event::message(person("ann"), "a3".into(), RichText::plain("a3"), Some(quote));
    hear(&live, &entry(3, "a3", answer));
    hear(&live, &entry(4, "n4", Event::Deleted { target: Seq(1), by: person("ben") }));
    assert!(timeline.pins.get_untracked().is_empty());
    assert!(matches!(content(&timeline, 1), Event::Tombstone { .. }));
    let Event::Message { reply_to: Some(quote), .. } = content(&timeline, 3) else { panic!() };
    assert_eq!(quote.excerpt, "");
}

#[test]
fn a_page_of_long_ago_pages_both_ways_and_comes_back_to_now() {
    let (live, _) = connected();
    let all: Vec<Entry> = (1..=100).map(|seq| said(seq, "ben", &format!("b{seq}"))).collect();
    let slice = |from: usize, to: usize| Page {
        entries: all[from - 1..to].to_vec(),
        epoch: EPOCH,
        begins: Seq(1),
        head: Seq(100),
    };
    let old = Opened { page: slice(41, 60), ..page(vec![]) };
    let timeline = Timeline::new(old, person("ann").id, app::Zone::UTC);
    live.follow(&timeline);
    assert!(timeline.has_newer.get_untracked() && timeline.has_older.get_untracked());
    // News of now change what is shown, but are not put below it.
    hear(&live, &said(101, "ben", "b101"));
    hear(&live, &entry(102, "n102", Event::Deleted { target: Seq(50), by: person("ben") }));
    assert_eq!(rows(&timeline).len(), 20);
    assert!(matches!(content(&timeline, 50), Event::Tombstone { .. }));

    timeline.extend(slice(61, 90));
    timeline.prepend(slice(31, 40));
    assert_eq!((rows(&timeline).len(), timeline.first(), timeline.last()), (60, Seq(31), Seq(90)));
    timeline.extend(slice(95, 100));
    assert_eq!(timeline.last(), Seq(90), "a slice that does not fit is passed over");

    // Who writes comes back to now.
    post(&live, "a1");
    assert!(live.due(0.0).contains(&Order::Load(topic())));
    let now = Opened { page: Page { head: Seq(102), ..slice(81, 100) }, ..page(vec![]) };
    live.reloaded(Opened {
        page: Page { entries: [&all[80..], &[said(101, "ben", "b101")]].concat(), ..now.page.clone() },
        ..now
    });
    assert_eq!(rows(&timeline).last(), Some(&row("a1", None, SENDING)));
}

#[test]
fn a_change_goes_out_at_once_or_not_at_all() {
    let (live, _) = connected();
    sent(&live, 0.0);
    let id = || SendId::new("c1").unwrap();
    assert!(live.amend(&topic(), id(), Seq(1), Amendment::Delete));
    let frames = sent(&live, 0.0);
    assert_eq!((&frames[0]["action"], &frames[0]["target"]), (&json!("delete"), &json!(1)));
    let refused =
        json!({"event": "refused", "code": "not_author", "message": "No.", "ref": frames[0]["ref"]});
    live.heard(&refused.to_string(), 0.0);
    assert_eq!(live.trouble.get_untracked().as_deref(), Some("No."));
    live.closed(1006, 0.0, 1.0);
    assert!(!live.amend(&topic(), id(), Seq(1), Amendment::Delete));
}
