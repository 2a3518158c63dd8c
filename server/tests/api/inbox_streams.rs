//! The inbox of a user as a stream.

use std::path::PathBuf;

use chat::MasterSecret;
use serde_json::{Value, json};
use server::{Config, Server, ServerHandle, StoreChoice};
use store::PostgresConfig;
use tempfile::TempDir;

use crate::client::{Program, application, server, with};
use crate::event_source::{EventSource, bearer};

/// Sends a message by its author to a conversation.
async fn say(shop: &Program<'_>, by: &str, conversation: &str, text: &str) {
    let path = format!("/conversations/{conversation}/messages");
    shop.acting_as(by).post(&path, json!({ "text": text })).await.is(201);
}

/// Returns the id of the next event, and its text if it is a message.
async fn next(source: &mut EventSource) -> (String, Option<String>) {
    let event = source.next_called(None).await;
    let text = event.data["data"]["text"].as_str().map(str::to_owned);
    (event.id.expect("each entry has an id"), text)
}

/// Returns the next texts of messages; passes over other entries.
async fn texts(source: &mut EventSource, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        texts.extend(next(source).await.1);
    }
    texts
}

#[tokio::test]
async fn entries_of_all_conversations_come_in_order_and_each_place_resumes_without_loss() {
    let server = server().await;
    let made = application(&server, "Shop").await;
    let shop = Program::new(&server).with(&made.token);
    shop.has_users(&["Zoe", "Omar"]).await;
    shop.has_conversation("tea", &["zoe", "omar"]).await;
    shop.has_conversation("bread", &["zoe", "omar"]).await;
    say(&shop, "zoe", "tea", "before").await;
    let token = bearer(made.token.reveal());
    let omar = [("Authorization", token.as_str()), ("Hubbub-As", "omar")];
    let mut source = EventSource::open(&server, "/inbox", &omar).await;
    assert_eq!(source.status(), "200", "{}", source.head);
    let begin = source.next().await.unwrap();
    assert_eq!(begin.name.as_deref(), Some("subscribed"));
    let begin = begin.id.unwrap();
    let direct = shop.acting_as("zoe").put("/directs/omar", json!({})).await.is(200).body;
    let direct = direct["conversation"].as_str().unwrap().to_owned();
    for (number, conversation) in
        ["tea", "bread", direct.as_str(), "bread", "tea", direct.as_str()].iter().enumerate()
    {
        say(&shop, "zoe", conversation, &number.to_string()).await;
    }
    // A conversation that he joins while he follows.
    shop.has_conversation("late", &["zoe", "omar"]).await;
    say(&shop, "zoe", "late", "6").await;
    let mut all = Vec::new();
    while all.iter().filter(|(_, text): &&(String, Option<String>)| text.is_some()).count() < 7 {
        all.push(next(&mut source).await);
    }
    let expected: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let heard: Vec<String> = all.iter().filter_map(|(_, text)| text.clone()).collect();
    assert_eq!(heard, expected);
    say(&shop, "zoe", "late", "live").await;
    assert_eq!(texts(&mut source, 1).await, ["live"]);
    drop(source);

    let read = shop.acting_as("omar").get(&format!("/inbox?after={begin}")).await.is(200).body;
    let polled: Vec<&Value> = read["entries"].as_array().unwrap().iter().collect();
    assert_eq!(polled.len(), all.len() + 1, "the same as a program that asks");
    for place in 0..all.len() {
        let headers = [omar[0], omar[1], ("Last-Event-ID", all[place].0.as_str())];
        let mut source = EventSource::open(&server, "/inbox", &headers).await;
        for (_, text) in &all[place + 1..] {
            assert_eq!(&next(&mut source).await.1, text, "after the entry {place}");
        }
        assert_eq!(next(&mut source).await.1.as_deref(), Some("live"));
    }
    for query in ["since", "after"] {
        let mut source = EventSource::open(&server, &format!("/inbox?{query}={begin}"), &omar).await;
        assert_eq!(texts(&mut source, 2).await, ["0", "1"], "{query}");
    }
    let wrong = [omar[0], omar[1], ("Last-Event-ID", "7")];
    assert_eq!(EventSource::open(&server, "/inbox", &wrong).await.status(), "400");
    assert!(server.stop().await, "streams do not hold up the end of the server");
}

#[tokio::test]
async fn only_a_client_that_comes_back_confirms_what_it_has() {
    let server = server().await;
    let made = application(&server, "Shop").await;
    let shop = Program::new(&server).with(&made.token);
    shop.has_users(&["Zoe", "Omar"]).await;
    shop.has_conversation("tea", &["zoe", "omar"]).await;
    let token = bearer(made.token.reveal());
    let omar = [("Authorization", token.as_str()), ("Hubbub-As", "omar")];
    let mut source = EventSource::open(&server, "/inbox", &omar).await;
    source.next_called(Some("subscribed")).await;
    let path = "/conversations/tea/messages";
    let sent = shop.acting_as("zoe").post(path, json!({ "text": "here?" })).await.is(201).body["seq"].clone();
    let (id, text) = next(&mut source).await;
    assert_eq!(text.as_deref(), Some("here?"));
    let receipts = format!("{path}/{sent}/receipts");
    let state = async || shop.acting_as("zoe").get(&receipts).await.is(200).body["delivered"].clone();
    // Another entry has come after it, so a confirmation would have been made by now.
    say(&shop, "zoe", "tea", "and this?").await;
    assert_eq!(texts(&mut source, 1).await, ["and this?"]);
    assert_eq!(state().await, 0);
    let back = [omar[0], omar[1], ("Last-Event-ID", id.as_str())];
    let mut source = EventSource::open(&server, "/inbox", &back).await;
    assert_eq!(texts(&mut source, 1).await, ["and this?"]);
    let confirmed = async {
        while state().await != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), confirmed).await.expect("it is confirmed");
    server.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_shows_nothing_after_a_membership() {
    let server = with(|config| config.sockets.network = 2).await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Omar"]).await;
    shop.has_conversation("tea", &["zoe", "omar"]).await;
    shop.has_conversation("bread", &["zoe", "omar"]).await;
    let made = shop.post("/users/omar/tokens", json!({})).await.is(201).body;
    let path = format!("/inbox?token={}", made["token"].as_str().unwrap());
    let mut source = EventSource::open(&server, &path, &[]).await;
    assert_eq!(source.status(), "200", "{}", source.head);
    source.next_called(Some("subscribed")).await;
    shop.delete("/conversations/tea/members/omar").await.is(204);
    say(&shop, "zoe", "tea", "not for Omar").await;
    say(&shop, "zoe", "bread", "for Omar").await;
    let mut heard = Vec::new();
    let mut lost = Vec::new();
    while heard.last().is_none_or(|text| text != "for Omar") {
        let event = source.next().await.unwrap();
        match event.name.as_deref() {
            Some("reset") => lost.push(event.data["reason"].clone()),
            _ => heard.extend(event.data["data"]["text"].as_str().map(str::to_owned)),
        }
    }
    assert_eq!((heard, lost), (vec!["for Omar".to_owned()], vec![json!("not_member")]));
    let second = EventSource::open(&server, &path, &[]).await;
    let third = EventSource::open(&server, &path, &[]).await;
    assert_eq!((second.status(), third.status()), ("200", "429"), "they count as sockets");
    shop.delete("/users/omar/tokens").await.is(204);
    say(&shop, "zoe", "bread", "after the revocation").await;
    while let Some(event) = source.next().await {
        assert!(!event.data.to_string().contains("after the revocation"), "{event:?}");
    }
    assert_eq!(EventSource::open(&server, &path, &[]).await.status(), "401");
    server.stop().await;
}

/// Starts a node over a shared database.
async fn node(database: &str) -> (ServerHandle, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let postgres = PostgresConfig::new(database, None, folder.path().to_owned()).unwrap();
    let mut config = Config::volatile();
    config.store = StoreChoice::Postgres(Box::new(postgres.with_connections(2, 2).with_node("here")));
    config.data = folder.path().to_owned();
    let name = database.rsplit('/').next().unwrap_or_default();
    config.blobs = Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("blobs").join(name));
    config.limits = chat::testing::Node::patient();
    config.secret = Some(MasterSecret::from_bytes([7; 32]));
    (Server::start(config).await.unwrap(), folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_another_node_commits_arrives_and_a_cursor_counts_on_both() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let ((left, _left), (right, _right)) = (node(&database).await, node(&database).await);
    let made = application(&left, "Shop").await;
    let (here, there) = (Program::new(&left).with(&made.token), Program::new(&right).with(&made.token));
    here.has_users(&["Zoe", "Omar"]).await;
    here.has_conversation("tea", &["zoe", "omar"]).await;
    let token = bearer(made.token.reveal());
    let omar = [("Authorization", token.as_str()), ("Hubbub-As", "omar")];
    let mut source = EventSource::open(&left, "/inbox", &omar).await;
    source.next_called(Some("subscribed")).await;
    say(&there, "zoe", "tea", "from the other node").await;
    let (id, text) = next(&mut source).await;
    assert_eq!(text.as_deref(), Some("from the other node"));
    there.has_conversation("late", &["zoe", "omar"]).await;
    say(&there, "zoe", "late", "in a new conversation").await;
    assert_eq!(texts(&mut source, 1).await, ["in a new conversation"]);
    let back = [omar[0], omar[1], ("Last-Event-ID", id.as_str())];
    let mut moved = EventSource::open(&right, "/inbox", &back).await;
    say(&here, "zoe", "tea", "once more").await;
    assert_eq!(texts(&mut moved, 2).await, ["in a new conversation", "once more"]);
    right.stop().await;
    left.stop().await;
}
