//! Broadcasts and the search, through the API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Program, server};

/// Asks for a broadcast until nothing of it is pending.
async fn ended(program: &Program<'_>, id: &str) -> Value {
    for _ in 0..400 {
        let found = program.get(&format!("/broadcasts/{id}")).await.is(200).body;
        if found["broadcast"]["pending"] == false {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the broadcast {id} does not end");
}

#[tokio::test]
async fn a_broadcast_has_one_result_for_each_conversation() {
    let server = server().await;
    let shop = Program::of_application(&server, "The Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    for key in ["tea", "chess", "closed"] {
        shop.has_conversation(key, &["ann"]).await;
    }
    shop.patch("/conversations/closed", json!({ "archived": true })).await.is(200);
    let text = json!({ "text": "We close at *six*.", "id": "b-1", "to": ["tea", "closed", "chess", "tea"] });
    // The application and a user of it each have their own.
    for (sender, name) in [(&shop, "The Shop"), (&shop.acting_as("ann"), "Ann")] {
        sender.post("/broadcasts", text.clone()).await.is(202);
        let found = ended(sender, "b-1").await;
        let results: Vec<_> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["conversation"].as_str().unwrap(), item["state"].as_str().unwrap()))
            .collect();
        assert_eq!(results, [("tea", "sent"), ("closed", "refused"), ("chess", "sent")]);
        assert_eq!(found["items"][1]["code"], "archived");
        assert_eq!((&found["broadcast"]["sent"], &found["broadcast"]["count"]), (&json!(2), &json!(3)));
        let message = format!("/conversations/tea/messages/{}", found["items"][0]["seq"]);
        let message = shop.get(&message).await.is(200).body;
        assert_eq!(
            (&message["data"]["author"]["name"], &message["data"]["text"]),
            (&json!(name), &text["text"])
        );
        // The same one again sends nothing.
        let head = shop.get("/conversations/tea/messages").await.body["head"].clone();
        assert_eq!(sender.post("/broadcasts", text.clone()).await.is(202).body["items"], found["items"]);
        assert_eq!(shop.get("/conversations/tea/messages").await.body["head"], head);
        let other = json!({ "text": "We close at seven.", "id": "b-1", "to": ["tea"] });
        sender.post("/broadcasts", other).await.fails(409, "send_id_taken");
    }
    shop.acting_as("ben").get("/broadcasts/b-1").await.fails(404, "not_found");
    shop.acting_as("ben").post("/broadcasts", text.clone()).await.fails(404, "not_found");
    for bad in [
        json!({ "text": "x" }),
        json!({ "text": "x", "to": [] }),
        json!({ "text": "x", "to": ["tea"], "audience": "mine" }),
    ] {
        shop.post("/broadcasts", bad).await.fails(422, "targets_bad");
    }
    server.stop().await;
}

#[tokio::test]
async fn broadcasts_to_everything_are_listed_with_the_newest_first() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Wanjiru"]).await;
    shop.has_conversation("tea", &["wanjiru"]).await;
    shop.has_conversation("chess", &[]).await;
    let user = shop.acting_as("wanjiru");
    for (sender, count) in [(&shop, 2), (&user, 1)] {
        for number in 1..=3 {
            let id = format!("b/{number}");
            let new = json!({ "text": format!("News {number}"), "id": id, "audience": "mine" });
            let sent = sender.post("/broadcasts", new).await.is(202).body;
            assert_eq!(sent["broadcast"]["count"], count);
            ended(sender, &format!("b%2F{number}")).await;
        }
        let first = sender.get("/broadcasts?limit=2").await.is(200).body;
        let ids = |list: &Value| -> Vec<String> {
            let items = list["items"].as_array().unwrap().iter();
            items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(&first), ["b/3", "b/2"]);
        let rest = format!("/broadcasts?cursor={}", first["next"].as_str().unwrap());
        let rest = sender.get(&rest).await.is(200).body;
        assert_eq!((ids(&rest), &rest["items"][0]["sent"]), (vec!["b/1".to_owned()], &json!(count)));
        assert_eq!(rest["next"], Value::Null);
    }
    shop.get("/broadcasts?cursor=eA").await.fails(400, "cursor_bad");
    server.stop().await;
}

#[tokio::test]
async fn a_search_finds_only_what_its_user_may_read() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben", "Lei"]).await;
    shop.put("/users/lei", json!({ "name": "李雷" })).await.is(200);
    shop.has_conversation("tea", &["ann", "lei"]).await;
    shop.has_conversation("chess", &["ann", "ben"]).await;
    let said = |user: &str, conversation: &str, text: &str| {
        let program = if user == "shop" { shop.clone() } else { shop.acting_as(user) };
        let path = format!("/conversations/{conversation}/messages");
        let body = json!({ "text": text });
        async move { program.post(&path, body).await.is(201).body }
    };
    let first = said("lei", "tea", "Jasmine tea at four, 茉莉花茶").await;
    said("ann", "chess", "No tea at chess").await;
    let last = said("shop", "tea", "The tea is on its way").await;
    let found = |list: &Value| -> Vec<(String, u64)> {
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| (item["conversation"].as_str().unwrap().to_owned(), item["seq"].as_u64().unwrap()))
            .collect()
    };
    let ann = shop.acting_as("ann");
    let all = ann.get("/search?q=tea").await.is(200).body;
    assert_eq!(found(&all).len(), 3, "{all}");
    assert_eq!(all["items"][0]["author"]["name"], "Shop");
    assert_eq!(all["items"][2]["author"]["key"], "lei");
    let hits: Vec<_> = all["items"][2]["excerpt"].as_array().unwrap().iter().collect();
    assert!(hits.contains(&&json!({ "text": "tea", "hit": true })), "{hits:?}");
    assert_eq!(found(&shop.acting_as("ben").get("/search?q=tea").await.is(200).body).len(), 1);
    let chinese = ann.get("/search?q=%E8%8A%B1%E8%8C%B6").await.is(200).body;
    assert_eq!(found(&chinese), [("tea".into(), first["seq"].as_u64().unwrap())]);
    // The conditions count with and without words.
    let by_lei = ann.get("/search?author=lei").await.is(200).body;
    assert_eq!(found(&by_lei), found(&chinese));
    let from = format!("/search?conversation=tea&q=tea&from={}", last["timestamp"].as_str().unwrap());
    assert!(
        found(&ann.get(&from).await.is(200).body).contains(&("tea".into(), last["seq"].as_u64().unwrap()))
    );
    let until = format!("/search?q=tea&to={}", first["timestamp"].as_str().unwrap());
    assert_eq!(found(&ann.get(&until).await.is(200).body), []);
    // The application searches in one conversation.
    assert_eq!(found(&shop.get("/search?q=tea&conversation=tea").await.is(200).body).len(), 2);
    shop.get("/search?q=tea").await.fails(403, "user_needed");
    shop.acting_as("ben").get("/search?q=tea&conversation=tea").await.fails(404, "not_found");
    // In parts, which the link leads through with the same conditions.
    let part = ann.get("/search?q=tea&limit=2").await.is(200);
    let link = part.header("link").unwrap().split_once("</api/v1").unwrap().1.split_once('>').unwrap().0;
    let rest = ann.get(link).await.is(200).body;
    assert_eq!(
        (found(&rest), &rest["next"]),
        (vec![("tea".into(), first["seq"].as_u64().unwrap())], &Value::Null)
    );
    for bad in ["q=", "q=%20", "", "from=yesterday", "q=tea&limit=0"] {
        ann.get(&format!("/search?{bad}")).await.fails(400, "field_wrong");
    }
    ann.get("/search?q=tea&cursor=x").await.fails(400, "cursor_bad");
    server.stop().await;
}
