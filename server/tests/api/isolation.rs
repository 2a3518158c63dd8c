//! Two applications with equal keys, names and topics: neither sees or changes anything of the other.

use serde_json::{Value, json};

use crate::client::{Program, server};

/// Fills an application with things whose keys are the same in all.
async fn fill(program: &Program<'_>, word: &str) {
    program.has_users(&["Ann", "Ben"]).await;
    program.has_conversation("tea", &["ann", "ben"]).await;
    let ann = program.acting_as("ann");
    ann.post("/conversations/tea/messages", json!({ "id": "m-1", "text": word })).await.is(201);
    program.post("/topics/news/entries", json!({ "id": "n-1", "data": word })).await.is(201);
}

/// Returns everything that a program can read of its application.
async fn all(program: &Program<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/application",
        "/users",
        "/users/ann",
        "/conversations",
        "/conversations/tea",
        "/conversations/tea/members",
        "/conversations/tea/messages",
        "/conversations/tea/marks",
        "/topics/news/entries",
    ] {
        all.push(program.get(path).await.is(200).body);
    }
    all
}

#[tokio::test]
async fn equal_keys_of_two_applications_are_different_things() {
    let server = server().await;
    let (shop, bank) =
        (Program::of_application(&server, "Shop").await, Program::of_application(&server, "Bank").await);
    fill(&shop, "from the shop").await;
    fill(&bank, "from the bank").await;
    let before = all(&bank).await;
    assert!(!before.iter().any(|part| part.to_string().contains("from the shop")), "{before:?}");

    // Everything that the shop does to the same names.
    let path = "/conversations/tea/messages/4";
    shop.put("/users/ann", json!({ "name": "Anna" })).await.is(200);
    shop.patch("/conversations/tea", json!({ "name": "Coffee", "slow_s": 9 })).await.is(200);
    shop.put("/conversations/tea/members/ann", json!({ "role": "admin" })).await.is(200);
    shop.acting_as("ben").put("/conversations/tea/marks/read", json!({ "seq": 4 })).await.is(204);
    shop.put(&format!("{path}/pin"), json!({})).await.is(200);
    shop.delete(path).await.is(200);
    shop.post("/topics/news/entries", json!({ "data": 2 })).await.is(201);
    shop.patch("/application", json!({ "title": "Mall" })).await.is(200);
    shop.delete("/conversations/tea").await.is(204);
    shop.delete("/users/ben").await.is(204);
    assert_eq!(all(&bank).await, before);
    server.stop().await;
}

#[tokio::test]
async fn an_id_cursor_or_topic_of_another_application_finds_nothing() {
    let server = server().await;
    let (shop, bank) =
        (Program::of_application(&server, "Shop").await, Program::of_application(&server, "Bank").await);
    fill(&shop, "from the shop").await;
    bank.has_users(&["Ann"]).await;
    let user = format!("id:{}", shop.get("/users/ben").await.body["id"].as_str().unwrap());
    let group = format!("id:{}", shop.get("/conversations/tea").await.body["id"].as_str().unwrap());
    let absent = bank.get("/users/id:0123456789abcdef").await.fails(404, "not_found");
    let bare = |mut body: Value| {
        body["request_id"] = Value::Null;
        body
    };
    for answer in [
        bank.get(&format!("/users/{user}")).await,
        bank.delete(&format!("/users/{user}")).await,
        bank.get(&format!("/conversations/{group}")).await,
        bank.patch(&format!("/conversations/{group}"), json!({ "name": "Mine" })).await,
        bank.delete(&format!("/conversations/{group}")).await,
        bank.get(&format!("/conversations/{group}/members")).await,
        bank.put(&format!("/conversations/{group}/members/ann"), json!({})).await,
        bank.get(&format!("/conversations/{group}/messages")).await,
        bank.post(&format!("/conversations/{group}/messages"), json!({ "text": "hi" })).await,
        bank.get(&format!("/topics/{}/entries", group.replace("id:", "group%2F"))).await,
        bank.get(&format!("/topics/{}/presence", user.replace("id:", "user%2F"))).await,
        bank.acting_as(&user).get("/users/ann").await,
        bank.acting_as("ann").put(&format!("/directs/{user}"), json!({})).await,
    ] {
        let answer = answer.fails(404, "not_found");
        assert_eq!(
            bare(answer.body),
            bare(absent.body.clone()),
            "what is not yours looks as if it did not exist"
        );
    }
    assert!(shop.get(&format!("/users/{user}")).await.is(200).body["key"] == "ben");
    server.stop().await;
}
