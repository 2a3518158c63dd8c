//! Retention, deletion and usage, as programs see them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Program, server};

/// Waits until the log of a topic begins at an entry.
async fn until_begins(program: &Program<'_>, topic: &str, begins: u64) -> Value {
    let waiting = async {
        loop {
            let answer = program.get(&format!("/topics/{topic}")).await.is(200);
            if answer.body["begins"] == begins {
                return answer.body;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it never begins there")
}

#[tokio::test]
async fn a_program_sets_bounds_for_all_its_topics_and_for_one() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    for number in 0..3 {
        shop.post("/topics/orders%2Feu/entries", json!({ "data": number })).await.is(201);
    }
    let unlimited = shop.get("/application").await.is(200).body["config"]["retention"].clone();
    assert_eq!(unlimited, json!({ "default": {}, "rules": [] }));
    let retention =
        json!({ "default": { "days": 365 }, "rules": [{ "prefix": "orders/", "keep": { "days": 30 } }] });
    let change = json!({ "config": { "retention": retention } });
    let changed = shop.patch("/application", change).await.is(200).body;
    assert_eq!(changed["config"]["retention"], retention);
    let origins = json!({ "config": { "allowed_origins": ["https://shop.example"] } });
    let changed = shop.patch("/application", origins).await.is(200).body;
    assert_eq!(changed["config"]["retention"], retention, "what is left out stays");

    let topic = shop.get("/topics/orders%2Feu").await.is(200).body;
    let expected =
        json!({ "begins": 1, "head": 3, "entries": 3, "bytes": 3, "keep": { "days": 30 }, "own": false });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(topic[field], *value, "{field}");
    }
    assert!(topic["oldest"].is_string());
    shop.put("/topics/orders%2Feu/retention", json!({ "entries": 2 })).await.is(204);
    let topic = shop.get("/topics/orders%2Feu").await.is(200).body;
    assert_eq!((&topic["keep"], &topic["own"]), (&json!({ "entries": 2 }), &json!(true)));
    shop.delete("/topics/orders%2Feu/retention").await.is(204);
    assert_eq!(shop.get("/topics/orders%2Feu").await.is(200).body["keep"], json!({ "days": 30 }));

    for wrong in [json!({ "entries": 0 }), json!({ "days": 4_294_967_296_u64 }), json!({ "bytes": -1 })] {
        let answer = shop.put("/topics/orders%2Feu/retention", wrong.clone()).await;
        assert_eq!(answer.status, 400, "{wrong}");
        let config = json!({ "config": { "retention": { "default": wrong } } });
        assert_eq!(shop.patch("/application", config).await.status, 400, "{wrong}");
    }
    let rule = json!({ "prefix": "", "keep": {} });
    let config = json!({ "config": { "retention": { "default": {}, "rules": [rule] } } });
    shop.patch("/application", config).await.fails(400, "field_wrong");
    shop.get("/topics/none").await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_program_deletes_what_a_topic_has_and_sees_its_usage() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Wanjirũ", "李雷"]).await;
    shop.has_conversation("tea", &["李雷"]).await;
    for number in 0..4 {
        shop.post("/topics/news/entries", json!({ "data": number })).await.is(201);
    }
    let usage = shop.get("/application/usage").await.is(200).body;
    assert_eq!((&usage["users"], &usage["conversations"]), (&json!(2), &json!(1)));
    assert_eq!(usage["limits"]["open_topics"], 10_000);
    let (entries, bytes) = (usage["entries"].as_u64().unwrap(), usage["bytes"].as_u64().unwrap());

    let cleared = shop.delete("/topics/news").await.is(202).body;
    assert_eq!(cleared, json!({ "through": 4 }));
    until_begins(&shop, "news", 5).await;
    let log = shop.get("/topics/news/entries").await.is(200).body;
    assert_eq!((&log["entries"], &log["begins"], &log["head"]), (&json!([]), &json!(5), &json!(4)));
    let usage = shop.get("/application/usage").await.is(200).body;
    assert_eq!((&usage["entries"], &usage["bytes"]), (&json!(entries - 4), &json!(bytes - 4)));
    let next = shop.post("/topics/news/entries", json!({ "data": 4 })).await.is(201).body;
    assert_eq!(next["seq"], 5);
    // The log of a conversation, too.
    let topic =
        shop.get("/conversations/tea").await.is(200).body["topic"].as_str().unwrap().replace('/', "%2F");
    let head = shop.get(&format!("/topics/{topic}")).await.is(200).body["head"].as_u64().unwrap();
    shop.delete(&format!("/topics/{topic}")).await.is(202);
    until_begins(&shop, &topic, head + 1).await;
    shop.acting_as("李雷".replace('李', "%E6%9D%8E").replace('雷', "%E9%9B%B7").as_str())
        .post("/conversations/tea/messages", json!({ "text": "again" }))
        .await
        .is(201);
    server.stop().await;
}
