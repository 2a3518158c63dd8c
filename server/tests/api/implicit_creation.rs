//! Implicit creation: the first message to a key that names no conversation.

use serde_json::{Value, json};

use crate::client::{Answer, Program, server};

/// Lets first messages of the application create conversations, and those of its users or not.
async fn allow(shop: &Program<'_>, users: bool) {
    let config = json!({ "config": { "implicit_creation": true, "user_conversations": users } });
    shop.patch("/application", config).await.is(200);
}

/// Returns the keys of the members of a conversation.
async fn members(shop: &Program<'_>, key: &str) -> Vec<String> {
    let list = shop.get(&format!("/conversations/{key}/members")).await.is(200).body;
    let of = |member: &Value| member["user"]["key"].as_str().unwrap_or("?").to_owned();
    let mut keys: Vec<String> = list["items"].as_array().unwrap().iter().map(of).collect();
    keys.sort();
    keys
}

/// Returns the messages of a conversation, in their order.
async fn texts(program: &Program<'_>, key: &str) -> Vec<String> {
    let log = program.get(&format!("/conversations/{key}/messages")).await.is(200).body;
    let text = |entry: &Value| entry["data"]["text"].as_str().map(str::to_owned);
    log["entries"].as_array().unwrap().iter().filter_map(text).collect()
}

#[tokio::test]
async fn a_first_message_creates_a_conversation_for_those_who_may() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.has_users(&["Wanjirũ", "Zoë"]).await;
    let (wanjiru, path) = (shop.acting_as("wanjir%C5%A9"), "/conversations/order-7/messages");
    let hello = json!({ "text": "Habari?" });
    let (off, users_off) = ((404, "not_found"), (403, "user_conversations_off"));
    let created = (201, "");
    for (first, users, application, user) in [
        (false, false, off, off),
        (false, true, off, off),
        (true, false, created, users_off),
        (true, true, created, created),
    ] {
        let config = json!({ "implicit_creation": first, "user_conversations": users });
        let changed = shop.patch("/application", json!({ "config": config })).await.is(200).body;
        assert_eq!(changed["config"]["implicit_creation"], first);
        assert_eq!(changed["config"]["user_conversations"], users);
        for (program, (status, code)) in [(&wanjiru, user), (&shop, application)] {
            let answer = program.post(path, hello.clone()).await.is(status);
            match status {
                201 => shop.delete("/conversations/order-7").await.is(204),
                _ => shop.get("/conversations/order-7").await.fails(404, "not_found"),
            };
            assert_eq!(answer.body["code"].as_str().unwrap_or_default(), code);
        }
    }
    shop.patch("/application", json!({ "config": { "implicit_creation": "users" } })).await.is(400);
    // Names of ours, and directs, create nothing.
    for name in ["id:0123456789abcdef", "direct:0123456789abcdef-0123456789abcdeg"] {
        shop.post(&format!("/conversations/{name}/messages"), hello.clone()).await.fails(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_conversation_has_its_sender_members_and_recipients_from_the_beginning() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Leila", "Li", "Noor"]).await;
    allow(&shop, true).await;
    let first = json!({
        "text": "@Li: tea at four?", "id": "m-1", "title": "سؤال عن الطلب", "members": ["zoe", "li"],
        "recipients": ["leila", "li"]
    });
    let sent = shop.post("/conversations/order-7/messages", first.clone()).await.is(201).body;
    let conversation = shop.get("/conversations/order-7").await.is(200).body;
    assert_eq!((&conversation["name"], &conversation["members"]), (&json!("سؤال عن الطلب"), &json!(3)));
    assert_eq!(conversation["topic"], sent["topic"]);
    assert_eq!(members(&shop, "order-7").await, ["leila", "li", "zoe"]);
    assert_eq!(texts(&shop.acting_as("li"), "order-7").await, ["@Li: tea at four?"]);
    assert_eq!(texts(&shop.acting_as("zoe"), "order-7").await, [""; 0]);
    // Again, it is the same message; the members and the title of others no longer count.
    let again = shop.post("/conversations/order-7/messages", first).await.is(200).body;
    assert_eq!((&again["seq"], &again["duplicate"]), (&sent["seq"], &json!(true)));
    let later = json!({ "text": "Yes", "title": "Other", "members": ["noor", "nobody"] });
    shop.acting_as("zoe").post("/conversations/order-7/messages", later).await.is(201);
    assert_eq!(members(&shop, "order-7").await, ["leila", "li", "zoe"]);
    // Somebody who is no member learns nothing.
    let outside =
        shop.acting_as("noor").post("/conversations/order-7/messages", json!({ "text": "Hi" })).await;
    outside.fails(404, "not_found");

    // A user who creates one is its admin. The name is the key.
    shop.acting_as("zoe").post("/conversations/orders%2F8/messages", json!({ "text": "New" })).await.is(201);
    let members = shop.get("/conversations/orders%2F8/members").await.is(200).body;
    assert_eq!(
        (&members["items"][0]["user"]["key"], &members["items"][0]["role"]),
        (&json!("zoe"), &json!("admin"))
    );
    assert_eq!(shop.get("/conversations/orders%2F8").await.body["name"], "orders/8");
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_created_by_a_message_that_is_refused() {
    let server = crate::client::with(|config| {
        (config.limits.group_members, config.limits.user_groups) = (3, 1);
    })
    .await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Leila", "Li", "Noor"]).await;
    allow(&shop, true).await;
    shop.post("/conversations/tea/messages", json!({ "text": "Hello", "id": "m-1" })).await.is(201);
    let (path, zoe) = ("/conversations/order-7/messages", shop.acting_as("zoe"));
    let all = json!(["zoe", "leila", "li", "noor"]);
    let refused = [
        (&shop, json!({ "text": "Other words", "id": "m-1" }), 409, "send_id_taken"),
        (&shop, json!({ "text": "Hello", "id": "m-1" }), 409, "send_id_taken"),
        (&shop, json!({ "text": " " }), 422, "text_empty"),
        (&shop, json!({ "text": "Hi", "members": ["zoe", "nobody"] }), 422, "recipients_not_members"),
        (&shop, json!({ "text": "Hi", "recipients": ["nobody"] }), 422, "recipients_not_members"),
        (&shop, json!({ "text": "Hi", "recipients": [] }), 422, "recipients_bad"),
        (&shop, json!({ "text": "Hi", "members": all }), 422, "group_full"),
        (&shop, json!({ "text": "Hi", "title": "x".repeat(81) }), 422, "name_too_long"),
        // She has never been in a conversation with him, so that he does not exist for her.
        (&zoe, json!({ "text": "Hi", "members": ["li"] }), 422, "recipients_not_members"),
    ];
    for (program, body, status, code) in refused {
        let answer: Answer = program.post(path, body).await;
        answer.fails(status, code);
        shop.get("/conversations/order-7").await.fails(404, "not_found");
    }
    // She is in as many conversations of her own as she may.
    zoe.post("/conversations/mine/messages", json!({ "text": "Hi" })).await.is(201);
    zoe.post(path, json!({ "text": "Hi" })).await.fails(422, "too_many_groups");
    shop.get("/conversations/order-7").await.fails(404, "not_found");
    let three = json!({ "text": "Hi", "members": ["zoe", "leila", "li"] });
    shop.post(path, three).await.is(201);
    server.stop().await;
}

#[tokio::test]
async fn twenty_first_messages_at_once_make_one_conversation() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let users: Vec<String> = (0..10).map(|n| format!("user-{n}")).collect();
    shop.has_users(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    allow(&shop, false).await;
    let path = "/conversations/order-7/messages";
    let body = |n: usize| json!({ "text": format!("{n}"), "id": format!("m-{n}"), "members": users });
    // Each is sent twice, as by a client that gave up on the first answer.
    let sends = (0..40).map(|n| shop.post(path, body(n / 2)));
    let answers = futures::future::join_all(sends).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let again = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((created, again), (20, 20), "{answers:?}");
    let mut said: Vec<usize> =
        texts(&shop, "order-7").await.iter().map(|text| text.parse().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, (0..20).collect::<Vec<_>>());
    assert_eq!(members(&shop, "order-7").await, users);
    let all = shop.get("/conversations").await.is(200).body;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    server.stop().await;
}
