//! Fixtures: ann, who has the group tea open and is connected; the rows she sees and the frames she sends.

use app::ChatClient;
use app::client::{Effect, RowState, Timeline};
use leptos::prelude::*;
use serde_json::Value;
use wire::{
    ConversationItem, ConversationSummary, ConversationView, Cursor, Description, Entry, Epoch, Event,
    GroupId, GroupName, GroupSummary, JoinPolicy, Member, NotificationLevel, Overview, Person, PersonName,
    RichText, Role, Rows, SendId, Seq, Settings, Timestamp, Topic, UserId,
};

pub(crate) const EPOCH: Epoch = Epoch(7);

pub(crate) fn person(name: &str) -> Person {
    let mut bytes = [0; 10];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Person { id: UserId::from_bytes(bytes), name: PersonName::new(name).unwrap() }
}

pub(crate) fn tea() -> GroupSummary {
    GroupSummary { id: GroupId::from_bytes([7; 10]), name: GroupName::new("tea").unwrap() }
}

pub(crate) fn settings() -> Settings {
    Settings {
        name: tea().name,
        description: Description::default(),
        limit: 10,
        join_policy: JoinPolicy::Open,
        announcing: false,
        slow_s: 0,
        archived: false,
    }
}

/// Returns the group's item in the list of conversations, with this head.
pub(crate) fn mine(head: u64) -> ConversationItem {
    ConversationItem {
        what: ConversationSummary::Group(tea()),
        unread: 0,
        mentions: 0,
        notify: NotificationLevel::All,
        hidden: false,
        head: Seq(head),
        at: Timestamp(0),
    }
}

pub(crate) fn topic() -> Topic {
    Topic::group(tea().id)
}

pub(crate) fn said(seq: u64, by: &str, id: &str) -> Entry {
    let event = Event::message(person(by), id.into(), RichText::plain(id), None);
    entry(seq, id, event)
}

pub(crate) fn entry(seq: u64, id: &str, data: Event) -> Entry {
    Entry { id: SendId::new(id).unwrap(), topic: topic(), seq: Seq(seq), data, timestamp: Timestamp(0) }
}

pub(crate) fn page(entries: Vec<Entry>) -> ConversationView {
    let head = entries.last().map_or(Seq::ZERO, |last| last.seq);
    let ann = Member { delivered: head, read: head, ..Member::new(person("ann"), Role::Admin, Timestamp(0)) };
    let from = entries.first().map_or(Seq(1), |first| first.seq);
    let page = Rows { entries, epoch: EPOCH, begins: Seq(1), head, from, to: head };
    ConversationView {
        what: ConversationSummary::Group(tea()),
        settings: Some(settings()),
        blocked: false,
        blocks: false,
        notify: NotificationLevel::All,
        hidden: false,
        members: vec![ann],
        member_count: 1,
        members_at: head,
        page,
        pins: vec![],
        read: head,
    }
}

/// Returns the client of ann, who has a group with one message open and is connected, and its timeline.
pub(crate) fn connected() -> (ChatClient, Timeline) {
    let visit = Overview {
        me: person("ann"),
        mine: vec![mine(1)],
        more: false,
        cursor: Cursor { epoch: EPOCH, seq: Seq(1) },
        file_bytes: 1_000,
    };
    let client = ChatClient::new(visit);
    let timeline = Timeline::new(page(vec![said(1, "ben", "b1")]), person("ann").id, app::Zone::UTC);
    client.follow(&timeline);
    assert!(client.due(0.0).contains(&Effect::Connect));
    client.opened(0.0);
    (client, timeline)
}

/// Returns the frames that are due, without subscriptions.
pub(crate) fn sent(client: &ChatClient, now: f64) -> Vec<Value> {
    let orders = client.due(now);
    let frames = orders.iter().filter_map(|order| match order {
        Effect::Send(frame) => Some(serde_json::from_str::<Value>(frame).unwrap()),
        _ => None,
    });
    frames.collect()
}

pub(crate) fn posts(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter(|f| f["action"] == "post").map(|f| f["id"].as_str().unwrap()).collect()
}

pub(crate) fn hear(client: &ChatClient, entry: &Entry) {
    client.heard(&serde_json::to_string(entry).unwrap(), 0.0);
}

pub(crate) fn rows(timeline: &Timeline) -> Vec<(String, Option<u64>, RowState)> {
    timeline.rows.with_untracked(|rows| {
        let show = |row: &app::client::Row| {
            let content = row.content.get_untracked();
            let id = row.key.split_once('/').map_or(row.key.as_str(), |(_, id)| id).to_owned();
            (id, content.seq.map(|seq| seq.0), content.state)
        };
        rows.iter().map(show).collect()
    })
}

pub(crate) fn post(client: &ChatClient, id: &str) {
    client.post(&topic(), SendId::new(id).unwrap(), id, None, Vec::new(), 0.0);
}

pub(crate) fn row(id: &str, seq: Option<u64>, state: RowState) -> (String, Option<u64>, RowState) {
    (id.into(), seq, state)
}

pub(crate) const SENDING: RowState = RowState::Sending;
pub(crate) const DELIVERED: RowState = RowState::Delivered;

pub(crate) fn content(timeline: &Timeline, seq: u64) -> Event {
    timeline.content(Seq(seq)).unwrap().event
}
