//! Hostile requests: every one of them gets a clear refusal, and none an error of the server.

use serde_json::json;

use crate::client::{Program, server};

#[tokio::test]
async fn keys_are_any_short_text_and_others_are_refused() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let long = "x".repeat(128);
    for (path, key) in [
        ("a%2Fb", "a/b"),
        ("%252F", "%2F"),
        ("%E6%9D%8E%E9%9B%B7", "李雷"),
        ("a%20b", "a b"),
        ("..%2F..%2Fetc", "../../etc"),
        ("%27%3B--", "';--"),
        ("%3Cscript%3E", "<script>"),
        ("%E2%80%AE", "\u{202e}"),
        (&long, &long),
    ] {
        let created = shop.put(&format!("/users/{path}"), json!({ "name": "Zoë" })).await.is(201);
        assert_eq!(created.body["key"], key);
        assert_eq!(shop.get(&format!("/users/{path}")).await.is(200).body["key"], key);
        shop.put(&format!("/conversations/{path}"), json!({ "name": "Tea" })).await.is(201);
    }
    let (longer, longest) = ("x".repeat(129), "x".repeat(10_000));
    for path in [&*longer, &longest, "%00", "a%0Ab", "id:x", "id:", "direct:1-2", "id%3A0123"] {
        shop.put(&format!("/users/{path}"), json!({ "name": "Zoë" })).await.fails(400, "key_bad");
        shop.get(&format!("/conversations/{path}")).await.fails(400, "key_bad");
    }
    // No segment, two segments, and bytes that are no text.
    shop.put("/users/", json!({ "name": "Zoë" })).await.fails(404, "not_found");
    shop.put("/users/a/b", json!({ "name": "Zoë" })).await.fails(404, "not_found");
    shop.put("/users/%FF", json!({ "name": "Zoë" })).await.fails(400, "request_bad");
    for user in ["", "id:", "%FF", "a%00"] {
        shop.acting_as(user).get("/users/a").await.fails(400, "key_bad");
    }
    shop.acting_as("nobody").get("/users/a").await.fails(404, "not_found");
    let directory = json!({ "config": { "directory": true } });
    shop.patch("/application", directory).await.is(200);
    assert_eq!(shop.acting_as("%E6%9D%8E%E9%9B%B7").get("/users/a%20b").await.is(200).body["key"], "a b");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_what_the_route_reads_is_refused_and_unknown_fields_are_not() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann"]).await;
    shop.has_conversation("tea", &["ann"]).await;
    let (put, post) = (("PUT", "/users/zoe"), ("POST", "/conversations/tea/messages"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for ((method, path), body, code) in [
        (put, "", "content_type_wrong"),
        (put, "{", "json_bad"),
        (put, "[]", "body_bad"),
        (put, "null", "body_bad"),
        (put, "{}", "body_bad"),
        (put, r#"{"name":1}"#, "body_bad"),
        (put, r#"{"name":null}"#, "body_bad"),
        (put, &deep, "body_bad"),
        (put, r#"["Zoë",null]"#, "body_bad"),
        (put, "\u{feff}{}", "body_bad"),
        (post, r#"{"text":"x","reply_to":-1}"#, "body_bad"),
        (post, r#"{"text":"x","reply_to":1e99}"#, "body_bad"),
        (post, r#"{"text":"x","reply_to":18446744073709551615}"#, "field_wrong"),
        (post, r#"{"text":"x","id":"two words"}"#, "send_id_bad"),
        (post, r#"{"text":"x","id":""}"#, "send_id_bad"),
    ] {
        let body = if body.is_empty() { None } else { Some(body) };
        let answer = shop.ask(method, path, body).await;
        let status = if code == "content_type_wrong" { 415 } else { 400 };
        answer.fails(status, code);
    }
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(300 * 1_024));
    shop.ask("PUT", "/users/zoe", Some(&large)).await.fails(413, "body_too_large");
    let long = json!({ "text": "x".repeat(20_000) });
    shop.post("/conversations/tea/messages", long).await.fails(422, "text_too_long");
    shop.put("/users/zoe", json!({ "name": "x".repeat(41) })).await.fails(422, "name_too_long");
    shop.put("/users/zoe", json!({ "name": "Zoë", "password": "x", "": [], "role": "owner" })).await.is(201);
    for body in [
        json!({ "limit": -1 }),
        json!({ "limit": 1e20 }),
        json!({ "limit": "9" }),
        json!({ "join_policy": "all" }),
    ] {
        shop.patch("/conversations/tea", body).await.fails(400, "body_bad");
    }
    shop.patch("/conversations/tea", json!({ "slow_s": u32::MAX })).await.fails(400, "field_wrong");
    shop.put("/conversations/tea/members/ann", json!({ "role": "owner" })).await.fails(400, "body_bad");
    shop.put("/conversations/tea/members/ann", json!({ "mute_minutes": u32::MAX }))
        .await
        .fails(400, "field_wrong");
    server.stop().await;
}

#[tokio::test]
async fn numbers_methods_and_paths_that_make_no_sense_are_refused() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_conversation("tea", &[]).await;
    for seq in ["0", "-1", "x", "1.5", "9223372036854775808", "99999999999999999999999999"] {
        shop.get(&format!("/conversations/tea/messages/{seq}")).await.fails(400, "field_wrong");
        shop.delete(&format!("/conversations/tea/messages/{seq}")).await.fails(400, "field_wrong");
    }
    shop.get("/conversations/tea/messages/9223372036854775807").await.fails(404, "not_found");
    for query in ["after=-1", "before=x", "limit=1e9", "after=99999999999999999999"] {
        shop.get(&format!("/conversations/tea/messages?{query}")).await.fails(400, "field_wrong");
        shop.get(&format!("/topics/news/entries?{query}")).await.fails(400, "field_wrong");
    }
    shop.get("/conversations/tea/messages?limit=18446744073709551615").await.fails(400, "field_wrong");
    shop.get("/conversations/tea/messages?limit=1000000").await.is(200);
    for topic in ["%20", "a%0A", &"x".repeat(129)] {
        shop.get(&format!("/topics/{topic}/entries")).await.fails(400, "topic_bad");
    }
    shop.ask("PATCH", "/users", None).await.fails(405, "method_wrong");
    shop.get("/nowhere").await.fails(404, "not_found");
    shop.get("").await.fails(404, "not_found");
    let answer = shop.get("/users/nobody").await.fails(404, "not_found");
    assert_eq!(answer.body["type"], "/api/v1/docs#not_found");
    assert_eq!(answer.body["status"], 404);
    assert_eq!(Some(answer.body["request_id"].as_str().unwrap()), answer.header("x-request-id"));
    let full = json!({ "name": "Tea", "limit": 0 });
    let refused = shop.put("/conversations/full", full).await.fails(422, "limit_bad");
    assert_eq!(refused.body["params"], json!({ "max": 1_000 }));
    server.stop().await;
}

#[tokio::test]
async fn a_token_is_not_wider_than_was_meant_by_a_misspelt_field() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.has_users(&["Zoe"]).await;
    shop.has_conversation("tea", &[]).await;
    let misspelt = json!({ "scopes": { "conversations": ["tea"] } });
    for (path, body, field) in [
        ("/users/zoe/tokens", misspelt, "scopes"),
        ("/users/zoe/tokens", json!({ "scope": { "conversation": ["tea"] } }), "conversation"),
        ("/application/tokens", json!({ "label": "ci", "expires_in": 60 }), "expires_in"),
    ] {
        let refused = shop.post(path, body).await.fails(400, "body_bad");
        assert!(refused.body["detail"].as_str().unwrap().contains(&format!("`{field}`")), "{}", refused.text);
    }
    // Nothing is an empty object.
    shop.ask("POST", "/users/zoe/tokens", None).await.is(201);
    shop.ask("POST", "/application/tokens", None).await.is(201);
    shop.ask("PUT", "/conversations/tea/members/zoe", None).await.is(200);
    shop.ask("POST", "/users/zoe/tokens", Some("")).await.is(201);
    shop.ask("POST", "/users/zoe/tokens", Some("{")).await.fails(400, "json_bad");
    shop.ask("PUT", "/conversations/chess", None).await.fails(415, "content_type_wrong");
    server.stop().await;
}
