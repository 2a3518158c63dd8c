//! The limits of open topics, which need no account: their number, their size, and the publishing rate of a network.

use std::path::Path;

use serde_json::{Value, json};
use server::{Config, OpenTopics, ServerHandle, StoreChoice};

use crate::people::{Socket, post, raw, with};

/// Publishes a message and returns the response: the status, and the problem document or the Seq.
async fn publish(server: &ServerHandle, from: &str, topic: &str, data: &Value) -> (u16, Value, String) {
    let mut headers = "Content-Type: application/json\r\n".to_owned();
    if !from.is_empty() {
        headers.push_str(&format!("X-Forwarded-For: {from}\r\n"));
    }
    let body = json!({ "topic": topic, "data": data }).to_string();
    let (status, answer) = raw(server, &post("/publish", &headers, &body)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap(), head.to_owned())
}

/// As [`publish`], from this machine; returns the status and the code of a refusal.
async fn publish_here(server: &ServerHandle, topic: &str, data: &Value) -> (u16, Value) {
    let (status, answer, _) = publish(server, "", topic, data).await;
    (status, answer["code"].clone())
}

/// Starts a server on each store.
async fn servers(folder: &Path, set: impl Fn(&mut Config)) -> [ServerHandle; 2] {
    let memory = with(&set).await;
    let sqlite = with(|config| {
        (config.store, config.data) = (StoreChoice::Sqlite, folder.to_owned());
        set(config);
    });
    [memory, sqlite.await]
}

#[tokio::test]
async fn nobody_fills_a_server_with_open_topics() {
    let folder = tempfile::tempdir().unwrap();
    for server in servers(folder.path(), |config| config.limits.open_topics = 2).await {
        for topic in ["orders/eu", "注文", "orders/eu", "注文"] {
            assert_eq!(publish_here(&server, topic, &json!("x")).await, (200, Value::Null), "{topic}");
        }
        let (status, problem, head) = publish(&server, "", "weather", &json!("x")).await;
        assert_eq!((status, &problem["code"]), (507, &json!("too_many_open_topics")), "{problem}");
        assert!(head.contains("application/problem+json"), "{head}");
        let says = "This server has 2 open topics, which is the limit. Publish to an existing one, or ask the \
                    operator to raise open_topics_limit.";
        assert_eq!(problem["detail"], says);

        let mut socket = Socket::arrive(&server, &[]).await;
        let refused = socket.asks(r#"{"action":"publish","topic":"weather","data":1,"ref":7}"#).await;
        assert_eq!(
            (&refused["code"], &refused["ref"]),
            (&json!("too_many_open_topics"), &json!(7)),
            "{refused}"
        );
        assert_eq!(socket.asks(r#"{"action":"publish","topic":"注文","data":1}"#).await["event"], "ack");
        assert_eq!(
            socket.asks(r#"{"action":"subscribe","topic":"weather"}"#).await["head"],
            0,
            "it has not begun"
        );
        drop(socket);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_data_of_open_topics_has_a_bound_and_people_talk_on() {
    let folder = tempfile::tempdir().unwrap();
    for server in servers(folder.path(), |config| config.limits.open_topics_bytes = 1_000).await {
        assert_eq!(publish_here(&server, "news", &json!("x".repeat(600))).await.0, 200);
        for topic in ["news", "other"] {
            let full = (507, json!("open_topics_full"));
            assert_eq!(publish_here(&server, topic, &json!("x".repeat(600))).await, full, "{topic}");
        }
        let mut socket = Socket::arrive(&server, &[]).await;
        let frame = json!({ "action": "publish", "topic": "news", "data": "x".repeat(600) }).to_string();
        assert_eq!(socket.asks(&frame).await["code"], "open_topics_full");
        drop(socket);
        assert_eq!(publish_here(&server, "news", &json!("x".repeat(100))).await.0, 200, "what fits goes in");

        let (ann, _) = crate::people::guest(&server, "Ann").await;
        let group = server.chat().create_group(&ann, "茶", wire::JoinPolicy::Open).await.unwrap().id;
        let said = "long ".repeat(500);
        let topic = wire::Topic::group(group);
        server.chat().post(&ann, topic, server.chat().new_send_id(), &said, None).await.unwrap();
        server.stop().await;
    }
}

#[tokio::test]
async fn a_restart_does_not_empty_what_open_topics_hold() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        with(|config| {
            (config.store, config.data) = (StoreChoice::Sqlite, folder.path().to_owned());
            (config.limits.open_topics, config.limits.open_topics_bytes) = (1, 1_000);
        })
    };
    let server = start().await;
    assert_eq!(publish_here(&server, "news", &json!("x".repeat(600))).await.0, 200);
    server.stop().await;
    let server = start().await;
    assert_eq!(publish_here(&server, "other", &json!("x")).await, (507, json!("too_many_open_topics")));
    assert_eq!(
        publish_here(&server, "news", &json!("x".repeat(600))).await,
        (507, json!("open_topics_full"))
    );
    assert_eq!(publish_here(&server, "news", &json!("x")).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn each_network_publishes_at_a_pace_and_this_machine_as_it_likes() {
    let folder = tempfile::tempdir().unwrap();
    let set = |config: &mut Config| {
        config.open_topics = OpenTopics::Everyone;
        config.trusted_proxies = Some(vec!["127.0.0.1/32".parse().unwrap()]);
        (config.limits.publish_burst, config.limits.publish_per_second) = (3, 0.001);
    };
    for server in servers(folder.path(), set).await {
        // Addresses of one IPv6 /64 are one network.
        for from in ["2001:db8:0:7::1", "2001:db8:0:7::2", "[2001:db8:0:7:ffff::3]"] {
            assert_eq!(publish(&server, from, "news", &json!(1)).await.0, 200, "{from}");
        }
        let (status, problem, head) = publish(&server, "2001:db8:0:7::4", "other", &json!(1)).await;
        assert_eq!((status, &problem["code"]), (429, &json!("too_fast")), "{problem}");
        assert!(head.contains("retry-after: "), "{head}");
        let forwarded = [("x-forwarded-for", "2001:db8:0:7::5")];
        let mut socket = Socket::arrive(&server, &forwarded).await;
        let refused = socket.asks(r#"{"action":"publish","topic":"news","data":1}"#).await;
        assert_eq!(refused["code"], "too_fast", "{refused}");
        assert!(refused["retry_ms"].is_number(), "{refused}");
        drop(socket);

        assert_eq!(publish(&server, "2001:db8:0:8::1", "news", &json!(1)).await.0, 200, "another network");
        for number in 0..20 {
            assert_eq!(publish_here(&server, "news", &json!(number)).await.0, 200, "this machine");
        }
        server.stop().await;
    }
}
