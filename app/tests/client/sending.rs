//! Sending: pending messages, acknowledgements, refusals and retries.

use app::client::{Effect, RowState, Timeline};
use leptos::prelude::*;
use serde_json::{Value, json};
use wire::{Refused, SendId, Timestamp};

use crate::fixtures::{
    DELIVERED, SENDING, connected, hear, page, person, post, posts, row, rows, said, sent, topic,
};

#[test]
fn what_ann_types_is_shown_at_once_and_becomes_the_delivered_row() {
    let (client, timeline) = connected();
    post(&client, "a1");
    post(&client, "a2");
    assert_eq!(rows(&timeline)[1..], [row("a1", None, SENDING), row("a2", None, SENDING)]);
    let keys = |timeline: &Timeline| {
        timeline.rows.with_untracked(|rows| rows.iter().map(|r| r.key.clone()).collect::<Vec<_>>())
    };
    let before = keys(&timeline);
    assert_eq!(posts(&sent(&client, 0.0)), ["a1", "a2"]);
    // Another message was committed first: delivered rows come before pending ones.
    hear(&client, &said(2, "ben", "b2"));
    hear(&client, &said(3, "ann", "a1"));
    let now = [
        row("b1", Some(1), DELIVERED),
        row("b2", Some(2), DELIVERED),
        row("a1", Some(3), DELIVERED),
        row("a2", None, SENDING),
    ];
    assert_eq!(rows(&timeline), now);
    assert_eq!(keys(&timeline)[2], before[1], "the same row, so the same node");
    assert_eq!(posts(&sent(&client, 0.0)), [""; 0]);
}

#[test]
fn what_has_no_answer_goes_again_over_the_next_connection_in_order() {
    let (client, timeline) = connected();
    post(&client, "a1");
    sent(&client, 0.0);
    client.closed(1006, 0.0, 0.5);
    post(&client, "a2");
    assert_eq!(posts(&sent(&client, 1.0)), [""; 0], "not while there is no connection");
    client.opened(2.0);
    assert_eq!(posts(&sent(&client, 2.0)), ["a1", "a2"]);
    // The first message had been committed after all: it arrives with the recovery, and is there once.
    hear(&client, &said(2, "ann", "a1"));
    hear(&client, &said(2, "ann", "a1"));
    assert_eq!(rows(&timeline)[1..], [row("a1", Some(2), DELIVERED), row("a2", None, SENDING)]);
}

#[test]
fn a_refused_message_waits_for_its_writer_and_a_hurried_one_goes_again_by_itself() {
    let (client, timeline) = connected();
    post(&client, "a1");
    post(&client, "a2");
    let frames = sent(&client, 0.0);
    let reference = |id: &str| frames.iter().find(|frame| frame["id"] == id).unwrap()["ref"].clone();
    let refuse = |id, code: &str, retry: Value| {
        let mut frame = json!({"event":"refused","code":code,"message":"No.","ref":reference(id)});
        if !retry.is_null() {
            frame["retry_ms"] = retry;
        }
        client.heard(&frame.to_string(), 0.0);
    };
    refuse("a1", "text_too_long", Value::Null);
    refuse("a2", "too_fast", json!(500));
    assert_eq!(
        rows(&timeline)[1..],
        [row("a1", None, RowState::Failed(Refused::by_code("text_too_long"))), row("a2", None, SENDING)]
    );
    assert_eq!(posts(&sent(&client, 499.0)), [""; 0]);
    assert_eq!(posts(&sent(&client, 500.0)), ["a2"]);
    client.retry(&SendId::new("a1").unwrap());
    assert_eq!(posts(&sent(&client, 501.0)), ["a1"]);
    client.discard(&SendId::new("a1").unwrap());
    assert_eq!(rows(&timeline).len(), 2);
}

#[test]
fn the_outbox_survives_a_reload_and_knows_what_the_page_shows_already() {
    let (client, _) = connected();
    post(&client, "a1");
    post(&client, "a2");
    let kept: Vec<String> = client
        .due(0.0)
        .into_iter()
        .filter_map(|order| match order {
            Effect::Keep(_, text) => Some(text),
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
fn nothing_of_mine_goes_out_under_another_name() {
    let (client, _) = connected();
    client.due(0.0);
    client.closed(1006, 0.0, 0.0);
    post(&client, "a1");
    assert!(client.due(0.0).contains(&Effect::Connect));
    client.opened(0.0);
    client.heard(&json!({"event": "welcome", "me": person("ben")}).to_string(), 0.0);
    assert_eq!(posts(&sent(&client, 0.0)), [""; 0]);
    assert_eq!(client.link.get_untracked(), app::client::LinkState::Ended);
}

#[test]
fn a_message_that_was_a_fact_long_ago_leaves_no_row_at_the_end() {
    let (client, timeline) = connected();
    post(&client, "a1");
    let ack = json!({
        "event": "ack", "id": "a1", "topic": topic(), "seq": 1, "timestamp": Timestamp(0), "duplicate": true
    });
    client.heard(&ack.to_string(), 0.0);
    assert_eq!(rows(&timeline), [row("b1", Some(1), DELIVERED)]);
}
