//! Messages, reactions, pins, read states, topics and the socket.

use serde_json::{Value, json};

use crate::client::{Program, server};

/// Returns the newest message of a conversation.
async fn newest(program: &Program<'_>, conversation: &str) -> Value {
    let log = program.get(&format!("/conversations/{conversation}/messages")).await.is(200).body;
    let entries = log["entries"].as_array().unwrap();
    entries.iter().rev().find(|entry| entry["data"]["type"] == "message").unwrap().clone()
}

#[tokio::test]
async fn a_message_is_sent_once_however_often_it_is_sent() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let (ann, path) = (shop.acting_as("ann"), "/conversations/tea/messages");
    let message = json!({ "text": "Hello *Ben*", "id": "m-1" });
    let first = ann.post(path, message.clone()).await.is(201).body;
    assert_eq!((&first["id"], &first["duplicate"]), (&json!("m-1"), &json!(false)));
    let again = ann.post(path, message).await.is(200).body;
    assert_eq!((&again["seq"], &again["duplicate"]), (&first["seq"], &json!(true)));
    ann.post(path, json!({ "text": "Hello", "id": "m-1" })).await.fails(409, "send_id_taken");
    let by_header = ann.clone().header("Idempotency-Key", "m-2");
    by_header.post(path, json!({ "text": "By header" })).await.is(201);
    assert_eq!(by_header.post(path, json!({ "text": "By header" })).await.is(200).body["duplicate"], true);
    by_header.post(path, json!({ "text": "x", "id": "m-3" })).await.fails(400, "field_wrong");
    // The same id of another sender is another message.
    shop.acting_as("ben").post(path, json!({ "text": "Hi", "id": "m-1" })).await.is(201);
    let entry = shop.get(&format!("{path}/{}", first["seq"])).await.is(200).body;
    assert_eq!(
        (&entry["data"]["text"], &entry["data"]["author"]["name"]),
        (&json!("Hello *Ben*"), &json!("Ann"))
    );
    server.stop().await;
}

#[tokio::test]
async fn messages_are_changed_by_those_who_may() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben", "Cal"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let (ann, ben) = (shop.acting_as("ann"), shop.acting_as("ben"));
    let said = ann.post("/conversations/tea/messages", json!({ "text": "Tea?" })).await.is(201).body;
    let path = format!("/conversations/tea/messages/{}", said["seq"]);
    ann.patch(&path, json!({ "text": "Tea at four?" })).await.is(200);
    ben.patch(&path, json!({ "text": "Coffee?" })).await.fails(403, "not_author");
    shop.patch(&path, json!({ "text": "Coffee?" })).await.fails(403, "not_author");
    let answer =
        ben.post("/conversations/tea/messages", json!({ "text": "Yes", "reply_to": said["seq"] })).await;
    answer.is(201);
    assert_eq!(newest(&shop, "tea").await["data"]["reply_to"]["excerpt"], "Tea at four?");
    let emoji = format!("{path}/reactions/%F0%9F%AB%96");
    ben.put(&emoji, json!({})).await.is(200);
    assert_eq!(shop.get(&path).await.body["data"]["reactions"][0]["emoji"], "🫖");
    ben.delete(&emoji).await.is(200);
    assert!(shop.get(&path).await.body["data"]["reactions"].as_array().is_none_or(Vec::is_empty));
    ben.put(&format!("{path}/reactions/tea"), json!({})).await.fails(400, "emoji_bad");
    ben.put(&format!("{path}/pin"), json!({})).await.fails(403, "not_admin");
    shop.put(&format!("{path}/pin"), json!({})).await.is(200);
    assert_eq!(shop.get(&path).await.body["data"]["pinned"], true);
    shop.delete(&format!("{path}/pin")).await.is(200);
    ben.delete(&path).await.fails(403, "not_author");
    shop.delete(&path).await.is(200);
    assert_eq!(shop.get(&path).await.is(200).body["data"]["type"], "tombstone");
    shop.get("/conversations/tea/messages/999").await.fails(404, "not_found");
    shop.acting_as("cal").get(&path).await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_message_changes_only_in_the_version_that_was_read() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Leila", "Li"]).await;
    shop.has_conversation("tea", &["zoe", "leila", "li"]).await;
    let zoe = shop.acting_as("zoe");
    for recipients in [None, Some(["leila"])] {
        let mut said = json!({ "text": "Chai?" });
        if let Some(recipients) = recipients {
            said["recipients"] = json!(recipients);
        }
        let said = zoe.post("/conversations/tea/messages", said).await.is(201).body;
        let path = format!("/conversations/tea/messages/{}", said["seq"]);
        let read =
            async |program: &Program<'_>| program.get(&path).await.is(200).header("etag").unwrap().to_owned();
        let first = read(&zoe).await;
        assert!(first.starts_with("\"v") && first == read(&shop).await, "{first}");
        let (at, with) =
            (|tag: &str| zoe.clone().header("If-Match", tag), |text: &str| json!({ "text": text }));
        at(&first).patch(&path, with("Chai at four?")).await.is(200);
        at(&first).patch(&path, with("Coffee?")).await.fails(412, "version_stale");
        // It is so already.
        at(&first).patch(&path, with("Chai at four?")).await.is(200);
        let second = read(&zoe).await;
        shop.acting_as("leila").put(&format!("{path}/reactions/%F0%9F%AB%96"), json!({})).await.is(200);
        at(&second).delete(&path).await.fails(412, "version_stale");
        let third = read(&zoe).await;
        assert!(first != second && second != third, "{first} {second} {third}");
        assert_eq!(zoe.get(&path).await.body["data"]["text"], "Chai at four?");
        // A version gives no right that the caller lacks.
        let refused = shop.acting_as("leila").header("If-Match", &first).patch(&path, with("Mine")).await;
        refused.fails(403, "not_author");
        for bad in ["\"v1\"", "v1", "\"\"", "W/\"v1\""] {
            at(bad).delete(&path).await.fails(412, "version_stale");
        }
        // A repeat with the same id is answered as the first time.
        let named = json!({ "text": "Chai at five?", "id": format!("edit-{}", said["seq"]) });
        at(&third).patch(&path, named.clone()).await.is(200);
        assert_eq!(at(&third).patch(&path, named).await.is(200).body["duplicate"], true);
        at("*").delete(&path).await.is(200);
        assert_ne!(read(&zoe).await, third, "a deleted message has a version, too");
        at("*").delete(&path).await.fails(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test]
async fn of_twenty_edits_of_one_version_one_counts() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe"]).await;
    shop.has_conversation("tea", &["zoe"]).await;
    let said = shop.post("/conversations/tea/messages", json!({ "text": "0" })).await.is(201).body;
    let path = format!("/conversations/tea/messages/{}", said["seq"]);
    let tag = shop.get(&path).await.is(200).header("etag").unwrap().to_owned();
    let at = shop.clone().header("If-Match", &tag);
    let edits = (1..=20).map(|n| at.patch(&path, json!({ "text": n.to_string() })));
    let answers = futures::future::join_all(edits).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(412)), (1, 19));
    server.stop().await;
}

#[tokio::test]
async fn the_application_speaks_for_itself_under_its_title() {
    let server = server().await;
    let shop = Program::of_application(&server, "The Shop").await;
    shop.has_users(&["Ann"]).await;
    shop.has_conversation("tea", &["ann"]).await;
    let said = shop
        .post("/conversations/tea/messages", json!({ "text": "We close at six.", "id": "1" }))
        .await
        .is(201);
    let message = newest(&shop.acting_as("ann"), "tea").await;
    assert_eq!(
        (&message["data"]["author"]["name"], &message["seq"]),
        (&json!("The Shop"), &said.body["seq"])
    );
    let path = format!("/conversations/tea/messages/{}", said.body["seq"]);
    shop.patch(&path, json!({ "text": "We close at seven." })).await.is(200);
    shop.patch("/conversations/tea", json!({ "archived": true })).await.is(200);
    shop.post("/conversations/tea/messages", json!({ "text": "late" })).await.fails(422, "archived");
    server.stop().await;
}

#[tokio::test]
async fn read_states_and_typing_are_those_of_users() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let said = shop.post("/conversations/tea/messages", json!({ "text": "hello" })).await.is(201).body;
    let mark = json!({ "seq": said["seq"] });
    shop.acting_as("ann").put("/conversations/tea/marks/read", mark.clone()).await.is(204);
    for program in [&shop, &shop.acting_as("ben")] {
        let marks = program.get("/conversations/tea/marks").await.is(200).body;
        let marks = marks["items"].as_array().unwrap();
        let of = |key: &str| marks.iter().find(|mark| mark["user"]["key"] == key).unwrap();
        assert_eq!((marks.len(), &of("ann")["read"], &of("ben")["read"]), (2, &said["seq"], &json!(0)));
    }
    shop.put("/conversations/tea/marks/read", mark).await.fails(403, "user_needed");
    shop.acting_as("ben").post("/conversations/tea/typing", json!({})).await.is(204);
    shop.post("/conversations/tea/typing", json!({})).await.fails(403, "user_needed");
    server.stop().await;
}

#[tokio::test]
async fn topics_carry_any_json_and_keep_every_digit() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let path = "/topics/orders%2Feu/entries";
    let body = r#"{"id":"o-1","data":{"n":12345678901234567890123,"z":1.10}}"#;
    shop.ask("POST", path, Some(body)).await.is(201);
    shop.ask("POST", path, Some(body)).await.is(200);
    shop.ask("POST", path, Some(r#"{"id":"o-1","data":2}"#)).await.fails(409, "send_id_taken");
    let log = shop.get(path).await.is(200);
    assert!(log.text.contains(r#""data":{"n":12345678901234567890123,"z":1.10}"#), "{}", log.text);
    assert_eq!((&log.body["begins"], &log.body["head"]), (&json!(1), &json!(1)));
    for number in 2..=5 {
        shop.post(path, json!({ "data": number })).await.is(201);
    }
    let slice = shop.get(&format!("{path}?after=1&before=5&limit=2")).await.is(200).body;
    let seqs: Vec<u64> =
        slice["entries"].as_array().unwrap().iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert_eq!(seqs, [2, 3]);
    let around = async |query: &str| -> Vec<u64> {
        let slice = shop.get(&format!("{path}?{query}")).await.is(200).body;
        slice["entries"].as_array().unwrap().iter().filter_map(|entry| entry["seq"].as_u64()).collect()
    };
    assert_eq!(around("around=3&limit=3").await, [2, 3, 4]);
    assert_eq!(around("around=1&limit=2").await, [1, 2]);
    assert_eq!(around("around=5&limit=4").await, [3, 4, 5]);
    assert_eq!(around("around=9").await, [1, 2, 3, 4, 5]);
    shop.get(&format!("{path}?around=3&after=1")).await.fails(400, "field_wrong");
    shop.post("/topics/group%2Fx/entries", json!({ "data": 1 })).await.fails(403, "topic_reserved");
    shop.get("/topics/group%2Fx/entries").await.fails(404, "not_found");
    let present = shop.get("/topics/orders%2Feu/presence").await.is(200).body;
    assert_eq!(present, json!({ "here": [], "away": [] }));
    server.stop().await;
}

#[tokio::test]
async fn a_token_for_one_conversation_searches_there() {
    let server = server().await;
    let shop = Program::of_application(&server, "متجر نور").await;
    shop.has_users(&["Zoe"]).await;
    shop.has_conversation("support-4711", &["zoe"]).await;
    shop.has_conversation("support-4712", &["zoe"]).await;
    for key in ["support-4711", "support-4712"] {
        let path = format!("/conversations/{key}/messages");
        shop.acting_as("zoe").post(&path, json!({ "text": "Where is my parcel?" })).await.is(201);
    }
    let scope = json!({ "scope": { "conversations": ["support-4711"] } });
    let minted = shop.post("/users/zoe/tokens", scope).await.is(201).body;
    let page = Program::new(&server).with_token(minted["token"].as_str().unwrap());
    // The index comes after the message.
    let found = loop {
        let found = page.get("/search?q=parcel&conversation=support-4711").await.is(200).body;
        if found["items"] != json!([]) {
            break found;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let item = &found["items"][0];
    assert_eq!((&item["conversation"], &item["author"]["key"]), (&json!("support-4711"), &json!("zoe")));
    page.get("/search?q=parcel&conversation=support-4712").await.fails(403, "outside_scope");
    page.get("/search?q=parcel").await.fails(403, "outside_scope");
    page.get("/users/zoe").await.fails(403, "outside_scope");
    server.stop().await;
}
