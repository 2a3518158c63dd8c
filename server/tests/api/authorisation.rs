//! Permissions of the API: every operation of the OpenAPI document, for every kind of caller, in one table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Answer, Program, application, operator, server};

/// The codes of an operation for each caller, where `+` is success: another application, the application, the
/// application as a user who is no member, as a member, as an admin, and the operator.
///
/// Nobody without a token, or with a wrong one, may do anything, which the test checks for every operation.
const TABLE: [(&str, [&str; 6]); 45] = [
    (
        "post /applications",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "get /applications",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "get /applications/{application}",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "patch /applications/{application}",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "post /applications/{application}/tokens",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "delete /applications/{application}",
        ["not_operator", "not_operator", "not_operator", "not_operator", "not_operator", "+"],
    ),
    (
        "get /application",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "patch /application",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    ("get /users", ["+", "+", "not_application", "not_application", "not_application", "not_application"]),
    (
        "put /users/{user}",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    ("get /users/{user}", ["not_found", "+", "+", "+", "+", "not_application"]),
    (
        "delete /users/{user}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    // A user gets their own.
    ("get /conversations", ["+", "+", "+", "+", "+", "not_application"]),
    ("post /conversations", ["+", "+", "+", "+", "+", "not_application"]),
    ("put /conversations/{conversation}", ["+", "+", "not_found", "not_admin", "+", "not_application"]),
    ("get /conversations/{conversation}", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    (
        "patch /conversations/{conversation}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    ("put /directs/{user}", ["not_found", "user_needed", "+", "+", "+", "not_application"]),
    (
        "get /conversations/{conversation}/members",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "put /conversations/{conversation}/members/{user}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/members/{user}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "put /conversations/{conversation}/bans/{user}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/bans/{user}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "get /conversations/{conversation}/invites",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "post /conversations/{conversation}/invites",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/invites/{invite}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    ("post /invites/{invite}/uses", ["user_needed", "user_needed", "+", "+", "+", "not_application"]),
    ("post /broadcasts", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    ("get /broadcasts", ["+", "+", "+", "+", "+", "not_application"]),
    // That of the application.
    (
        "get /broadcasts/{broadcast}",
        ["not_found", "+", "not_found", "not_found", "not_found", "not_application"],
    ),
    ("get /search", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    (
        "post /conversations/{conversation}/messages",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "get /conversations/{conversation}/messages",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "get /conversations/{conversation}/messages/{seq}",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "patch /conversations/{conversation}/messages/{seq}",
        ["not_found", "not_author", "not_found", "not_author", "not_author", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/messages/{seq}",
        ["not_found", "+", "not_found", "not_author", "+", "not_application"],
    ),
    (
        "put /conversations/{conversation}/messages/{seq}/reactions/{emoji}",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/messages/{seq}/reactions/{emoji}",
        ["not_found", "+", "not_found", "+", "+", "not_application"],
    ),
    (
        "put /conversations/{conversation}/messages/{seq}/pin",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/messages/{seq}/pin",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    ("get /conversations/{conversation}/marks", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    (
        "put /conversations/{conversation}/marks/read",
        ["not_found", "user_needed", "not_found", "+", "+", "not_application"],
    ),
    (
        "post /conversations/{conversation}/typing",
        ["not_found", "user_needed", "not_found", "+", "+", "not_application"],
    ),
    // Topics are names: the same one of another application is another topic.
    ("get /topics/{topic}/presence", ["+", "+", "+", "+", "+", "not_application"]),
];

/// The operations that every caller but the operator may carry out, each in its own application.
const OF_TOPICS: [&str; 2] = ["post /topics/{topic}/entries", "get /topics/{topic}/entries"];

/// Returns every operation of the document: its method, its path and whether it has a body.
fn operations() -> BTreeMap<String, bool> {
    let document: Value = serde_json::from_str(&server::openapi().to_json().unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.insert(format!("{method} {path}"), operation.get("requestBody").is_some());
        }
    }
    found
}

/// Sends an operation about the conversation of [`world`].
async fn carry_out(program: &Program<'_>, operation: &str, application: &str) -> Answer {
    let (method, path) = operation.split_once(' ').unwrap();
    let path = path
        .replace("{application}", application)
        .replace("{user}", "eve")
        .replace("{conversation}", "tea")
        .replace("{seq}", "4")
        .replace("{emoji}", "%F0%9F%91%8D")
        .replace("{topic}", "news")
        .replace("{broadcast}", "b-1");
    let query = match operation {
        "delete /applications/{application}" => "?confirm=Shop",
        "get /search" => "?q=hi&conversation=tea",
        _ => "",
    };
    let path = format!("{path}{query}");
    let body = json!({ "name": "eve", "title": "Shop", "text": "hi", "seq": 4, "data": 1, "to": ["tea"] });
    let body = body.to_string();
    let has_body = operations()[operation];
    program.ask(&method.to_uppercase(), &path, has_body.then_some(&body)).await
}

#[tokio::test]
async fn every_program_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    let topics = OF_TOPICS.map(|operation| (operation, ["+", "+", "+", "+", "+", "not_application"]));
    for (operation, expected) in TABLE.into_iter().chain(topics) {
        for (column, expected) in expected.into_iter().enumerate() {
            // Each begins with a world of its own.
            let server = server().await;
            let created = application(&server, "Shop").await;
            let shop = Program::new(&server).with(&created.token);
            shop.has_users(&["Ann", "Ben", "Cal", "Eve"]).await;
            shop.has_conversation("tea", &["ben", "ann", "eve"]).await;
            shop.put("/conversations/tea/members/ann", json!({ "role": "admin" })).await.is(200);
            let eve = shop.acting_as("eve");
            eve.post("/conversations/tea/messages", json!({ "text": "hi" })).await.is(201);
            let said = shop.get("/conversations/tea/messages").await.body["head"].clone();
            let invite = shop.post("/conversations/tea/invites", json!({})).await.is(201).body["id"].clone();
            shop.post("/broadcasts", json!({ "text": "hi", "id": "b-1", "to": ["tea"] })).await.is(202);
            let others = Program::of_application(&server, "Others").await;
            let operator = operator(&server).await;
            let programs = [
                &others,
                &shop,
                &shop.acting_as("cal"),
                &shop.acting_as("ben"),
                &shop.acting_as("ann"),
                &operator,
            ];
            // The message is entry 4 or later, by how many joined before.
            let of_message =
                operation.replace("{seq}", "{said}").replace("{invite}", invite.as_str().unwrap());
            let id = created.application.public_id.to_string();
            let answer = carry_out_at(programs[column], operation, &of_message, &id, &said.to_string()).await;
            let code = answer.body["code"].as_str().unwrap_or(if answer.status < 300 { "+" } else { "?" });
            if code != expected {
                wrong.push(format!(
                    "{operation}, column {column}: {code} ({}), the table says {expected}",
                    answer.status
                ));
            }
            server.stop().await;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// As [`carry_out`], with the number of the message.
async fn carry_out_at(
    program: &Program<'_>,
    operation: &str,
    path: &str,
    application: &str,
    said: &str,
) -> Answer {
    if operation == path {
        return carry_out(program, operation, application).await;
    }
    let (method, _) = operation.split_once(' ').unwrap();
    let path = path.split_once(' ').unwrap().1;
    let path =
        path.replace("{said}", said).replace("{conversation}", "tea").replace("{emoji}", "%F0%9F%91%8D");
    let body = json!({ "text": "hi" }).to_string();
    program.ask(&method.to_uppercase(), &path, operations()[operation].then_some(&body)).await
}

#[tokio::test]
async fn nobody_does_anything_without_a_token_that_works() {
    let server = server().await;
    let unknown = chat::ApiToken::from_bytes(chat::TokenKind::Application, [7; 32]);
    let bare = |answer: Answer| {
        let mut body = answer.body;
        body["request_id"] = Value::Null;
        (answer.status, body)
    };
    let mut refused = Vec::new();
    for operation in operations().keys() {
        let none = carry_out(&Program::new(&server), operation, "0123456789abcdef").await;
        let none = none.fails(401, "api_token_needed");
        assert_eq!(none.header("www-authenticate"), Some("Bearer"), "{operation}");
        for token in [unknown.reveal(), "hub_app_x", "x", ""] {
            let answer =
                carry_out(&Program::new(&server).with_token(token), operation, "0123456789abcdef").await;
            if !token.is_empty() {
                refused.push(bare(answer.fails(401, "token_bad")));
            }
        }
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "every wrong token gets the same answer: {refused:?}");
    server.stop().await;
}

#[test]
fn every_operation_is_in_the_table() {
    let mut listed: Vec<&str> = TABLE.iter().map(|(operation, _)| *operation).chain(OF_TOPICS).collect();
    listed.sort_unstable();
    let operations = operations();
    assert_eq!(listed, operations.keys().map(String::as_str).collect::<Vec<_>>());
}
