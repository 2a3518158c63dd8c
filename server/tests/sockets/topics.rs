//! Open topics over HTTP and the socket: the frames and requests that scripts and pages use.

use crate::people::{Socket, get, post, raw, server};
use chat::Caller;
use serde_json::json;
use wire::{Json, Topic};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn what_is_published_is_in_history_and_comes_to_subscribers_in_one_shape() {
    let server = server().await;
    let mut page = Socket::arrive(&server, &[]).await;
    let subscribed = page.asks(r#"{"action":"subscribe","topic":"notifications","ref":1}"#).await;
    assert_eq!(
        (&subscribed["event"], &subscribed["ref"], &subscribed["head"]),
        (&json!("subscribed"), &json!(1), &json!(0))
    );

    let body = r#"{"topic":"notifications","data":{"message":"Hello","n":12345678901234567890123}}"#;
    let (status, answer) = raw(&server, &post("/publish", JSON, body)).await;
    assert_eq!(status, 200, "{answer}");
    let entry = page.hears().await;
    assert_eq!(
        (&entry["topic"], &entry["seq"], &entry["data"]["message"]),
        (&json!("notifications"), &json!(1), &json!("Hello"))
    );
    assert!(
        answer.contains(entry["id"].as_str().unwrap())
            && answer.contains(entry["timestamp"].as_str().unwrap())
    );

    let (status, history) = raw(&server, &get("/topics/notifications/history", "")).await;
    assert_eq!(status, 200);
    assert!(history.contains("x-hubbub-head: 1") && history.contains("x-hubbub-begins: 1"), "{history}");
    assert!(history.contains("12345678901234567890123"), "every digit: {history}");
    let list: serde_json::Value = serde_json::from_str(history.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(list[0]["id"], entry["id"]);

    assert_eq!(
        page.asks(r#"{"action":"unsubscribe","topic":"notifications"}"#).await["event"],
        "unsubscribed"
    );
    raw(&server, &post("/publish", JSON, body)).await;
    assert_eq!(page.asks(r#"{"action":"ping","ref":"x"}"#).await, json!({"event":"pong","ref":"x"}));
    server.stop().await;
}

#[tokio::test]
async fn the_same_id_is_the_same_message_and_never_another_one() {
    let server = server().await;
    let publish =
        |data: &str| post("/publish", JSON, &format!(r#"{{"topic":"orders/eu","id":"o-1","data":{data}}}"#));
    assert!(raw(&server, &publish("1")).await.1.contains(r#""duplicate":false"#));
    assert!(raw(&server, &publish("1")).await.1.contains(r#""duplicate":true"#));
    let (status, answer) = raw(&server, &publish("2")).await;
    assert_eq!(status, 409);
    assert!(answer.contains(r#""code":"send_id_taken""#), "{answer}");
    let (_, history) = raw(&server, &get("/topics/orders%2Feu/history?after=0&limit=5", "")).await;
    assert_eq!(history.matches("o-1").count(), 1, "{history}");
    server.stop().await;
}

#[tokio::test]
async fn who_comes_back_with_a_cursor_gets_the_whole_gap_or_hears_why_not() {
    let server = server().await;
    let mut page = Socket::arrive(&server, &[]).await;
    for n in 1..=5 {
        let frame = format!(r#"{{"action":"publish","topic":"a","data":{n}}}"#);
        assert_eq!(page.asks(&frame).await["seq"], n);
    }
    let begun = page.asks(r#"{"action":"subscribe","topic":"a"}"#).await;
    let epoch = begun["cursor"]["epoch"].as_str().unwrap().to_owned();
    let since = |epoch: &str, seq: u64| {
        format!(r#"{{"action":"subscribe","topic":"a","since":{{"epoch":"{epoch}","seq":{seq}}}}}"#)
    };

    assert_eq!(page.asks(&since(&epoch, 2)).await["event"], "subscribed");
    for seq in 3..=5 {
        assert_eq!(page.hears().await["seq"], seq);
    }
    for (epoch, seq, reason) in [("00000000000000ff", 2, "epoch_changed"), (&epoch, 99, "ahead")] {
        assert_eq!(page.asks(&since(epoch, seq)).await["event"], "subscribed");
        let reset = page.hears().await;
        assert_eq!(
            (&reset["event"], &reset["reason"], &reset["cursor"]["seq"]),
            (&json!("reset"), &json!(reason), &json!(5))
        );
    }
    for n in 0..1_001 {
        page.says(&format!(r#"{{"action":"publish","topic":"b","data":{n}}}"#)).await;
        assert_eq!(page.hears().await["event"], "ack");
    }
    let far = since(&epoch, 0).replace("\"a\"", "\"b\"");
    assert_eq!(page.asks(&far).await["event"], "subscribed");
    assert_eq!(page.hears().await["reason"], "too_far_behind");
    server.stop().await;
}

// On several threads, so that a shard can be faster than the connection's own task.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_answer_to_a_subscription_comes_before_everything_that_follows_its_cursor() {
    let server = server().await;
    let mut page = Socket::arrive(&server, &[]).await;
    page.asks(r#"{"action":"subscribe","topic":"news"}"#).await;
    let chat = std::sync::Arc::clone(server.chat());
    let publishing = tokio::spawn(async move {
        let (caller, topic) =
            (Caller { open_topics: true, ..Caller::default() }, Topic::new("news").unwrap());
        loop {
            chat.publish(&caller, topic.clone(), None, Json::new("1").unwrap()).await.unwrap();
        }
    });
    // The connection that keeps the log alive must read it, too.
    let reading = tokio::spawn(async move { while page.hears_anything().await.is_some() {} });
    let mut late = Socket::arrive(&server, &[]).await;
    for _ in 0..500 {
        late.says(r#"{"action":"subscribe","topic":"news"}"#).await;
        let first = late.hears().await;
        assert_eq!(first["event"], "subscribed", "{first}");
        assert_eq!(late.hears().await["seq"], json!(first["head"].as_u64().unwrap() + 1));
        late.says(r#"{"action":"unsubscribe","topic":"news"}"#).await;
        while late.hears().await["event"] != "unsubscribed" {}
    }
    publishing.abort();
    server.stop().await;
    reading.await.unwrap();
}
