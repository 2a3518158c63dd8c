//! A damaged row of the database, as seen by users who read around it.

#[path = "../../../crates/store/tests/damage/mod.rs"]
mod damage;

use std::path::Path;

use chat::Caller;
use chat::store::Range;
use damage::{LOG_DAMAGE, PEOPLE_DAMAGE, damage};
use serde_json::{Value, json};
use server::{ServerHandle, StoreChoice};
use wire::{JoinPolicy, Json, Topic};

use crate::people::{Socket, cookie, get, guest, raw, with};

#[tokio::test]
async fn who_reads_over_a_damaged_entry_stays_connected_and_goes_on() {
    for sql in LOG_DAMAGE {
        let folder = tempfile::tempdir().unwrap();
        let server = durable(folder.path()).await;
        let (ann, token) = chat::testing::guest(server.chat(), "Ann").await;
        let group = server.chat().create_group(&ann, "茶", JoinPolicy::Open).await.unwrap().id;
        let (group, news) = (Topic::group(group), Topic::new("news").unwrap());
        for number in 1..=8 {
            say(&server, &ann, &group, &format!("cup {number}")).await;
            publish(&server, &news, number).await;
        }
        server.stop().await;
        damage(folder.path(), sql);

        let server = durable(folder.path()).await;
        let cookie = cookie(&server, &token);
        let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
        let epoch = server.chat().history(&open(), &news, Range::default()).await.unwrap().epoch;
        let since = json!({ "epoch": epoch, "seq": 0 });
        for topic in [&news, &group] {
            let subscribe = json!({ "action": "subscribe", "topic": topic, "since": since });
            let subscribed = socket.asks(&subscribe.to_string()).await;
            let head = subscribed["head"].as_u64().unwrap_or_else(|| panic!("{sql}: {subscribed}"));
            for seq in 1..=head {
                let entry = socket.hears().await;
                assert_eq!((&entry["topic"], &entry["seq"]), (&json!(topic), &json!(seq)), "{sql}: {entry}");
                assert!(
                    entry["data"].is_number() || entry["data"]["type"].is_string() || seq == 4,
                    "{sql}: {entry}"
                );
            }
            let (status, answer) =
                raw(&server, &get(&history(topic), &format!("Cookie: {cookie}\r\n"))).await;
            assert_eq!(status, 200, "{sql}: {answer}");
            let entries: Vec<Value> = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            let seqs: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
            assert_eq!(seqs, (1..=head).collect::<Vec<u64>>(), "{sql}");
        }
        assert_eq!(socket.asks(r#"{"action":"ping"}"#).await["event"], "pong", "{sql}");
        publish(&server, &news, 9).await;
        assert_eq!(socket.hears().await["seq"], 9, "{sql}");

        let path = format!("/{}", group.as_str().replace("group", "g"));
        let (status, page) = raw(&server, &get(&path, &format!("Cookie: {cookie}\r\n"))).await;
        assert!(status == 200 && page.contains("cup 1") && page.contains("cup 8"), "{sql}: {status}");
        drop(socket);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_damaged_person_or_group_keeps_no_page_from_anybody_else() {
    for sql in PEOPLE_DAMAGE {
        let folder = tempfile::tempdir().unwrap();
        let server = durable(folder.path()).await;
        let (ann, cookie) = guest(&server, "Ann").await;
        let group = server.chat().create_group(&ann, "茶", JoinPolicy::Listed).await.unwrap().id;
        for name in ["Zoë", "李雷"] {
            let (person, _) = guest(&server, name).await;
            server.chat().join(&person, group, None).await.unwrap();
            say(&server, &person, &Topic::group(group), &format!("hello @Ann, says {name}")).await;
        }
        server.chat().create_account(&ann, "one pot of oolong").await.unwrap();
        server.stop().await;
        damage(folder.path(), sql);

        let server = durable(folder.path()).await;
        let cookie = format!("Cookie: {cookie}\r\n");
        for path in ["/", "/people", "/people?words=zo", "/groups", "/account", "/server"]
            .map(str::to_owned)
            .into_iter()
            .chain(["", "/members", "/admin"].map(|page| format!("/g/{group}{page}")))
        {
            let (status, page) = raw(&server, &get(&path, &cookie)).await;
            assert_eq!(status, 200, "{path} after {sql}: {page}");
        }
        let (_, page) = raw(&server, &get(&format!("/g/{group}"), &cookie)).await;
        assert!(page.contains("李雷"), "{sql}");
        server.stop().await;
    }
}

async fn durable(data: &Path) -> ServerHandle {
    with(|config| (config.store, config.data) = (StoreChoice::Sqlite, data.to_owned())).await
}

async fn say(server: &ServerHandle, me: &chat::testing::User, topic: &Topic, text: &str) {
    let id = server.chat().new_send_id();
    server.chat().post(me, topic.clone(), id, text, None).await.unwrap();
}

async fn publish(server: &ServerHandle, topic: &Topic, number: u64) {
    server.chat().publish(&open(), topic.clone(), None, Json::of(&number)).await.unwrap();
}

fn open() -> Caller {
    Caller { open_topics: true, ..Caller::default() }
}

fn history(topic: &Topic) -> String {
    format!("/topics/{}/history", topic.as_str().replace('/', "%2F"))
}
