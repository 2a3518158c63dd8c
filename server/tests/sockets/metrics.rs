//! Metrics for the operator.

use std::collections::HashMap;

use serde_json::json;
use server::ServerHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::people::{Socket, get, raw, server, with};

/// Returns every line of the metrics: name and value.
async fn metrics(server: &ServerHandle) -> HashMap<String, f64> {
    let mut stream = TcpStream::connect(server.metrics().unwrap()).await.unwrap();
    stream.write_all(get("/metrics", "").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    let (_, text) = answer.split_once("\r\n\r\n").unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| line.rsplit_once(' ').map(|(name, value)| (name.into(), value.parse().unwrap()));
    lines.filter_map(pair).collect()
}

#[tokio::test]
async fn the_operator_sees_what_is_delivered_committed_and_held() {
    let server = with(|config| config.metrics = Some("127.0.0.1:0".into())).await;
    let mut ann = Socket::arrive(&server, &[]).await;
    let mut ben = Socket::arrive(&server, &[]).await;
    let subscribe = r#"{"action":"subscribe","topic":"news"}"#;
    ann.asks(subscribe).await;
    let begun = ben.asks(subscribe).await;
    for n in 0..3 {
        ann.says(&format!(r#"{{"action":"publish","topic":"news","data":{n}}}"#)).await;
    }
    for _ in 0..3 {
        ben.hears().await;
    }
    // Her own three messages, and three acks.
    for _ in 0..6 {
        ann.hears().await;
    }
    let ahead = json!({ "epoch": begun["cursor"]["epoch"], "seq": 1_000 });
    ben.asks(&json!({ "action": "subscribe", "topic": "news", "since": ahead }).to_string()).await;
    let seen = metrics(&server).await;
    assert_eq!(
        (seen["hubbub_sockets"], seen["hubbub_topics"], seen["hubbub_subscriptions"]),
        (2.0, 1.0, 2.0)
    );
    assert_eq!((seen["hubbub_deliveries_total"], seen["hubbub_slowest_lag_entries"]), (6.0, 0.0));
    assert!(seen["hubbub_writes_total"] >= 4.0 && seen["hubbub_log_bytes"] > 100.0, "{seen:?}");
    assert_eq!((seen["hubbub_commit_writes_sum"], seen["hubbub_failed_commits_total"]), (3.0, 0.0));
    assert_eq!(seen["hubbub_commit_seconds_count"], seen["hubbub_commit_writes_count"]);
    let resets: f64 = seen.iter().filter(|(name, _)| name.starts_with("hubbub_resets")).map(|(_, n)| n).sum();
    assert_eq!(resets, 1.0, "{seen:?}");
    drop(ben);
    while metrics(&server).await["hubbub_sockets"] > 1.0 {}
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_any_of_it() {
    let server = server().await;
    assert_eq!(server.metrics(), None, "unless it is asked for");
    assert_eq!(raw(&server, &get("/metrics", "")).await.0, 404);
    server.stop().await;
}
