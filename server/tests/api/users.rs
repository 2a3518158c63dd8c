//! Users by the keys of their application.

use serde_json::json;

use crate::client::{Answer, Program, server};

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
async fn users_are_found_by_key_or_name_and_a_user_finds_those_they_know() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    for (key, name) in [("c%2F1", "Wanjirũ"), ("c%2F2", "李雷"), ("staff", "Zoë O'Brien"), ("x", "سارا")]
    {
        shop.put(&format!("/users/{key}"), json!({ "name": name })).await.is(201);
    }
    shop.put("/conversations/tea", json!({ "name": "Chai" })).await.is(201);
    for member in ["c%2F1", "c%2F2", "staff"] {
        shop.put(&format!("/conversations/tea/members/{member}"), json!({})).await.is(200);
    }
    let found = async |program: &Program<'_>, query: &str| -> Vec<String> {
        let list = program.get(&format!("/users{query}")).await.is(200).body;
        let key = |user: &serde_json::Value| user["key"].as_str().unwrap_or("-").to_owned();
        list["items"].as_array().unwrap().iter().map(key).collect()
    };
    assert_eq!(found(&shop, "?q=c%2F").await, ["c/1", "c/2"]);
    assert_eq!(found(&shop, "?q=c%2F&limit=1").await, ["c/1"]);
    assert_eq!(found(&shop, "?q=o%27brien").await, ["staff"]);
    assert_eq!(found(&shop, "?q=%D8%B3%D8%A7").await, ["x"]);
    assert_eq!(found(&shop, "?q=nobody").await, [""; 0]);
    assert_eq!(found(&shop, "?q=%20").await, ["c/1", "c/2", "staff", "x"], "without words it is the list");
    let zoe = shop.acting_as("staff");
    assert_eq!(found(&zoe, "?q=wan").await, ["c/1"]);
    assert_eq!(found(&zoe, "?q=%D8%B3%D8%A7").await, [""; 0], "she knows nobody of that name");
    assert_eq!(found(&zoe, "").await, ["c/1", "c/2"]);
    let first = zoe.get("/users?limit=1").await.is(200);
    let next = first.body["next"].as_str().unwrap();
    assert_eq!(found(&zoe, &format!("?limit=1&cursor={next}")).await, ["c/2"]);
    assert_eq!(found(&shop.acting_as("x"), "").await, [""; 0]);
    server.stop().await;
}

#[tokio::test]
async fn a_user_reads_what_the_application_is_and_none_of_its_settings() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.patch("/application", json!({ "description": "Tea & cups" })).await.is(200);
    shop.has_users(&["Zoe"]).await;
    let whole = shop.get("/application").await.is(200);
    let scope = json!({ "scope": { "conversations": [], "write": false } });
    let token = shop.post("/users/zoe/tokens", scope).await.is(201).body["token"].clone();
    for user in [shop.acting_as("zoe"), Program::new(&server).with_token(token.as_str().unwrap())] {
        let public = user.get("/application").await.is(200);
        assert_eq!(
            public.body,
            json!({ "id": whole.body["id"], "title": "متجر نور", "description": "Tea & cups" })
        );
        assert_eq!(public.header("etag"), None);
        assert_ne!(user.patch("/application", json!({ "title": "Mine" })).await.status, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refused_lifetime_names_both_bounds() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe"]).await;
    for wrong in [0, 86_401] {
        let refused = shop.post("/users/zoe/tokens", json!({ "expires_in": wrong })).await;
        let detail = refused.fails(400, "field_wrong").body["detail"].clone();
        assert!(detail.as_str().unwrap().contains("from 1 to 86400 seconds"), "{detail}");
    }
    for right in [1, 86_400] {
        shop.post("/users/zoe/tokens", json!({ "expires_in": right })).await.is(201);
    }
    let refused = shop.post("/application/signing-key", json!({ "keep_previous_s": 86_401 })).await;
    let detail = refused.fails(400, "field_wrong").body["detail"].clone();
    assert!(detail.as_str().unwrap().contains("from 0 to 86400 seconds"), "{detail}");
    for wrong in [json!(-1), json!("soon"), json!(1.5), json!(1_u64 << 40)] {
        let refused =
            shop.post("/users/zoe/tokens", json!({ "expires_in": wrong })).await.fails(400, "body_bad");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("expected a whole number, 0 or more"), "{detail}");
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

#[tokio::test]
async fn a_user_learns_of_those_with_whom_they_share_a_conversation() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.has_users(&["Wanjiru", "Zoe", "Lei"]).await;
    shop.has_conversation("support-1", &["wanjiru", "zoe"]).await;
    shop.put("/conversations/support-1/members/wanjiru", json!({ "role": "admin" })).await.is(200);
    let minted = shop.post("/users/wanjiru/tokens", json!({})).await.is(201).body;
    let by_token = Program::new(&server).with_token(minted["token"].as_str().unwrap());
    let id = async |key: &str| {
        let user = shop.get(&format!("/users/{key}")).await.is(200).body;
        user["id"].as_str().unwrap().to_owned()
    };
    let (wanjiru, zoe, lei) = (id("wanjiru").await, id("zoe").await, id("lei").await);
    let direct = |one: &str, other: &str| format!("direct:{}-{}", one.min(other), one.max(other));
    let unknown = [("lei".to_owned(), lei.clone()), ("nobody".to_owned(), "0123456789abcdef".to_owned())];
    let bare = |answer: Answer| (answer.body["code"].clone(), answer.body["detail"].clone());
    for program in [&by_token, &shop.acting_as("wanjiru")] {
        let mut answers = Vec::new();
        for (key, id) in &unknown {
            let with = direct(&wanjiru, id);
            answers.push([
                bare(program.get(&format!("/users/{key}")).await.is(404)),
                bare(program.get(&format!("/users/id:{id}")).await.is(404)),
                bare(program.put(&format!("/directs/{key}"), json!({})).await.is(404)),
                bare(program.put(&format!("/directs/id:{id}"), json!({})).await.is(404)),
                bare(
                    program
                        .post(&format!("/conversations/{with}/messages"), json!({ "text": "Hi" }))
                        .await
                        .is(404),
                ),
                bare(program.get(&format!("/conversations/{with}/messages")).await.is(404)),
                bare(program.post("/broadcasts", json!({ "text": "Hi", "to": [with] })).await.is(404)),
                bare(
                    program.put(&format!("/conversations/support-1/members/{key}"), json!({})).await.is(404),
                ),
                bare(program.put(&format!("/conversations/support-1/bans/{key}"), json!({})).await.is(404)),
            ]);
        }
        assert_eq!(answers[0], answers[1], "one who exists looks like one who does not");
        program.get("/users/zoe").await.is(200);
        program.put("/directs/zoe", json!({})).await.is(200);
    }

    // A direct that has begun stays when they share nothing else any more, and a ban can be ended.
    let with = direct(&wanjiru, &zoe);
    by_token.post(&format!("/conversations/{with}/messages"), json!({ "text": "Habari?" })).await.is(201);
    by_token.put("/conversations/support-1/bans/zoe", json!({})).await.is(204);
    by_token.post(&format!("/conversations/{with}/messages"), json!({ "text": "Hi" })).await.is(201);
    by_token.get("/users/zoe").await.is(200);
    shop.has_conversation("support-2", &["wanjiru", "lei"]).await;
    shop.put("/conversations/support-2/members/wanjiru", json!({ "role": "admin" })).await.is(200);
    by_token.put("/conversations/support-2/bans/lei", json!({})).await.is(204);
    by_token.get("/users/lei").await.is(404);
    by_token.delete("/conversations/support-2/bans/lei").await.is(204);

    let allow = json!({ "config": { "directory": true } });
    shop.patch("/application", allow).await.is(200);
    by_token.get("/users/lei").await.is(200);
    by_token.put("/directs/lei", json!({})).await.is(200);
    let with = direct(&wanjiru, &lei);
    by_token.post(&format!("/conversations/{with}/messages"), json!({ "text": "Hi" })).await.is(201);
    server.stop().await;
}

#[tokio::test]
async fn a_link_leads_to_a_conversation_of_its_user_and_to_no_other() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Kamau", "Salma"]).await;
    shop.has_conversation("order-7", &["kamau"]).await;
    shop.has_conversation("order-8", &["salma"]).await;
    let links = "/users/kamau/links";
    let plain = shop.post(links, json!({})).await.is(201);
    assert!(!plain.body["url"].as_str().unwrap().contains('?'), "{:?}", plain.body);
    let group = shop.get("/conversations/order-7").await.is(200).body["topic"].as_str().unwrap().to_owned();
    let led = shop.post(links, json!({ "conversation": "order-7" })).await.is(201);
    let page = format!("?to={}", group.replacen("group/", "/g/", 1));
    assert!(led.body["url"].as_str().unwrap().ends_with(&page), "{:?} {page}", led.body);
    for other in ["order-8", "order-9"] {
        shop.post(links, json!({ "conversation": other })).await.fails(404, "not_found");
    }
    shop.post(links, json!({ "to": "/account" })).await.fails(400, "body_bad");
    server.stop().await;
}
