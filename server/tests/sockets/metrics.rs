//! Metrics for the operator.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chat::testing::{Gate, SeededChance};
use chat::{MemoryStore, Store, Window};
use serde_json::json;
use server::{Config, Server, ServerHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::people::{Socket, get, guest, post, raw, server, with};

/// Returns every line of the metrics: name and value.
pub async fn metrics(server: &ServerHandle) -> HashMap<String, f64> {
    let text = scrape(server).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| line.rsplit_once(' ').map(|(name, value)| (name.into(), value.parse().unwrap()));
    lines.filter_map(pair).collect()
}

/// Returns the text of the metrics.
pub async fn scrape(server: &ServerHandle) -> String {
    let mut stream = TcpStream::connect(server.metrics().unwrap()).await.unwrap();
    stream.write_all(get("/metrics", "").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    let (_, text) = answer.split_once("\r\n\r\n").unwrap();
    text.to_owned()
}

#[tokio::test]
async fn the_operator_sees_what_is_delivered_committed_and_held() {
    let server = with(|config| config.metrics = Some("127.0.0.1:0".into())).await;
    // The first commit is that of the hourly sweep.
    while metrics(&server).await["hubbub_commit_writes_sum"] < 1.0 {}
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
    assert_eq!((seen["hubbub_commit_writes_sum"], seen["hubbub_failed_commits_total"]), (4.0, 0.0));
    let sweeps = ["ready", "leased", "dead"]
        .map(|state| seen[&format!("hubbub_jobs{{kind=\"sweep\",state=\"{state}\"}}")]);
    assert_eq!((sweeps, seen["hubbub_oldest_job_seconds{kind=\"sweep\"}"]), ([1.0, 0.0, 0.0], 0.0));
    assert_eq!(seen["hubbub_commit_seconds_count"], seen["hubbub_commit_writes_count"]);
    let resets: f64 = seen.iter().filter(|(name, _)| name.starts_with("hubbub_resets")).map(|(_, n)| n).sum();
    assert_eq!(resets, 1.0, "{seen:?}");
    drop(ben);
    while metrics(&server).await["hubbub_sockets"] > 1.0 {}
    server.stop().await;
}

#[tokio::test]
async fn the_operator_sees_which_requests_were_answered_and_how() {
    let server = with(|config| {
        config.metrics = Some("127.0.0.1:0".into());
        config.sockets.node = 7;
    })
    .await;
    let json = "Content-Type: application/json\r\n";
    for request in [
        get("/health/live", ""),
        get("/avatar/0000000000000000", ""),
        post("/publish", json, r#"{"topic":"news","data":1}"#),
        post("/publish", json, "{"),
        get("/topics/news/history", ""),
        get("/nowhere", ""),
        get("/", "").replace("GET", "BREW"),
    ] {
        assert_ne!(raw(&server, &request).await.0, 0);
    }
    let ann = Socket::arrive(&server, &[]).await;
    let seen = metrics(&server).await;
    let requests = |route: &str, method: &str, status: &str| {
        let labels = format!(r#"route="{route}",method="{method}",status="{status}""#);
        seen.get(&format!("hubbub_http_requests_total{{{labels}}}")).copied()
    };
    for (route, method, status) in [
        ("health", "GET", "2xx"),
        ("publish", "POST", "2xx"),
        ("publish", "POST", "4xx"),
        ("topics", "GET", "2xx"),
        ("page", "GET", "4xx"),
        ("page", "other", "4xx"),
        ("ws", "GET", "1xx"),
    ] {
        assert_eq!(requests(route, method, status), Some(1.0), "{route} {method} {status}: {seen:?}");
    }
    assert_eq!(seen[r#"hubbub_http_request_seconds_count{route="publish"}"#], 2.0);
    assert_eq!((seen["hubbub_sockets"], seen["hubbub_sockets_limit"]), (1.0, 7.0));
    assert!(seen["hubbub_connections"] >= 1.0 && seen["hubbub_connections_limit"] > 1.0, "{seen:?}");
    assert_eq!(seen[&format!(r#"hubbub_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION"))], 1.0);
    assert!(seen["hubbub_start_time_seconds"] > 1e9, "{seen:?}");
    drop(ann);
    server.stop().await;
}

#[tokio::test]
async fn the_operator_sees_that_nothing_can_be_written_and_when_it_can_again() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let config = Config { metrics: Some("127.0.0.1:0".into()), ..Config::volatile() };
    let server = Server::start_over(config, Arc::clone(&gate) as Arc<dyn Store>).await.unwrap();
    guest(&server, "ann").await;
    assert_eq!(metrics(&server).await["hubbub_write_fault"], 0.0);
    gate.set_broken(true);
    let json = "Content-Type: application/json\r\n";
    assert_eq!(raw(&server, &post("/publish", json, r#"{"topic":"news","data":1}"#)).await.0, 503);
    assert_eq!(metrics(&server).await["hubbub_write_fault"], 1.0);
    gate.set_broken(false);
    while metrics(&server).await["hubbub_write_fault"] > 0.0 {}
    server.stop().await;
}

/// The metrics of a database that several nodes share.
pub const SHARED: [&str; 6] = [
    "hubbub_commit_retries_total",
    "hubbub_database_connections_total",
    "hubbub_freshness_age_seconds",
    "hubbub_horizon_age_seconds",
    "hubbub_live_nodes",
    "hubbub_unknown_outcomes_total",
];

/// Returns the names of the metrics in a text of them.
pub fn names(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn the_documentation_lists_every_metric_and_no_other() {
    let server = with(|config| config.metrics = Some("127.0.0.1:0".into())).await;
    raw(&server, &get("/health/live", "")).await;
    let mut served = names(&scrape(&server).await);
    // Those of a shared database, which a node of one has.
    for name in SHARED {
        assert!(served.insert(name.into()), "{name}");
    }
    let documented: BTreeSet<String> = include_str!("../../../docs/operations.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `hubbub_")?.split_once('`'))
        .map(|(name, _)| format!("hubbub_{name}"))
        .collect();
    assert_eq!(served, documented);
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_any_of_it() {
    let server = server().await;
    assert_eq!(server.metrics(), None, "unless it is asked for");
    assert_eq!(raw(&server, &get("/metrics", "")).await.0, 404);
    server.stop().await;
}
