//! The server as operators and their tools see it: readiness, restores, and graceful shutdown.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::testing::{Gate, SeededChance};
use chat::{Caller, MemoryStore, OsRandom, Store, Window};
use proptest::prelude::*;
use serde_json::{Value, json};
use server::{Config, Server, ServerHandle, StoreChoice};
use store::{Backup, BackupRequest, SqliteStore};
use wire::{Json, Timestamp, Topic};

use crate::people::{Socket, get, guest, post, raw, server};

#[tokio::test]
async fn a_reader_is_reset_when_a_server_without_files_comes_back() {
    let server = server().await;
    publish(&server, 5).await;
    let cursor = subscribed(&server).await["cursor"].clone();
    server.stop().await;
    let server = self::server().await;
    publish(&server, 9).await;
    resets(&server, &cursor).await;
    server.stop().await;
}

#[tokio::test]
async fn a_reader_goes_on_after_a_restart_and_is_reset_after_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup.db"));
    let server = durable(&data).await;
    publish(&server, 5).await;
    assert!(server.stop().await);
    back_up(&data, &backup).await;

    let server = durable(&data).await;
    publish(&server, 10).await;
    let cursor = subscribed(&server).await["cursor"].clone();
    assert_eq!(cursor["seq"], 15);
    assert!(server.stop().await);

    let server = durable(&data).await;
    let mut reader = Socket::arrive(&server, &[]).await;
    assert_eq!(reader.asks(&subscribe(&cursor)).await["event"], "subscribed", "a restart is no restore");
    assert!(server.stop().await);

    store::restore(&data, &backup, true, &OsRandom).unwrap();
    let server = durable(&data).await;
    publish(&server, 20).await;
    resets(&server, &cursor).await;
    assert!(server.stop().await);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// A subscriber at any Seq between the backup and the restore never continues over new entries.
    #[test]
    fn readers_hear_of_a_restore_wherever_they_stood(saved in 1_u64..5, lost in 0_u64..5, after in 0_u64..8, stood in 0_u64..10) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let (data, backup) = (folder.path().join("data"), folder.path().join("backup.db"));
            let server = durable(&data).await;
            publish(&server, saved).await;
            server.stop().await;
            back_up(&data, &backup).await;
            let server = durable(&data).await;
            publish(&server, lost).await;
            let mut cursor = subscribed(&server).await["cursor"].clone();
            server.stop().await;
            cursor["seq"] = json!(stood % (saved + lost + 1));
            store::restore(&data, &backup, true, &OsRandom).unwrap();
            let server = durable(&data).await;
            publish(&server, after).await;
            resets(&server, &cursor).await;
            server.stop().await;
        });
    }
}

#[tokio::test]
async fn while_nothing_can_be_written_people_read_and_the_server_is_not_ready_with_a_reason() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let server = Server::start_over(Config::volatile(), Arc::clone(&gate) as Arc<dyn Store>).await.unwrap();
    let (ann, cookie) = guest(&server, "Ангелина").await;
    assert_eq!(raw(&server, &get("/health/ready", "")).await.0, 200);
    gate.set_broken(true);
    assert!(server.chat().publish(&open(), news(), None, Json::of(&1)).await.is_err());
    let (status, answer) = raw(&server, &get("/health/ready", "")).await;
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("no-store"), "{answer}");
    let problem: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(503), &json!("read_only")));
    assert_eq!(raw(&server, &get("/health/live", "")).await.0, 200);

    // The answer leads an operator to the line in the log, and so does its header to those of this request.
    let publish = |topic: &str| {
        post("/publish", "Content-Type: application/json\r\n", &format!(r#"{{"topic":"{topic}","data":1}}"#))
    };
    let mut ids = Vec::new();
    for topic in ["news", "новости"] {
        let (status, answer) = raw(&server, &publish(topic)).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!((status, &problem["code"]), (503, &json!("unavailable")), "{answer}");
        let (_, fault) = problem["detail"].as_str().unwrap().split_once("(Fault ").unwrap();
        let fault = fault.strip_suffix(".)").unwrap();
        assert!(fault.len() == 8 && fault.bytes().all(|b| b.is_ascii_hexdigit()), "{answer}");
        let request = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        ids.push((fault.to_owned(), request.to_owned()));
    }
    assert_eq!(ids[0].0, ids[1].0, "the same fault has the same id");
    assert_ne!(ids[0].1, ids[1].1, "each request has its own");

    let (status, page) = raw(&server, &get("/", &format!("Cookie: {cookie}\r\n"))).await;
    assert!(status == 200 && page.contains(ann.name.as_str()), "{status}");

    // Nobody writes meanwhile: the recovery is detected by itself.
    gate.set_broken(false);
    while raw(&server, &get("/health/ready", "")).await.0 != 200 {}
    server.stop().await;
}

#[tokio::test]
async fn a_server_whose_disk_hangs_stops_in_its_time() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let mut config = Config::volatile();
    config.timeouts.shutdown = Duration::from_millis(50);
    let server = Server::start_over(config, Arc::clone(&gate) as Arc<dyn Store>).await.unwrap();
    let chat = Arc::clone(server.chat());
    gate.close_gate();
    let hangs = tokio::spawn(async move { chat.publish(&open(), news(), None, Json::of(&1)).await });
    tokio::task::yield_now().await;
    assert!(!server.stop().await, "it says that it left something unfinished");
    assert!(!hangs.is_finished(), "nothing is acknowledged that is not on disk");
}

async fn durable(data: &Path) -> ServerHandle {
    let mut config = Config::volatile();
    (config.store, config.data) = (StoreChoice::Sqlite, data.to_owned());
    Server::start(config).await.unwrap()
}

async fn back_up(data: &Path, file: &Path) {
    let store = SqliteStore::open(data, &OsRandom).unwrap();
    let backup = Backup::of_this_version(Timestamp(1));
    store.back_up(BackupRequest { file: file.to_owned(), replace: false, backup }).await.unwrap();
    store.close().await.unwrap();
}

async fn publish(server: &ServerHandle, count: u64) {
    for number in 0..count {
        server.chat().publish(&open(), news(), None, Json::of(&number)).await.unwrap();
    }
}

fn open() -> Caller {
    Caller { open_topics: true, ..Caller::default() }
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}

async fn subscribed(server: &ServerHandle) -> Value {
    Socket::arrive(server, &[]).await.asks(r#"{"action":"subscribe","topic":"news"}"#).await
}

fn subscribe(since: &Value) -> String {
    json!({"action": "subscribe", "topic": "news", "since": since}).to_string()
}

async fn resets(server: &ServerHandle, cursor: &Value) {
    let mut reader = Socket::arrive(server, &[]).await;
    reader.says(&subscribe(cursor)).await;
    let first = reader.hears().await;
    let reset = if first["event"] == "subscribed" { reader.hears().await } else { first };
    assert_eq!((&reset["event"], &reset["reason"]), (&json!("reset"), &json!("epoch_changed")), "{reset}");
    assert_ne!(reset["cursor"]["epoch"], cursor["epoch"]);
}
