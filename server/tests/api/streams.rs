//! Event streams of conversations and topics.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{Program, server, with};
use crate::event_source::{EventSource, bearer};

#[tokio::test]
async fn a_client_follows_a_conversation_and_resumes_after_its_last_event() {
    let server = server().await;
    let shop = crate::client::application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    program.has_users(&["Ngozi", "Søren"]).await;
    program.has_conversation("tea", &["ngozi", "søren"]).await;
    let path = "/conversations/tea/messages";
    let say = async |text: &str| {
        program.acting_as("ngozi").post(path, json!({ "text": text })).await.is(201);
    };
    say("before").await;
    let token = bearer(shop.token.reveal());
    let headers =
        [("Authorization", token.as_str()), ("Hubbub-As", "s%C3%B8ren"), ("Accept-Encoding", "gzip, br")];
    let mut source = EventSource::open(&server, path, &headers).await;
    assert_eq!(source.status(), "200", "{}", source.head);
    let head = source.head.to_lowercase();
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(head.contains(header), "{head}");
    }
    assert!(!head.contains("content-encoding"), "{head}");
    let first = source.next().await.unwrap();
    assert_eq!(first.name.as_deref(), Some("subscribed"));
    say("as it\nis sent: ☕").await;
    let (id, text) = source.text().await;
    assert_eq!(text, "as it\nis sent: ☕", "and nothing of before");
    drop(source);

    for number in 0..300 {
        say(&number.to_string()).await;
    }
    let resumed = [headers[0], headers[1], ("Last-Event-ID", id.as_str())];
    let mut source = EventSource::open(&server, path, &resumed).await;
    for number in 0..300 {
        assert_eq!(source.text().await.1, number.to_string());
    }
    say("live again").await;
    assert_eq!(source.text().await.1, "live again");

    let mut source = EventSource::open(&server, &format!("{path}?since={id}"), &headers).await;
    assert_eq!(source.text().await.1, "0", "the address says it as well");
    let (epoch, _) = id.split_once(':').unwrap();
    let other = format!("{:016x}:3", u64::from_str_radix(epoch, 16).unwrap() ^ 1);
    let mut source =
        EventSource::open(&server, path, &[headers[0], headers[1], ("Last-Event-ID", &other)]).await;
    let reset = source.next().await.unwrap();
    assert_eq!((reset.name.as_deref(), &reset.data["reason"]), (Some("reset"), &json!("epoch_changed")));
    assert!(reset.id.unwrap().starts_with(epoch));
}

#[tokio::test]
async fn a_removed_member_reads_of_it_and_nothing_later() {
    let server = server().await;
    let shop = crate::client::application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    program.has_users(&["Ngozi", "Omar"]).await;
    program.has_conversation("tea", &["ngozi", "omar"]).await;
    let token = bearer(shop.token.reveal());
    let path = "/conversations/tea/messages";
    let mut source =
        EventSource::open(&server, path, &[("Authorization", &token), ("Hubbub-As", "omar")]).await;
    source.next_called(Some("subscribed")).await;
    program.delete("/conversations/tea/members/omar").await.is(204);
    program.acting_as("ngozi").post(path, json!({ "text": "not for Omar" })).await.is(201);
    let mut entries = Vec::new();
    let ended = loop {
        match source.next().await.unwrap() {
            event if event.name.as_deref() == Some("unsubscribed") => break event,
            event if event.name.is_none() => entries.push(event.data["data"]["type"].clone()),
            _ => {}
        }
    };
    assert_eq!(entries, ["removed"], "and not what Ngozi wrote then");
    assert_eq!(ended.data["refused"]["code"], "not_member", "{ended:?}");
    assert!(ended.data["refused"]["message"].is_string());
    assert!(source.next().await.is_none(), "the stream ends");
    let refused = EventSource::open(&server, path, &[("Authorization", &token), ("Hubbub-As", "omar")]).await;
    assert_eq!(refused.status(), "404", "a client that reconnects is told for good");
}

#[tokio::test]
async fn a_user_token_in_the_address_opens_a_stream_and_ends_it_when_it_is_revoked() {
    let server = server().await;
    let shop = crate::client::application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    program.has_users(&["Zoë"]).await;
    program.has_conversation("tea", &["zoë"]).await;
    let made = program.post("/users/zo%C3%AB/tokens", json!({})).await.is(201).body;
    let token = made["token"].as_str().unwrap();
    let path = format!("/conversations/tea/messages?token={token}");
    let mut source = EventSource::open(&server, &path, &[]).await;
    assert_eq!(source.status(), "200", "{}", source.head);
    source.next_called(Some("subscribed")).await;
    Program::new(&server).get(&path).await.is(401);
    let forged = Program::new(&server).header("Accept", "text/event-stream");
    forged.post(&path, json!({ "text": "by a link" })).await.is(401);
    let api_token = format!("/conversations/tea/messages?token={}", shop.token.reveal());
    assert_eq!(EventSource::open(&server, &api_token, &[]).await.status(), "401", "never in an address");
    program.delete("/users/zo%C3%AB/tokens").await.is(204);
    let late = json!({ "text": "after the revocation" });
    program.post("/conversations/tea/messages", late).await.is(201);
    while let Some(event) = source.next().await {
        assert!(event.name.is_some(), "{event:?}");
    }
    assert_eq!(EventSource::open(&server, &path, &[]).await.status(), "401");
}

#[tokio::test]
async fn streams_count_as_sockets_and_topics_stream_as_conversations_do() {
    let server = with(|config| config.sockets.network = 2).await;
    let shop = crate::client::application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    let token = bearer(shop.token.reveal());
    let (path, headers) = ("/topics/orders%2Fnew/entries", [("Authorization", token.as_str())]);
    program.post(path, json!({ "data": 1 })).await.is(201);
    let mut first = EventSource::open(&server, path, &headers).await;
    first.next_called(Some("subscribed")).await;
    let second = EventSource::open(&server, path, &headers).await;
    let third = EventSource::open(&server, path, &headers).await;
    assert_eq!((second.status(), third.status()), ("200", "429"));
    let written = "{\"data\":{\r\n\n  \"cups\":\r2}}";
    program.ask("POST", path, Some(written)).await.is(201);
    let event = first.next_called(None).await;
    assert_eq!((&event.data["data"], &event.data["seq"]), (&json!({ "cups": 2 }), &json!(2)));
    drop(second);
    loop {
        let again = EventSource::open(&server, path, &headers).await;
        if again.status() == "200" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for bad in ["", "7", "00c0ffee:7", "00c0ffee00c0ffee:x"] {
        let refused = program.clone().header("Accept", "text/event-stream").header("Last-Event-ID", bad);
        let answer = refused.get(path).await.is(400);
        assert!(answer.body["detail"].as_str().unwrap().contains("00c0ffee00c0ffee:42"), "{answer:?}");
    }
    assert!(server.stop().await, "streams do not hold up the end of the server");
    while first.next().await.is_some() {}
}

#[tokio::test]
async fn an_open_stream_does_not_give_way_to_new_connections() {
    let server = with(|config| config.connections.node = 3).await;
    let shop = crate::client::application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    let token = bearer(shop.token.reveal());
    let (path, headers) = ("/topics/orders/entries", [("Authorization", token.as_str())]);
    let mut source = EventSource::open(&server, path, &headers).await;
    source.next_called(Some("subscribed")).await;
    let mut idle = Vec::new();
    for number in 0..6 {
        idle.push(TcpStream::connect(server.addr()).await.unwrap());
        program.post(path, json!({ "data": number })).await.is(201);
        assert_eq!(source.next_called(None).await.data["data"], number);
    }
    let head = program.clone().header("Accept", "text/event-stream").ask("HEAD", path, None).await.is(200);
    assert!(!head.head.contains("event-stream"), "a head alone begins no stream: {head:?}");
}
