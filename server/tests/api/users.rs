//! Users by the keys of their application.

use serde_json::json;

use crate::client::{Program, server};

#[tokio::test]
async fn a_user_is_created_changed_read_and_deleted_by_the_applications_own_key() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let path = "/users/customers%2F42%20%E6%9D%8E";
    let created = shop.put(path, json!({ "name": "Zoë", "bio": "Tea at four." })).await.is(201);
    assert_eq!(created.header("etag"), Some("\"v1\""));
    assert_eq!(created.body["key"], "customers/42 李");
    let again = shop.put(path, json!({ "name": "Zoë" })).await.is(200);
    assert_eq!((&again.body, again.header("etag")), (&created.body, Some("\"v1\"")), "nothing changed");
    let renamed = shop.put(path, json!({ "name": "Zoe" })).await.is(200);
    assert_eq!((&renamed.body["bio"], renamed.header("etag")), (&json!("Tea at four."), Some("\"v2\"")));

    let by_id = format!("/users/id:{}", created.body["id"].as_str().unwrap());
    for path in [path, &by_id] {
        assert_eq!(shop.get(path).await.is(200).body, renamed.body);
    }
    let stale = shop.clone().header("If-Match", "\"v1\"");
    stale.put(path, json!({ "name": "Zed" })).await.fails(412, "version_stale");
    let current = shop.clone().header("If-Match", "\"v2\"");
    current.put(path, json!({ "name": "Zed" })).await.is(200);

    shop.delete(path).await.is(204);
    shop.get(path).await.fails(404, "not_found");
    shop.delete(path).await.fails(404, "not_found");
    assert_eq!(shop.get(&by_id).await.is(200).body["name"], "Deleted user");
    let id = format!("id:{}", created.body["id"].as_str().unwrap());
    shop.clone().header("Hubbub-As", &id).get("/conversations").await.fails(404, "not_found");
    // A change of what is there, and only of that.
    let any = shop.clone().header("If-Match", "*");
    any.put(path, json!({ "name": "Zed" })).await.fails(412, "version_stale");
    let other = shop.put(path, json!({ "name": "Ann" })).await.is(201);
    any.put(path, json!({ "name": "Ann B." })).await.is(200);
    assert_ne!(other.body["id"], created.body["id"]);
    server.stop().await;
}

#[tokio::test]
async fn users_are_listed_by_key_in_parts_that_link_to_the_next() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Dan", "Ann", "Cal", "Ben", "Eve"]).await;
    let (mut keys, mut path) = (Vec::new(), "/users?limit=2".to_owned());
    loop {
        let part = shop.get(&path).await.is(200);
        let items = part.body["items"].as_array().unwrap();
        keys.extend(items.iter().map(|user| user["key"].as_str().unwrap().to_owned()));
        let Some(next) = part.body["next"].as_str() else {
            assert_eq!(part.header("link"), None);
            break;
        };
        let link = format!("</api/v1/users?cursor={next}&limit=2>; rel=\"next\"");
        assert_eq!(part.header("link"), Some(&*link));
        path = format!("/users?limit=2&cursor={next}");
    }
    assert_eq!(keys, ["ann", "ben", "cal", "dan", "eve"]);
    for (query, code) in
        [("cursor=%21", "cursor_bad"), ("limit=0", "field_wrong"), ("limit=x", "field_wrong")]
    {
        shop.get(&format!("/users?{query}")).await.fails(400, code);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_user_leaves_their_conversations_and_their_messages_stay() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    shop.acting_as("ben").post("/conversations/tea/messages", json!({ "text": "hello" })).await.is(201);
    shop.delete("/users/ben").await.is(204);
    let members = shop.get("/conversations/tea/members").await.is(200).body;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    let log = shop.get("/conversations/tea/messages").await.is(200).body;
    let said = log["entries"].as_array().unwrap().iter().find(|entry| entry["data"]["type"] == "message");
    assert_eq!(said.unwrap()["data"]["author"]["name"], "Ben");
    shop.acting_as("ben").get("/conversations/tea/messages").await.fails(404, "not_found");
    server.stop().await;
}
