//! Members, bans and invites of a conversation, and what users decide for themselves.

use serde_json::{Value, json};

use crate::client::{Program, server};

/// Returns the names of a list of members.
fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["user"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_invite_lets_so_many_users_in_until_it_is_revoked() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Ben", "Cal", "Eve"]).await;
    shop.put("/users/zoe", json!({ "name": "Zoë" })).await.is(200);
    shop.has_conversation("tea", &["zoe"]).await;
    let path = "/conversations/tea/invites";
    let invite = shop.post(path, json!({ "uses": 1, "minutes": 60 })).await.is(201).body;
    assert_eq!((&invite["by"]["name"], &invite["uses"]), (&json!("Shop"), &json!(1)));
    let expires = invite["expires"].as_str().unwrap();
    assert!(expires.ends_with('Z'), "{expires}");
    let uses = format!("/invites/{}/uses", invite["id"].as_str().unwrap());
    let joined = shop.acting_as("ben").post(&uses, json!({})).await.is(200).body;
    assert_eq!((&joined["key"], &joined["members"]), (&json!("tea"), &json!(2)));
    // Joining twice is joining once, and an invite that is used up lets nobody in.
    shop.acting_as("ben").post(&uses, json!({})).await.is(200);
    shop.acting_as("cal").post(&uses, json!({})).await.fails(422, "invite_over");
    assert_eq!(shop.get(path).await.is(200).body["items"], json!([]));

    shop.put("/conversations/tea/members/zoe", json!({ "role": "admin" })).await.is(200);
    let zoe = shop.acting_as("zoe");
    let open = zoe.post(path, json!({})).await.is(201).body;
    assert_eq!((&open["by"]["key"], &open["uses"]), (&json!("zoe"), &Value::Null));
    assert_eq!(zoe.get(path).await.is(200).body["items"], json!([open]));
    let of_tea = format!("{path}/{}", open["id"].as_str().unwrap());
    shop.has_conversation("chess", &[]).await;
    shop.delete(&of_tea.replace("tea", "chess")).await.fails(404, "not_found");
    shop.delete(&of_tea).await.is(204);
    let uses = format!("/invites/{}/uses", open["id"].as_str().unwrap());
    shop.acting_as("cal").post(&uses, json!({})).await.fails(422, "invite_over");
    for bad in ["", "x", "0123456789abcdef", "0123456789abcdef-0123456789abcdef"] {
        shop.acting_as("eve").post(&format!("/invites/{bad}/uses"), json!({})).await.fails(404, "not_found");
    }
    shop.post(path, json!({ "minutes": 525_601 })).await.fails(400, "field_wrong");
    server.stop().await;
}

#[tokio::test]
async fn a_banned_user_is_out_and_stays_out() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Nur", "Lei"]).await;
    shop.has_conversation("tea", &["ann", "nur"]).await;
    let invite = shop.post("/conversations/tea/invites", json!({})).await.is(201).body;
    let uses = format!("/invites/{}/uses", invite["id"].as_str().unwrap());
    // One is a member and one is not; banning twice is banning once.
    for user in ["nur", "lei", "nur", "lei"] {
        shop.put(&format!("/conversations/tea/bans/{user}"), json!({})).await.is(204);
        shop.acting_as(user).post(&uses, json!({})).await.fails(403, "banned");
        shop.put(&format!("/conversations/tea/members/{user}"), json!({})).await.fails(403, "banned");
    }
    assert_eq!(names(&shop.get("/conversations/tea/members").await.body), ["Ann"]);
    for _ in 0..2 {
        shop.delete("/conversations/tea/bans/nur").await.is(204);
    }
    shop.acting_as("nur").post(&uses, json!({})).await.is(200);
    shop.acting_as("lei").post(&uses, json!({})).await.fails(403, "banned");
    shop.put("/conversations/tea/bans/nobody", json!({})).await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn members_and_marks_are_read_in_parts_even_if_the_last_one_leaves() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let cast = ["Zoe", "Lei", "Wanjiru", "Nur", "Ann"];
    shop.has_users(&cast).await;
    shop.has_conversation("tea", &["zoe", "lei", "wanjiru", "nur", "ann"]).await;
    let said = shop.post("/conversations/tea/messages", json!({ "text": "Tea?" })).await.is(201).body;
    shop.acting_as("nur").put("/conversations/tea/marks/read", json!({ "seq": said["seq"] })).await.is(204);
    for list in ["members", "marks"] {
        let path = format!("/conversations/tea/{list}");
        let mut seen: Vec<String> = Vec::new();
        let mut next = format!("{path}?limit=2");
        loop {
            let part = shop.get(&next).await.is(200);
            seen.extend(names(&part.body).iter().map(|name| (*name).to_owned()));
            let Some(cursor) = part.body["next"].as_str() else { break };
            assert!(part.header("link").unwrap().contains(cursor), "{}", part.head);
            next = format!("{path}?limit=2&cursor={cursor}");
        }
        seen.sort();
        assert_eq!(seen, ["Ann", "Lei", "Nur", "Wanjiru", "Zoe"], "{list}");
        for bad in ["?", "bm8", "MS94"] {
            shop.get(&format!("{path}?cursor={bad}")).await.fails(400, "cursor_bad");
        }
    }
    let marks = shop.get("/conversations/tea/marks").await.body;
    let of_nur = marks["items"].as_array().unwrap().iter().find(|mark| mark["user"]["key"] == "nur").unwrap();
    assert_eq!((&of_nur["read"], &of_nur["delivered"]), (&said["seq"], &said["seq"]));
    let first = shop.get("/conversations/tea/members?limit=2").await.body;
    let last = first["items"][1]["user"]["key"].as_str().unwrap();
    shop.delete(&format!("/conversations/tea/members/{last}")).await.is(204);
    let path = format!("/conversations/tea/members?cursor={}", first["next"].as_str().unwrap());
    assert_eq!(names(&shop.get(&path).await.is(200).body).len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn users_choose_for_themselves_what_notifies_them_and_when_they_leave() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let (ben, path) = (shop.acting_as("ben"), "/conversations/tea/members/ben");
    let own = ben.put(path, json!({ "notify": "mentions" })).await.is(200).body;
    assert_eq!((&own["notify"], &own["hidden"]), (&json!("mentions"), &json!(false)));
    // Fields that are left out stay as they are.
    let own = ben.put(path, json!({ "hidden": true })).await.is(200).body;
    assert_eq!((&own["notify"], &own["hidden"]), (&json!("mentions"), &json!(true)));
    for other in [&shop, &shop.acting_as("ann")] {
        other.put(path, json!({ "notify": "all" })).await.fails(403, "user_needed");
    }
    ben.put(path, json!({ "notify": "loud" })).await.fails(400, "body_bad");
    ben.put(path, json!({ "role": "admin" })).await.fails(403, "not_admin");
    ben.delete(path).await.is(204);
    ben.put(path, json!({ "notify": "all" })).await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn the_conversations_of_a_user_are_listed_with_and_without_keys() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    for key in ["a", "b", "c"] {
        shop.has_conversation(key, &["ann"]).await;
    }
    shop.has_conversation("d", &["ben"]).await;
    for (program, query) in [(&shop, "member=ann&"), (&shop.acting_as("ann"), "")] {
        let mut keys = Vec::new();
        let mut cursor = String::new();
        loop {
            let part = program.get(&format!("/conversations?{query}limit=2{cursor}")).await.is(200);
            let items = part.body["items"].as_array().unwrap().clone();
            keys.extend(items.iter().map(|item| item["key"].as_str().unwrap().to_owned()));
            let Some(next) = part.body["next"].as_str() else { break };
            assert!(part.header("link").unwrap().contains("member=id:"), "{}", part.head);
            cursor = format!("&cursor={next}");
        }
        keys.sort();
        assert_eq!(keys, ["a", "b", "c"]);
    }
    shop.acting_as("ben").get("/conversations?member=ann").await.fails(404, "not_found");
    shop.get("/conversations?member=nobody").await.fails(404, "not_found");
    shop.get("/conversations?member=ann&cursor=eA").await.fails(400, "cursor_bad");
    server.stop().await;
}

#[tokio::test]
async fn a_conversation_without_a_key_gets_the_next_number_and_is_created_once() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann"]).await;
    let first = shop.post("/conversations", json!({ "name": "Order" })).await.is(201);
    assert_eq!(first.body["key"], "1");
    assert!(first.header("etag").is_some());
    shop.put("/conversations/41", json!({ "name": "Order 41" })).await.is(201);
    let by_id = shop.clone().header("Idempotency-Key", "c-1");
    let created = by_id.post("/conversations", json!({ "name": "Refund", "limit": 3 })).await.is(201).body;
    assert_eq!((&created["key"], &created["limit"]), (&json!("42"), &json!(3)));
    let again = by_id.post("/conversations", json!({ "name": "Refund", "limit": 3 })).await.is(200).body;
    assert_eq!(again, created);
    by_id.post("/conversations", json!({ "name": "Refund" })).await.fails(409, "send_id_taken");
    // Many at once are one.
    let at_once = shop.clone().header("Idempotency-Key", "c-2");
    let create = || at_once.post("/conversations", json!({ "name": "Tea" }));
    let (one, other, third) = tokio::join!(create(), create(), create());
    assert_eq!((&one.body, &other.body), (&other.body, &third.body));
    assert_eq!(one.body["key"], "43");
    shop.patch("/application", json!({ "config": { "user_conversations": true } })).await.is(200);
    // The id of another sender is another id, and a user is the first admin.
    let anns = shop.acting_as("ann").header("Idempotency-Key", "c-1");
    let hers = anns.post("/conversations", json!({ "name": "Mine" })).await.is(201).body;
    assert_eq!((&hers["key"], &hers["members"]), (&json!("44"), &json!(1)));
    shop.post("/conversations", json!({ "name": "" })).await.fails(422, "name_empty");
    let other = Program::of_application(&server, "Other").await;
    assert_eq!(other.post("/conversations", json!({ "name": "Order" })).await.is(201).body["key"], "1");
    server.stop().await;
}
