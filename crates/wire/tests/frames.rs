//! Golden frames: what these lines say is what clients in the field speak. A change here is a change of the
//! public protocol.

use wire::{
    Action, ClientFrame, CloseCode, Cursor, Entry, Epoch, FromServer, Json, Ref, Refusal, Refused,
    ServerFrame,
};
use wire::{Amendment, DeliveryState, Emoji, FileId, NewAttachment, ReadState, Receipt, UserId};
use wire::{ResetReason, SendId, Seq, Timestamp, Topic, limits};

fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

fn id(text: &str) -> SendId {
    SendId::new(text).unwrap()
}

fn file() -> FileId {
    "00000000000000zz".parse().unwrap()
}

fn user() -> UserId {
    "00000000000000zz".parse().unwrap()
}

fn cursor(seq: u64) -> Cursor {
    Cursor { epoch: Epoch(0xfeed), seq: Seq(seq) }
}

fn amend(amendment: Amendment) -> Action {
    Action::Amend { topic: topic("a"), id: id("x1"), target: Seq(7), amendment }
}

#[test]
fn every_action_has_its_frame() {
    let frames = [
        (r#"{"action":"authenticate","token":"a.b.c"}"#, Action::Authenticate { token: "a.b.c".into() }),
        (
            r#"{"action":"subscribe","topic":"notifications"}"#,
            Action::Subscribe { topic: topic("notifications"), since: None },
        ),
        (
            r#"{"action":"subscribe","since":{"epoch":"000000000000feed","seq":7},"topic":"a/b"}"#,
            Action::Subscribe { topic: topic("a/b"), since: Some(cursor(7)) },
        ),
        (
            r#"{"action":"unsubscribe","topic":"notifications"}"#,
            Action::Unsubscribe { topic: topic("notifications") },
        ),
        (
            r#"{"action":"post","id":"x1","text":"*hi*","topic":"group/00000000000000zz"}"#,
            Action::Post {
                topic: topic("group/00000000000000zz"),
                id: id("x1"),
                text: "*hi*".into(),
                reply_to: None,
                recipients: None,
                attachments: Vec::new(),
            },
        ),
        (
            r#"{"action":"post","id":"x1","recipients":["00000000000000zz"],"text":"hi","topic":"a"}"#,
            Action::Post {
                topic: topic("a"),
                id: id("x1"),
                text: "hi".into(),
                reply_to: None,
                recipients: Some(vec![user()]),
                attachments: Vec::new(),
            },
        ),
        (
            r#"{"action":"post","id":"x1","reply_to":7,"text":"hi","topic":"a"}"#,
            Action::Post {
                topic: topic("a"),
                id: id("x1"),
                text: "hi".into(),
                reply_to: Some(Seq(7)),
                recipients: None,
                attachments: Vec::new(),
            },
        ),
        (
            r#"{"action":"post","attachments":[{"id":"00000000000000zz"},{"alt":"Tea","id":"00000000000000zz"}],"id":"x1","text":"","topic":"a"}"#,
            Action::Post {
                topic: topic("a"),
                id: id("x1"),
                text: String::new(),
                reply_to: None,
                recipients: None,
                attachments: ["", "Tea"].map(|alt| NewAttachment { id: file(), alt: alt.into() }).into(),
            },
        ),
        (
            r#"{"action":"edit","id":"x1","target":7,"text":"hi","topic":"a"}"#,
            amend(Amendment::Edit("hi".into())),
        ),
        (r#"{"action":"delete","id":"x1","target":7,"topic":"a"}"#, amend(Amendment::Delete)),
        (
            r#"{"action":"react","emoji":"👍","id":"x1","on":true,"target":7,"topic":"a"}"#,
            amend(Amendment::React(Emoji::new("👍").unwrap(), true)),
        ),
        (r#"{"action":"pin","id":"x1","on":false,"target":7,"topic":"a"}"#, amend(Amendment::Pin(false))),
        (
            r#"{"action":"publish","data":{"n":1},"topic":"news"}"#,
            Action::Publish { topic: topic("news"), id: None, data: Json::new(r#"{"n":1}"#).unwrap() },
        ),
        (
            r#"{"action":"read","seq":7,"topic":"a"}"#,
            Action::Read { topic: topic("a"), seq: Seq(7), back: false },
        ),
        (
            r#"{"action":"read","back":true,"seq":7,"topic":"a"}"#,
            Action::Read { topic: topic("a"), seq: Seq(7), back: true },
        ),
        (
            r#"{"action":"delivered","seq":7,"topic":"a"}"#,
            Action::Delivered { topic: topic("a"), seq: Seq(7) },
        ),
        (r#"{"action":"marks","topic":"a"}"#, Action::Marks { topic: topic("a") }),
        (r#"{"action":"receipts","seq":7,"topic":"a"}"#, Action::Receipts { topic: topic("a"), seq: Seq(7) }),
        (r#"{"action":"unread","topic":"a"}"#, Action::Unread { topic: topic("a") }),
        (r#"{"action":"presence","away":true}"#, Action::Presence { away: true }),
        (r#"{"action":"typing","topic":"a"}"#, Action::Typing { topic: topic("a") }),
        (r#"{"action":"ping"}"#, Action::Ping),
    ];
    for (text, action) in frames {
        let request = ClientFrame { action, reference: None };
        assert_eq!(request.encode(), text);
        assert_eq!(ClientFrame::decode(text), Ok(request));
    }
}

#[test]
fn an_answer_can_be_told_by_its_ref_even_when_it_is_a_no() {
    let request = ClientFrame::decode(r#"{"ref":"a","action":"ping","later":[{}]}"#).unwrap();
    assert_eq!(request.encode(), r#"{"action":"ping","ref":"a"}"#);
    let refused = ClientFrame::decode(r#"{"ref":7,"action":"fly"}"#).unwrap_err();
    assert_eq!((refused.refusal, refused.reference), (Refusal::ActionUnknown, Some(Ref::number(7))));
}

#[test]
fn bad_frames_are_told_what_would_be_right() {
    let long = format!(r#"{{"action":"ping","x":"{}"}}"#, "x".repeat(limits::FRAME_BYTES));
    let name = format!(r#"{{"action":"subscribe","topic":"{}"}}"#, "x".repeat(limits::TOPIC_BYTES + 1));
    let cases = [
        ("", "json_bad"),
        ("{", "json_bad"),
        ("{} {}", "json_bad"),
        ("[1]", "json_not_object"),
        ("\"subscribe\"", "json_not_object"),
        ("{}", "action_missing"),
        (r#"{"action":7}"#, "field_wrong"),
        (r#"{"action":"fly"}"#, "action_unknown"),
        (r#"{"action":"subscribe"}"#, "field_missing"),
        (r#"{"action":"subscribe","topic":["a"]}"#, "field_wrong"),
        (r#"{"action":"subscribe","topic":"two words"}"#, "topic_bad"),
        (r#"{"action":"subscribe","topic":"a","since":7}"#, "field_wrong"),
        (r#"{"action":"subscribe","topic":"a","since":{"epoch":"x","seq":1}}"#, "field_wrong"),
        (
            r#"{"action":"subscribe","topic":"a","since":{"epoch":"000000000000feed","seq":-1}}"#,
            "field_wrong",
        ),
        (r#"{"action":"post","topic":"a","text":"hi"}"#, "field_missing"),
        (r#"{"action":"post","topic":"a","id":"a b","text":"hi"}"#, "send_id_bad"),
        (r#"{"action":"post","topic":"a","id":"~x","text":"hi"}"#, "send_id_bad"),
        (r#"{"action":"post","topic":"a","id":"x","text":7}"#, "field_wrong"),
        (r#"{"action":"post","topic":"a","id":"x","text":"hi","recipients":["ann"]}"#, "field_wrong"),
        (r#"{"action":"edit","topic":"a","id":"x","text":"hi"}"#, "field_missing"),
        (r#"{"action":"react","topic":"a","id":"x","target":1,"emoji":"yes","on":true}"#, "emoji_bad"),
        (r#"{"action":"react","topic":"a","id":"x","target":1,"emoji":"👍","on":1}"#, "field_wrong"),
        (r#"{"action":"pin","topic":"a","id":"x","target":-1,"on":true}"#, "field_wrong"),
        (r#"{"action":"publish","topic":"a"}"#, "field_missing"),
        (r#"{"action":"ping","ref":{}}"#, "field_wrong"),
        (&long, "frame_too_large"),
        (&name, "topic_bad"),
    ];
    for (text, code) in cases {
        let refused = ClientFrame::decode(text).unwrap_err();
        assert_eq!(refused.refusal.code(), code, "{}", &text[..text.len().min(60)]);
    }
}

#[test]
fn every_notice_has_its_frame() {
    let reference = Some(Ref::number(7));
    let refused = Refused::from(&Refusal::TooFast { retry_ms: 1_500 });
    let frames = [
        (
            r#"{"event":"read","topic":"a","seq":7,"unread":2,"mentions":1}"#,
            ServerFrame::Read { topic: topic("a"), seq: Seq(7), unread: 2, mentions: 1, reference: None },
        ),
        (
            r#"{"event":"marks","topic":"a","marks":[{"user":"00000000000000zz","delivered":7,"read":5}]}"#,
            ServerFrame::Marks {
                topic: topic("a"),
                marks: vec![ReadState { user: user(), delivered: Seq(7), read: Seq(5) }],
                reference: None,
            },
        ),
        (
            r#"{"event":"receipts","topic":"a","seq":7,"recipients":[{"user":"00000000000000zz","state":"delivered"}]}"#,
            ServerFrame::Receipts {
                topic: topic("a"),
                seq: Seq(7),
                recipients: vec![Receipt { user: user(), state: DeliveryState::Delivered }],
                reference: None,
            },
        ),
        (
            r#"{"event":"presence","topic":"a","here":["00000000000000zz"],"away":[]}"#,
            ServerFrame::Presence { topic: topic("a"), here: vec![user()], away: vec![] },
        ),
        (
            r#"{"event":"welcome"}"#,
            ServerFrame::Welcome { me: None, application: None, expires: None, reference: None },
        ),
        (
            r#"{"event":"welcome","application":"00000000000000zz","expires":"1970-01-01T00:00:01.000Z","ref":7}"#,
            ServerFrame::Welcome {
                me: None,
                application: Some("00000000000000zz".into()),
                expires: Some(Timestamp(1_000)),
                reference: reference.clone(),
            },
        ),
        (
            r#"{"event":"subscribed","topic":"a","cursor":{"epoch":"000000000000feed","seq":3},"head":5,"ref":7}"#,
            ServerFrame::Subscribed {
                topic: topic("a"),
                cursor: cursor(3),
                head: Seq(5),
                reference: reference.clone(),
            },
        ),
        (
            r#"{"event":"unsubscribed","topic":"a"}"#,
            ServerFrame::Unsubscribed { topic: topic("a"), refused: None, reference: None },
        ),
        (
            r#"{"event":"reset","topic":"a","reason":"too_far_behind","cursor":{"epoch":"000000000000feed","seq":9},"begins":4}"#,
            ServerFrame::Reset {
                topic: topic("a"),
                reason: ResetReason::TooFarBehind,
                cursor: cursor(9),
                begins: Seq(4),
            },
        ),
        (
            r#"{"event":"ack","id":"x1","topic":"a","seq":6,"timestamp":"1970-01-01T00:00:00.000Z","duplicate":false,"ref":7}"#,
            ServerFrame::Ack {
                id: id("x1"),
                topic: topic("a"),
                seq: Seq(6),
                timestamp: Timestamp(0),
                duplicate: false,
                reference: reference.clone(),
            },
        ),
        (
            r#"{"event":"refused","code":"too_fast","retry_ms":1500,"ref":7}"#,
            ServerFrame::Refused { refused, reference: reference.clone() },
        ),
        (
            r#"{"event":"refused","code":"frame_too_large","params":{"max":65536}}"#,
            ServerFrame::Refused { refused: Refused::from(&Refusal::FrameTooLarge), reference: None },
        ),
        (r#"{"event":"pong","ref":7}"#, ServerFrame::Pong { reference }),
        (
            r#"{"event":"goodbye","reason":"restart","retry_ms":250}"#,
            ServerFrame::Goodbye { reason: CloseCode::Restart.reason().into(), retry_ms: 250 },
        ),
    ];
    for (text, notice) in frames {
        assert_eq!(notice.encode(), text);
        assert_eq!(FromServer::<serde_json::Value>::decode(text), Some(FromServer::Frame(Box::new(notice))));
    }
    let later = FromServer::<serde_json::Value>::decode(r#"{"event":"sung","song":1}"#);
    assert_eq!(later, Some(FromServer::Frame(Box::new(ServerFrame::Unknown))));
}

#[test]
fn an_entry_has_the_same_shape_everywhere() {
    let text = r#"{"id":"x1","topic":"news","seq":3,"data":{"message":"Hello"},"timestamp":"2026-11-21T04:17:37.250Z"}"#;
    let entry: Entry<Json> = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&entry).unwrap(), text);
    assert_eq!(entry.encode(), text);
    assert!(
        matches!(FromServer::<serde_json::Value>::decode(text), Some(FromServer::Entry(entry)) if entry.seq == Seq(3))
    );
    assert_eq!(FromServer::<serde_json::Value>::decode("{}"), None);
}
