//! The inbox of a user, as a program reads it for them.

use serde_json::{Value, json};

use crate::client::{Program, server, with};

/// Reads the inbox of a user to its end; returns the texts of its messages, the last cursor and all resets.
async fn read_on(
    user: &Program<'_>,
    mut cursor: Option<String>,
    limit: usize,
) -> (Vec<String>, String, Vec<Value>) {
    let (mut texts, mut resets) = (Vec::new(), Vec::new());
    loop {
        let after = cursor.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let part = user.get(&format!("/inbox?limit={limit}{after}")).await.is(200).body;
        let entries = part["entries"].as_array().unwrap();
        assert!(entries.len() <= limit);
        let messages = entries.iter().filter(|entry| entry["data"]["type"] == "message");
        texts.extend(messages.map(|entry| entry["data"]["text"].as_str().unwrap().to_owned()));
        resets.extend(part["reset"].as_array().cloned().unwrap_or_default());
        let next = part["cursor"].as_str().unwrap().to_owned();
        if part["more"] == false {
            return (texts, next, resets);
        }
        cursor = Some(next);
    }
}

#[tokio::test]
async fn a_user_reads_on_through_all_conversations_and_hears_what_is_lost() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Zoe", "Omar", "Cal"]).await;
    shop.has_conversation("tea", &["zoe"]).await;
    let say = async |by: &str, conversation: &str, text: &str| {
        let path = format!("/conversations/{conversation}/messages");
        shop.acting_as(by).post(&path, json!({ "text": text })).await.is(201);
    };
    say("zoe", "tea", "before Omar").await;
    shop.put("/conversations/tea/members/omar", json!({})).await.is(200);
    shop.has_conversation("bread", &["omar", "zoe"]).await;
    let direct =
        shop.acting_as("zoe").put("/directs/omar", json!({})).await.is(200).body["conversation"].clone();
    for (conversation, text) in [("tea", "1"), ("bread", "2"), (direct.as_str().unwrap(), "3"), ("tea", "4")]
    {
        say("zoe", conversation, text).await;
    }
    let omar = shop.acting_as("omar");
    let (texts, cursor, resets) = read_on(&omar, None, 2).await;
    assert_eq!((texts, resets), (["1", "2", "3", "4"].map(String::from).into(), vec![]));
    say("zoe", "bread", "5").await;
    let (texts, next, _) = read_on(&omar, Some(cursor.clone()), 100).await;
    assert_eq!(texts, ["5"]);
    assert_eq!(read_on(&omar, Some(next.clone()), 100).await.0, [] as [&str; 0]);

    // Passing a cursor has confirmed what came before it.
    let marks = shop.get("/conversations/tea/marks").await.is(200).body;
    let waits = async {
        loop {
            let marks = shop.get("/conversations/tea/marks").await.is(200).body.to_string();
            let head = shop.get("/conversations/tea/messages").await.is(200).body["head"].clone();
            if marks.contains(&format!("\"delivered\":{head}")) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(30), waits).await;
    assert!(in_time.is_ok(), "{marks}");

    // A conversation that he leaves, and entries that are deleted, are named.
    shop.delete("/conversations/bread/members/omar").await.is(204);
    say("zoe", "bread", "not for him").await;
    say("zoe", "tea", "6").await;
    let bread = shop.get("/conversations/bread").await.is(200).body["topic"].clone();
    let tea = shop.get("/conversations/tea").await.is(200).body["topic"].clone();
    let (texts, _, resets) = read_on(&omar, Some(next.clone()), 100).await;
    assert_eq!((texts, resets), (vec!["6".into()], vec![json!({ "topic": bread, "reason": "not_member" })]));
    shop.delete(&format!("/topics/{}", tea.as_str().unwrap().replace('/', "%2F"))).await.is(202);
    let trimmed = async {
        while !read_on(&omar, Some(next.clone()), 100).await.0.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), trimmed).await.expect("it is trimmed");
    let resets = read_on(&omar, Some(next.clone()), 100).await.2;
    assert!(resets.contains(&json!({ "topic": tea, "reason": "trimmed" })), "{resets:?}");

    // A cursor is good for its user and its application, and shows nothing.
    for (program, cursor) in [(&shop.acting_as("zoe"), next.as_str()), (&omar, "x"), (&omar, &next[1..])] {
        program.get(&format!("/inbox?after={cursor}")).await.fails(400, "cursor_bad");
    }
    let others = Program::of_application(&server, "Others").await;
    others.has_users(&["Omar"]).await;
    others.acting_as("omar").get(&format!("/inbox?after={next}")).await.fails(400, "cursor_bad");
    assert_eq!(read_on(&others.acting_as("omar"), None, 9).await.0, [] as [&str; 0]);
    omar.get("/inbox?limit=101").await.fails(400, "field_wrong");
    shop.get("/inbox").await.fails(403, "user_needed");
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_of_another_epoch_goes_on_with_what_is_new() {
    let first = server().await;
    let shop = Program::of_application(&first, "Shop").await;
    shop.has_users(&["Zoe"]).await;
    let cursor =
        shop.acting_as("zoe").get("/inbox").await.is(200).body["cursor"].as_str().unwrap().to_owned();
    first.stop().await;
    let second = with(|_| {}).await;
    let shop = Program::of_application(&second, "Shop").await;
    shop.has_users(&["Zoe"]).await;
    // A store in memory has another secret after a restart, too.
    shop.acting_as("zoe").get(&format!("/inbox?after={cursor}")).await.fails(400, "cursor_bad");
    second.stop().await;
}
