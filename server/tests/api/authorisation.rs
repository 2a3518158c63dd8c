//! Permissions of the API: every operation of the OpenAPI document, for every kind of caller, in one table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Answer, Program, application, operator, server};
use crate::files::picture;

/// The codes of an operation for each caller, where `+` is success: another application, the application, the
/// application as a user who is no member, as a member, as an admin, and the operator.
///
/// Nobody without a token, or with a wrong one, may do anything, which the test checks for every operation.
const TABLE: [(&str, [&str; 6]); 80] = [
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
    ("get /application", ["+", "+", "+", "+", "+", "not_application"]),
    (
        "patch /application",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "get /application/tokens",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /application/tokens",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "delete /application/tokens/{id}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /application/signing-key",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /application/revocations",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /users/{user}/tokens",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "delete /users/{user}/tokens",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /users/{user}/links",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    ("get /me", ["user_needed", "user_needed", "+", "+", "+", "not_application"]),
    // A user gets those whom they know.
    ("get /users", ["+", "+", "+", "+", "+", "not_application"]),
    (
        "put /users/{user}",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    ("get /users/{user}", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    (
        "delete /users/{user}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    // A user gets their own.
    ("get /conversations", ["+", "+", "+", "+", "+", "not_application"]),
    (
        "post /conversations",
        [
            "+",
            "+",
            "user_conversations_off",
            "user_conversations_off",
            "user_conversations_off",
            "not_application",
        ],
    ),
    (
        "put /conversations/{conversation}",
        ["+", "+", "user_conversations_off", "not_admin", "+", "not_application"],
    ),
    ("get /conversations/{conversation}", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    (
        "patch /conversations/{conversation}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    ("put /directs/{user}", ["not_found", "user_needed", "not_found", "+", "+", "not_application"]),
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
    (
        "get /conversations/{conversation}/hooks",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "put /conversations/{conversation}/hooks/{name}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "get /conversations/{conversation}/hooks/{name}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "delete /conversations/{conversation}/hooks/{name}",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    (
        "post /conversations/{conversation}/hooks/{name}/token",
        ["not_found", "+", "not_found", "not_admin", "+", "not_application"],
    ),
    ("get /webhooks", ["+", "+", "not_application", "not_application", "not_application", "not_application"]),
    (
        "put /webhooks/{name}",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "get /webhooks/{name}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "delete /webhooks/{name}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /webhooks/{name}/secret",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /webhooks/{name}/test",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "post /webhooks/{name}/replay",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "get /webhooks/{name}/deliveries",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    // There has been none.
    (
        "post /webhooks/{name}/deliveries/{delivery}/replay",
        [
            "not_found",
            "not_found",
            "not_application",
            "not_application",
            "not_application",
            "not_application",
        ],
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
    (
        "get /conversations/{conversation}/messages/{seq}/receipts",
        ["not_found", "+", "not_found", "not_sender", "not_sender", "not_application"],
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
    // Each user has an inbox of their own.
    ("get /inbox", ["user_needed", "user_needed", "+", "+", "+", "not_application"]),
    (
        "get /application/usage",
        ["+", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    // Only the application of the conversation has published to the topic.
    ("get /topics/{topic}", ["not_found", "+", "+", "+", "+", "not_application"]),
    (
        "delete /topics/{topic}",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "put /topics/{topic}/retention",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    (
        "delete /topics/{topic}/retention",
        ["not_found", "+", "not_application", "not_application", "not_application", "not_application"],
    ),
    ("post /files", ["+", "+", "+", "+", "+", "not_application"]),
    // That of eve's message.
    ("get /files/{file}", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    ("get /files/{file}/thumbnail", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    ("post /files/{file}/links", ["not_found", "+", "not_found", "+", "+", "not_application"]),
    // It goes with the message.
    (
        "delete /files/{file}",
        ["not_found", "file_attached", "not_found", "not_found", "not_found", "not_application"],
    ),
];

/// The URL of an outgoing webhook that is never called: the address of this name is not public.
const LOCAL: &str = "https://localhost/hooks";

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
        .replace("{id}", &"0".repeat(32))
        .replace("{topic}", "news")
        .replace("{broadcast}", "b-1")
        .replace("{name}", "ci")
        .replace("{delivery}", "1");
    let query = match operation {
        "delete /applications/{application}" => "?confirm=Shop",
        "get /search" => "?q=hi&conversation=tea",
        _ => "",
    };
    let path = format!("{path}{query}");
    if operation == "post /files" {
        return program.upload("tea.txt", b"tea").await;
    }
    let body = json!({ "name": "eve", "title": "Shop", "text": "hi", "seq": 4, "data": 1, "to": ["tea"], "display_name": "CI", "url": LOCAL, "since": "2026-01-01T00:00:00.000Z" });
    // These take no field that they do not know.
    let is_strict = ["post /users/{user}/tokens", "post /users/{user}/links", "post /application/tokens"]
        .contains(&operation);
    let body = if is_strict { "{}".to_owned() } else { body.to_string() };
    let has_body = operations()[operation];
    program.ask(&method.to_uppercase(), &path, has_body.then_some(&body)).await
}

/// A shop with ann as an admin of the conversation `tea`, ben and eve as members, and cal outside. Eve has said `hi`.
struct World<'a> {
    shop: Program<'a>,
    made: chat::Created,
    /// The number of eve's message, which is 4 or later, by how many joined before.
    said: String,
    /// The number of an invite to the conversation.
    invite: String,
    /// The id of a picture in a message of eve's.
    file: String,
}

impl<'a> World<'a> {
    async fn on(server: &'a server::ServerHandle) -> Self {
        let made = application(server, "Shop").await;
        let shop = Program::new(server).with(&made.token);
        shop.has_users(&["Ann", "Ben", "Cal", "Eve"]).await;
        shop.has_conversation("tea", &["ben", "ann", "eve"]).await;
        shop.put("/conversations/tea/members/ann", json!({ "role": "admin" })).await.is(200);
        shop.acting_as("eve").post("/conversations/tea/messages", json!({ "text": "hi" })).await.is(201);
        let said = shop.get("/conversations/tea/messages").await.body["head"].to_string();
        let invite = shop.post("/conversations/tea/invites", json!({})).await.is(201).body["id"].clone();
        let invite = invite.as_str().unwrap().to_owned();
        shop.put("/conversations/tea/hooks/ci", json!({ "display_name": "CI" })).await.is(201);
        shop.put("/webhooks/ci", json!({ "url": LOCAL, "active": false })).await.is(201);
        let eve = shop.acting_as("eve");
        let picture = picture(4, 4, image::ImageFormat::Png);
        let file = eve.upload("tea.png", &picture).await.is(201).body["id"].clone();
        let message = json!({ "attachments": [{ "id": file }] });
        eve.post("/conversations/tea/messages", message).await.is(201);
        let file = file.as_str().unwrap().to_owned();
        shop.post("/broadcasts", json!({ "text": "hi", "id": "b-1", "to": ["tea"] })).await.is(202);
        shop.post("/topics/news/entries", json!({ "data": 1 })).await.is(201);
        Self { shop, made, said, invite, file }
    }

    /// Returns the code of an operation, and `+` for success.
    async fn code(&self, program: &Program<'_>, operation: &str) -> String {
        let answer = self.answer(program, operation).await;
        let code = answer.body["code"].as_str().unwrap_or(if answer.status < 300 { "+" } else { "?" });
        code.to_owned()
    }

    async fn answer(&self, program: &Program<'_>, operation: &str) -> Answer {
        let (application, token) = (self.made.application.public_id.to_string(), self.made.token.hash());
        let of_message = operation
            .replace("{seq}", "{said}")
            .replace("{id}", &token.handle())
            .replace("{invite}", &self.invite)
            .replace("{file}", &self.file);
        carry_out_at(program, operation, &of_message, &application, &self.said).await
    }
}

/// Returns the operations and what each caller may do.
fn table() -> Vec<(&'static str, [&'static str; 6])> {
    let topics = OF_TOPICS.map(|operation| (operation, ["+", "+", "+", "+", "+", "not_application"]));
    TABLE.into_iter().chain(topics).collect()
}

#[tokio::test]
async fn every_program_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for (operation, expected) in table() {
        for (column, expected) in expected.into_iter().enumerate() {
            // Each begins with a world of its own.
            let server = server().await;
            let world = World::on(&server).await;
            let others = Program::of_application(&server, "Others").await;
            let (shop, operator) = (&world.shop, operator(&server).await);
            let programs = [
                &others,
                shop,
                &shop.acting_as("cal"),
                &shop.acting_as("ben"),
                &shop.acting_as("ann"),
                &operator,
            ];
            let code = world.code(programs[column], operation).await;
            if code != expected {
                wrong.push(format!("{operation}, column {column}: {code}, the table says {expected}"));
            }
            server.stop().await;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_user_token_may_do_what_its_user_may_and_nothing_elsewhere() {
    let mut wrong = Vec::new();
    for (operation, expected) in table() {
        let server = server().await;
        let world = World::on(&server).await;
        let others = Program::of_application(&server, "Others").await;
        others.has_users(&["Ben"]).await;
        let token = async |program: &Program<'_>, body: Value| {
            let made = program.post("/users/ben/tokens", body).await.is(201);
            Program::new(&server).with_token(made.body["token"].as_str().unwrap())
        };
        let with_topics = json!({ "scope": { "topics": ["*"] } });
        let elsewhere = token(&others, with_topics.clone()).await;
        let as_elsewhere = others.acting_as("ben");
        let narrow = json!({ "scope": { "conversations": ["coffee"], "topics": ["weather"] } });
        let narrow = token(&world.shop, narrow).await;
        // One without a scope has everything but open topics, which have to be named.
        let without_topics = token(&world.shop, json!({})).await;
        let whole = token(&world.shop, with_topics).await;
        let acts_on_conversation = operation.contains("/conversations/{") || operation.contains("/topics/");
        let outside = acts_on_conversation.then_some("outside_scope");
        let narrowed = world.code(&narrow, operation).await;
        // A file is nowhere before a message takes it.
        let is_public = ["get /me", "get /application", "post /files"].contains(&operation);
        if outside.is_some_and(|code| code != narrowed) || narrowed == "+" && !is_public {
            wrong.push(format!("{operation}: a narrow token comes to {narrowed}"));
        }
        let needs_topic = operation.contains("/topics/");
        for (program, expected) in [
            (&elsewhere, world.code(&as_elsewhere, operation).await.as_str()),
            (&whole, expected[3]),
            (&without_topics, if needs_topic { "outside_scope" } else { expected[3] }),
        ] {
            let code = world.code(program, operation).await;
            if code != expected {
                wrong.push(format!("{operation}: a token comes to {code}, and its user to {expected}"));
            }
        }
        server.stop().await;
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
    let path = path
        .replace("{said}", said)
        .replace("{conversation}", "tea")
        .replace("{user}", "eve")
        .replace("{application}", application)
        .replace("{emoji}", "%F0%9F%91%8D");
    let body = json!({ "text": "hi" }).to_string();
    program.ask(&method.to_uppercase(), &path, operations()[operation].then_some(&body)).await
}

#[tokio::test]
async fn nobody_does_anything_without_a_token_that_works() {
    let server = server().await;
    let world = World::on(&server).await;
    let unknown = chat::ApiToken::from_bytes(chat::TokenKind::Application, [7; 32]);
    let mut tokens = dead_tokens(&server, &world).await;
    tokens.extend([unknown.reveal(), "hub_app_x", "x", "a.b.c", "ey..", ""].map(str::to_owned));
    let bare = |answer: Answer| {
        let mut body = answer.body;
        body["request_id"] = Value::Null;
        (answer.status, body.to_string())
    };
    let mut refused = Vec::new();
    for operation in operations().keys() {
        let none = carry_out(&Program::new(&server), operation, "0123456789abcdef").await;
        let none = none.fails(401, "api_token_needed");
        assert_eq!(none.header("www-authenticate"), Some("Bearer"), "{operation}");
        for token in &tokens {
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

/// Returns user tokens that do not work, each for another reason.
async fn dead_tokens(server: &server::ServerHandle, world: &World<'_>) -> Vec<String> {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let other = application(server, "Other").await;
    Program::new(server).with(&other.token).has_users(&["Ann"]).await;
    let (key, other_key) = (world.made.signing_key.reveal(), other.signing_key.reveal());
    let (shop, others) = (world.made.application.public_id, other.application.public_id);
    let header = |algorithm: &str, kid: &str| json!({ "alg": algorithm, "typ": "JWT", "kid": kid });
    let claims =
        |iat: i64, exp: i64| json!({ "sub": "ann", "aud": shop.to_string(), "iat": iat, "exp": exp });
    let of = |sub: &str| json!({ "sub": sub, "aud": shop.to_string(), "iat": now, "exp": now + 3_600 });
    let (hs, fresh) = (header("HS256", "1"), of("ann"));
    for works in ["ann", "ben"] {
        Program::new(server).with_token(&signed(&hs, &of(works), key)).get("/me").await.is(200);
    }
    let elsewhere = json!({ "sub": "ann", "aud": others.to_string(), "iat": now, "exp": now + 3_600 });
    let unsigned = signed(&header("none", "1"), &fresh, key);
    let tokens = vec![
        // Without the key, nobody is told what is wrong with them.
        signed(&hs, &claims(now - 60, now - 1), other_key),
        signed(&hs, &of("nobody"), other_key),
        // Of another application, and those that claim to be of the other.
        signed(&hs, &fresh, other_key),
        signed(&hs, &elsewhere, key),
        signed(&header("HS256", "2"), &fresh, key),
        signed(&header("HS256", "0"), &fresh, key),
        signed(&header("RS256", "1"), &fresh, key),
        signed(&header("HS512", "1"), &fresh, key),
        format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        unsigned,
    ];
    world.shop.delete("/users/ben/tokens").await.is(204);
    tokens
}

#[tokio::test]
async fn a_back_end_is_told_which_claim_of_its_token_is_wrong() {
    let server = server().await;
    let world = World::on(&server).await;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let (key, shop) = (world.made.signing_key.reveal(), world.made.application.public_id.to_string());
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "1" });
    let claims = json!({ "sub": "ben", "aud": shop, "iat": now, "exp": now + 3_600 });
    let told = async |header: &Value, claims: &Value, by: &str| {
        let token = signed(header, claims, by);
        Program::new(&server).with_token(&token).get("/me").await
    };
    told(&header, &claims, key).await.is(200);
    let with = |claim: &str, value: Value| {
        let mut changed = claims.clone();
        changed[claim] = value;
        changed
    };
    // The form, whoever signed it.
    let kid = told(&json!({ "alg": "HS256", "kid": 1 }), &claims, "another key").await;
    assert_eq!(kid.fails(401, "claim_bad").body["params"], json!({ "claim": "kid", "wants": "key_version" }));
    for (claim, value, wants) in [
        ("aud", Value::Null, "application_id"),
        ("sub", Value::Null, "user_name"),
        ("iat", json!("now"), "seconds"),
        ("exp", json!("later"), "seconds"),
        ("scope", json!({ "scopes": [] }), "token_scope"),
    ] {
        let answer = told(&header, &with(claim, value), "another key").await.fails(401, "claim_bad");
        assert_eq!(answer.body["params"], json!({ "claim": claim, "wants": wants }));
        assert!(answer.body["detail"].as_str().unwrap().contains(claim), "{}", answer.text);
    }
    // The rest, to those who have the key.
    for (claim, value, wants) in [
        ("exp", json!(now), "future"),
        ("exp", json!(now + 86_401), "within_day"),
        ("iat", json!(now + 600), "not_ahead"),
        ("nbf", json!(now + 600), "not_ahead"),
        ("sub", json!("nobody"), "known_user"),
        ("sub", json!("id:0123456789abcdef"), "known_user"),
        ("sub", json!(""), "user_name"),
    ] {
        let changed = with(claim, value);
        let answer = told(&header, &changed, key).await.fails(401, "claim_bad");
        assert_eq!(answer.body["params"], json!({ "claim": claim, "wants": wants }));
        told(&header, &changed, "another key").await.fails(401, "token_bad");
    }
    world.shop.delete("/users/ben/tokens").await.is(204);
    let answer = told(&header, &claims, key).await.fails(401, "token_revoked");
    let from = answer.body["params"]["valid_from"].as_str().unwrap().to_owned();
    assert!(answer.body["detail"].as_str().unwrap().contains(&from), "{}", answer.text);
    told(&header, &claims, "another key").await.fails(401, "token_bad");
    server.stop().await;
}

/// Signs a token by HMAC-SHA256, whatever algorithm its header names.
fn signed(header: &Value, claims: &Value, key: &str) -> String {
    use hmac::{KeyInit, Mac};

    let part = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", data_encoding::BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

#[test]
fn every_operation_is_in_the_table() {
    let mut listed: Vec<&str> = TABLE.iter().map(|(operation, _)| *operation).chain(OF_TOPICS).collect();
    listed.sort_unstable();
    let operations = operations();
    assert_eq!(listed, operations.keys().map(String::as_str).collect::<Vec<_>>());
}
