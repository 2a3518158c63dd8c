//! Conversations by the keys of their application, and their members.

use serde_json::json;

use crate::client::{Program, server};

#[tokio::test]
async fn a_conversation_is_created_changed_read_listed_and_deleted() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let path = "/conversations/orders%2F7";
    let created =
        shop.put(path, json!({ "name": "Order 7", "limit": 9, "join_policy": "open" })).await.is(201);
    assert_eq!((&created.body["key"], &created.body["limit"]), (&json!("orders/7"), &json!(9)));
    assert_eq!(created.body["members"], 0, "the application is no member");
    let tag = created.header("etag").unwrap().to_owned();
    let changed = shop.put(path, json!({ "name": "Order 7", "slow_s": 5 })).await.is(200);
    assert_eq!((&changed.body["slow_s"], &changed.body["limit"]), (&json!(5), &json!(9)), "the rest stays");
    let stale = shop.clone().header("If-Match", &tag);
    stale.patch(path, json!({ "name": "Order 8" })).await.fails(412, "version_stale");
    stale.delete(path).await.fails(412, "version_stale");
    for absent in ["*", "\"v1\""] {
        let expecting = shop.clone().header("If-Match", absent);
        expecting.put("/conversations/none", json!({ "name": "None" })).await.fails(412, "version_stale");
    }
    shop.get("/conversations/none").await.fails(404, "not_found");
    let current = shop.clone().header("If-Match", changed.header("etag").unwrap());
    let patched = current.patch(path, json!({ "archived": true, "description": "done" })).await.is(200);
    assert_eq!((&patched.body["archived"], &patched.body["name"]), (&json!(true), &json!("Order 7")));
    let by_id = format!("/conversations/id:{}", created.body["id"].as_str().unwrap());
    assert_eq!(shop.get(&by_id).await.is(200).body, patched.body);
    assert_eq!(shop.get("/conversations").await.is(200).body, json!({ "items": [patched.body] }));
    for (body, code) in [
        (json!({ "limit": 0 }), "limit_bad"),
        (json!({ "limit": 1_001 }), "limit_bad"),
        (json!({ "name": "" }), "name_empty"),
    ] {
        shop.patch(path, body).await.fails(422, code);
    }
    shop.delete(path).await.is(204);
    for path in [path, &by_id] {
        shop.get(path).await.fails(404, "not_found");
    }
    shop.put(path, json!({ "name": "Order 7" })).await.is(201);
    server.stop().await;
}

#[tokio::test]
async fn members_come_get_roles_are_muted_and_go() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben", "Cal"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let admin = shop.put("/conversations/tea/members/ann", json!({ "role": "admin" })).await.is(200).body;
    assert_eq!((&admin["role"], &admin["user"]["key"]), (&json!("admin"), &json!("ann")));
    let muted = shop.put("/conversations/tea/members/ben", json!({ "mute_minutes": 60 })).await.is(200).body;
    assert!(muted["muted_until"].is_string(), "{muted}");
    let says = json!({ "text": "hello" });
    shop.acting_as("ben").post("/conversations/tea/messages", says.clone()).await.fails(403, "muted");
    let muted = shop.put("/conversations/tea/members/ben", json!({ "mute_minutes": 0 })).await.is(200).body;
    assert!(muted.get("muted_until").is_none(), "{muted}");

    let part = shop.get("/conversations/tea/members?limit=1").await.is(200).body;
    let next = part["next"].as_str().unwrap();
    let rest = shop.get(&format!("/conversations/tea/members?cursor={next}")).await.is(200).body;
    let key = |part: &serde_json::Value| part["items"][0]["user"]["key"].as_str().unwrap().to_owned();
    let mut keys = [key(&part), key(&rest)];
    keys.sort();
    assert_eq!((keys, rest["items"].as_array().unwrap().len()), (["ann".into(), "ben".into()], 1));

    // An admin acts under a user's rules, and may leave.
    let ann = shop.acting_as("ann");
    ann.put("/conversations/tea/members/ben", json!({ "role": "admin" })).await.is(200);
    ann.delete("/conversations/tea/members/ann").await.is(204);
    ann.get("/conversations/tea/members").await.fails(404, "not_found");
    shop.get(&format!("/conversations/tea/members?cursor={next}")).await.is(200);
    // The application may leave it without an admin.
    shop.put("/conversations/tea/members/ben", json!({ "role": "member" })).await.is(200);
    shop.acting_as("ben").put("/conversations/tea/members/ann", json!({})).await.fails(404, "not_found");
    shop.acting_as("ben").put("/conversations/tea/members/cal", json!({})).await.fails(404, "not_found");
    shop.delete("/conversations/tea/members/ben").await.is(204);
    shop.delete("/conversations/tea/members/ben").await.fails(404, "not_found");
    shop.put("/conversations/tea/members/zoe", json!({})).await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_user_creates_a_conversation_and_two_users_have_a_direct() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben", "Cal"]).await;
    shop.patch("/application", json!({ "config": { "user_conversations": true, "directory": true } }))
        .await
        .is(200);
    let ann = shop.acting_as("ann");
    let created = ann.put("/conversations/walks", json!({ "name": "Walks" })).await.is(201);
    assert_eq!(created.body["members"], 1);
    shop.acting_as("ben").get("/conversations/walks").await.fails(404, "not_found");
    shop.acting_as("ben")
        .put("/conversations/walks", json!({ "name": "Mine" }))
        .await
        .fails(404, "not_found");

    let direct = ann.put("/directs/ben", json!({})).await.is(200).body;
    let path = format!("/conversations/{}/messages", direct["conversation"].as_str().unwrap());
    ann.post(&path, json!({ "text": "psst" })).await.is(201);
    let heard = shop.acting_as("ben").get(&path).await.is(200).body;
    assert_eq!(heard["entries"][0]["data"]["text"], "psst");
    shop.acting_as("cal").get(&path).await.fails(404, "not_found");
    shop.get(&path).await.is(200);
    shop.post(&path, json!({ "text": "spam" })).await.fails(404, "not_found");
    shop.put("/directs/ben", json!({})).await.fails(403, "user_needed");
    ann.put("/directs/ann", json!({})).await.fails(422, "direct_with_oneself");
    server.stop().await;
}

#[tokio::test]
async fn a_user_does_not_take_the_key_of_a_conversation_that_the_application_is_to_create() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.has_users(&["Wanjiru", "Zoe"]).await;
    let minted = shop.post("/users/wanjiru/tokens", json!({})).await.is(201).body;
    let by_token = Program::new(&server).with_token(minted["token"].as_str().unwrap());
    let (acting, zoe) = (shop.acting_as("wanjiru"), shop.acting_as("zoe"));
    let (path, named) = ("/conversations/support-4712", json!({ "name": "Support" }));
    let first = json!({ "text": "Habari?" });
    for program in [&by_token, &acting] {
        program.put(path, named.clone()).await.fails(403, "user_conversations_off");
        program.post("/conversations", named.clone()).await.fails(403, "user_conversations_off");
        program.post(&format!("{path}/messages"), first.clone()).await.fails(404, "not_found");
    }
    assert_eq!(shop.get("/application").await.is(200).body["config"]["user_conversations"], false);
    let number = shop.post("/conversations", named.clone()).await.is(201).body["key"].clone();
    assert_eq!(number, "1", "no number was used up");

    // The answer is the same once it is there, so nobody learns which keys are free. Its members change it as before.
    shop.put(path, named.clone()).await.is(201);
    shop.put(&format!("{path}/members/wanjiru"), json!({ "role": "admin" })).await.is(200);
    let taken = zoe.put(path, named.clone()).await.fails(403, "user_conversations_off").body;
    let free =
        zoe.put("/conversations/support-4713", named.clone()).await.fails(403, "user_conversations_off").body;
    assert_eq!((&taken["detail"], &taken["params"]), (&free["detail"], &free["params"]));
    by_token.put(path, json!({ "name": "Tea" })).await.is(200);

    let allow = json!({ "config": { "user_conversations": true } });
    shop.patch("/application", allow).await.is(200);
    zoe.put("/conversations/support-4713", named.clone()).await.is(201);
    zoe.post("/conversations", named.clone()).await.is(201);
    zoe.put(path, named).await.fails(404, "not_found");
    server.stop().await;
}
