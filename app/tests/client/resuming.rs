//! Reconnecting: subscriptions and requests on a new connection.

use app::client::Effect;
use leptos::prelude::*;
use serde_json::json;
use wire::Topic;

use crate::fixtures::{
    DELIVERED, EPOCH, SENDING, connected, hear, page, person, post, row, rows, said, sent, topic,
};

#[test]
fn a_connection_resumes_everything_from_where_the_page_stands() {
    let (client, _) = connected();
    let frames = sent(&client, 0.0);
    let since = |seq| json!({"epoch": EPOCH, "seq": seq});
    let subscribed = frames.iter().filter(|frame| frame["action"] == "subscribe");
    let subscribed: Vec<_> =
        subscribed.map(|frame| (frame["topic"].clone(), frame["since"].clone())).collect();
    assert_eq!(subscribed, [(json!(Topic::user(person("ann").id)), since(1)), (json!(topic()), since(1))]);
}

#[test]
fn a_hole_is_asked_for_and_never_shown() {
    let (client, timeline) = connected();
    sent(&client, 0.0);
    hear(&client, &said(3, "ben", "b3"));
    assert_eq!(rows(&timeline).len(), 1);
    let asked = sent(&client, 0.0);
    assert_eq!((&asked[0]["action"], &asked[0]["since"]["seq"]), (&json!("subscribe"), &json!(1)));
}

#[test]
fn a_reset_loads_the_group_anew_and_forgets_nothing_that_came_meanwhile() {
    let (client, timeline) = connected();
    post(&client, "a1");
    let reset = json!({"event":"reset","topic":topic(),"reason":"too_far_behind","cursor":{"epoch":EPOCH,"seq":9},"begins":1});
    client.heard(&reset.to_string(), 0.0);
    assert!(client.due(0.0).contains(&Effect::Load(topic())));
    hear(&client, &said(10, "ben", "b10"));
    assert_eq!(rows(&timeline).len(), 2, "what comes now waits for the page");
    client.reloaded(page(vec![said(8, "ben", "b8"), said(9, "ben", "b9")]));
    let expected = [
        row("b8", Some(8), DELIVERED),
        row("b9", Some(9), DELIVERED),
        row("b10", Some(10), DELIVERED),
        row("a1", None, SENDING),
    ];
    assert_eq!(rows(&timeline), expected);
}

#[test]
fn who_loses_the_seat_is_told_and_asks_no_more() {
    let (client, timeline) = connected();
    let ended =
        json!({"event":"unsubscribed","topic":topic(),"refused":{"code":"not_member","message":"No."}});
    client.heard(&ended.to_string(), 0.0);
    assert!(timeline.seat_lost.get_untracked());
    client.closed(1012, 0.0, 0.0);
    client.due(0.0);
    client.opened(1.0);
    assert!(sent(&client, 1.0).iter().all(|frame| frame["topic"] != json!(topic())));
}

#[test]
fn a_failed_read_at_the_server_is_asked_for_again_and_takes_no_seat() {
    let (client, timeline) = connected();
    let frames = sent(&client, 0.0);
    let asked = frames.iter().find(|frame| frame["topic"] == json!(topic())).unwrap();
    let refused = json!({
        "event": "refused", "code": "unavailable", "message": "Later.", "retry_ms": 1000, "ref": asked["ref"]
    });
    client.heard(&refused.to_string(), 0.0);
    assert!(!timeline.seat_lost.get_untracked());
    assert_eq!(client.next_at(0.0), Some(1_000.0));
    assert_eq!(sent(&client, 999.0), [json!(null); 0]);
    assert_eq!(sent(&client, 1_000.0)[0]["topic"], json!(topic()));
}

#[test]
fn a_page_that_could_not_be_loaded_is_loaded_later() {
    let (client, _) = connected();
    client.due(0.0);
    client.load_failed(topic(), 0.0);
    assert_eq!(client.due(1_999.0), []);
    assert_eq!(client.due(2_000.0), [Effect::Load(topic())]);
}
