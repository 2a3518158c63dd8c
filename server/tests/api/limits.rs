//! Rate limits: a client sees them in every answer before it meets them.

use serde_json::json;

use crate::client::{Program, application, server, with};

#[tokio::test]
async fn every_answer_says_what_is_left_and_too_much_is_refused_with_the_time_to_wait() {
    let server = with(|config| {
        (config.limits.token_request_burst, config.limits.token_requests_per_second) = (4, 0.001);
        (config.limits.token_send_burst, config.limits.token_sends_per_second) = (1, 0.001);
    })
    .await;
    let shop = application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    let first = program.get("/application").await.is(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"requests\";q=4;w=4000, \"send\";q=1;w=1000"));
    let left = |answer: &crate::client::Answer| {
        let state = answer.header("ratelimit").unwrap().to_owned();
        state.split(", ").map(|part| part.split(';').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(left(&first), ["r=3", "r=1"]);
    let sent = program.post("/topics/news/entries", json!({ "data": 1 })).await.is(201);
    assert_eq!(left(&sent), ["r=2", "r=0"]);
    let send = program.post("/topics/news/entries", json!({ "data": 2 })).await.fails(429, "too_fast");
    assert!(send.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(send.body["retry_ms"].as_u64().map(|millis| millis > 0), Some(true));
    program.get("/nowhere").await.fails(404, "not_found");
    let refused = program.get("/application").await.is(200);
    assert_eq!(left(&refused), ["r=0", "r=0"]);
    let refused = program.get("/application").await.fails(429, "too_fast");
    assert_eq!(left(&refused), ["r=0", "r=0"]);
    // Another token has limits of its own.
    let id = shop.application.public_id;
    let other = server.chat().create_api_token(&chat::Caller::operator(), id, "", None, false).await.unwrap();
    Program::new(&server).with(&other).get("/application").await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn searches_are_limited_for_each_user() {
    let server = with(|config| {
        (config.limits.search_burst, config.limits.searches_per_second) = (2, 0.001);
    })
    .await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Li"]).await;
    for _ in 0..2 {
        shop.acting_as("zoe").get("/search?q=chai").await.is(200);
    }
    let refused = shop.acting_as("zoe").get("/search?q=chai").await.fails(429, "too_fast");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    shop.acting_as("li").get("/search?q=chai").await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn the_default_limits_are_the_documented_ones() {
    let limits = chat::Limits::default();
    assert_eq!((limits.token_send_burst, limits.token_sends_per_second), (50, 50.0), "50 a second");
    let requests = (limits.token_request_burst, limits.token_requests_per_second);
    assert_eq!(requests, (500, 50.0), "500 in 10 seconds");
    assert_eq!((limits.search_burst, limits.searches_per_second), (10, 1.0), "10 in 10 seconds");
    assert_eq!(server::Config::volatile().sockets.user, 10);
    assert_eq!(wire::limits::RECIPIENTS, 100);
}

#[tokio::test]
async fn a_message_has_at_most_a_hundred_recipients() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let all: Vec<String> = (0..101).map(|n| format!("user-{n}")).collect();
    shop.has_users(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    shop.has_conversation("tea", &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let send = |to: &[String]| {
        shop.post("/conversations/tea/messages", json!({ "text": "Chai?", "recipients": to }))
    };
    send(&all).await.fails(422, "recipients_bad");
    send(&all[..100]).await.is(201);
    // Each counts once.
    let twice: Vec<String> = all[..100].iter().chain(&all[..100]).cloned().collect();
    send(&twice).await.is(201);
    send(&[]).await.fails(422, "recipients_bad");
    server.stop().await;
}

#[tokio::test]
async fn a_part_of_a_log_or_of_the_inbox_has_at_most_a_hundred_entries() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe"]).await;
    shop.has_conversation("tea", &["zoe"]).await;
    for n in 0..105 {
        shop.post("/conversations/tea/messages", json!({ "text": n.to_string() })).await.is(201);
    }
    let zoe = shop.acting_as("zoe");
    let length = async |path: &str| zoe.get(path).await.is(200).body["entries"].as_array().map(Vec::len);
    for query in ["", "?limit=100", "?limit=1000", "?after=0&limit=101", "?around=50&limit=500"] {
        assert_eq!(length(&format!("/conversations/tea/messages{query}")).await, Some(100), "{query}");
    }
    assert_eq!(length("/inbox").await, Some(100));
    assert_eq!(length("/inbox?limit=100").await, Some(100));
    zoe.get("/inbox?limit=101").await.fails(400, "field_wrong");
    server.stop().await;
}

#[tokio::test]
async fn an_application_has_so_many_users_and_conversations() {
    let server = with(|config| {
        (config.limits.application_users, config.limits.application_conversations) = (2, 2);
    })
    .await;
    let shop = Program::of_application(&server, "Shop").await;
    let others = Program::of_application(&server, "Others").await;
    let limits = shop.get("/application/usage").await.is(200).body["limits"].clone();
    assert_eq!((&limits["users"], &limits["conversations"]), (&json!(2), &json!(2)));
    let config =
        json!({ "config": { "implicit_creation": true, "user_conversations": true, "token_sign_up": true } });
    shop.patch("/application", config).await.is(200);
    shop.has_users(&["Zoe", "Li"]).await;
    let named = |name: &str| json!({ "name": name });
    let refused = shop.put("/users/leila", named("سارا")).await.fails(422, "too_many_users");
    assert_eq!(refused.body["params"]["max"], 2);
    shop.put("/users/zoe", named("Zoë")).await.is(200);
    shop.delete("/users/li").await.is(204);
    shop.put("/users/leila", named("سارا")).await.is(201);
    shop.put("/users/li", named("李雷")).await.fails(422, "too_many_users");

    let message = |id: &str| json!({ "text": "Chai?", "id": id });
    shop.has_conversation("one", &["zoe"]).await;
    shop.post("/conversations/two/messages", message("m-1")).await.is(201);
    shop.post("/conversations/three/messages", message("m-2")).await.fails(422, "too_many_conversations");
    shop.put("/conversations/three", named("3")).await.fails(422, "too_many_conversations");
    shop.post("/conversations", named("3")).await.fails(422, "too_many_conversations");
    shop.acting_as("zoe").post("/conversations", named("3")).await.fails(422, "too_many_conversations");
    // Existing users and conversations are changed and used as before.
    shop.put("/conversations/one", named("First")).await.is(200);
    shop.post("/conversations/two/messages", message("m-3")).await.is(201);
    shop.delete("/conversations/one").await.is(204);
    shop.post("/conversations/three/messages", message("m-2")).await.is(201);
    let usage = shop.get("/application/usage").await.is(200).body;
    assert_eq!((&usage["users"], &usage["conversations"]), (&json!(2), &json!(2)));
    // Others have their own.
    others.has_users(&["Zoe", "Li"]).await;
    others.has_conversation("one", &["zoe"]).await;
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_get_the_room_that_there_is() {
    let server = with(|config| {
        (config.limits.application_users, config.limits.application_conversations) = (5, 5);
    })
    .await;
    let shop = Program::of_application(&server, "Shop").await;
    for kind in ["users", "conversations"] {
        let puts: Vec<_> = (0..20).map(|n| (format!("/{kind}/n-{n}"), json!({ "name": "Zoë" }))).collect();
        let answers = puts.iter().map(|(path, body)| shop.put(path, body.clone()));
        let answers = futures::future::join_all(answers).await;
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(created, 5, "{kind}");
        assert!(answers.iter().all(|answer| [201, 422].contains(&answer.status)), "{kind}");
        assert_eq!(shop.get("/application/usage").await.is(200).body[kind], 5);
    }
    server.stop().await;
}
