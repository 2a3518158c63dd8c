//! Conversations at the addresses of their pages, in the form that a program asks for.

use serde_json::json;
use wire::JoinPolicy;

use crate::client::{Answer, Program, application, server, with};
use crate::event_source::{EventSource, bearer};

/// Sends a request to the address of a page.
async fn at(program: &Program<'_>, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = format!("{headers}Content-Length: {}\r\n", body.len());
    program.send(method, path, &length, body.as_bytes()).await.0
}

async fn get(program: &Program<'_>, path: &str, accept: &str) -> Answer {
    at(program, "GET", path, &format!("Accept: {accept}\r\n"), "").await
}

/// Posts a text.
async fn say(program: &Program<'_>, path: &str, text: &str) -> Answer {
    at(program, "POST", path, "Content-Type: text/plain\r\n", text).await
}

/// Creates a conversation, and returns the address of its page.
async fn page_of(shop: &Program<'_>, key: &str, members: &[&str]) -> String {
    shop.has_conversation(key, members).await;
    let found = shop.get(&format!("/conversations/{key}")).await.is(200).body;
    found["topic"].as_str().unwrap().replacen("group/", "/g/", 1)
}

/// Returns the cookie of a session at `localhost`, without a port as the requests here name the server.
fn cookie(token: &str) -> String {
    format!("hubbub_session={token}")
}

#[tokio::test]
async fn a_terminal_reads_a_conversation_in_the_form_that_it_asks_for() {
    let server = server().await;
    let made = application(&server, "Shop").await;
    let shop = Program::new(&server).with(&made.token);
    shop.has_users(&["Ngozi", "Zoë"]).await;
    let page = page_of(&shop, "tea", &["ngozi", "zo%C3%AB"]).await;
    let (ngozi, zoe) = (shop.acting_as("ngozi"), shop.acting_as("zo%C3%AB"));
    let seq = say(&ngozi, &page, "two\nlines\u{1b}[2J\n").await.is(201).body["seq"].clone();
    say(&zoe, &page, "مرحبا").await.is(201);

    let text = get(&zoe, &page, "*/*").await.is(200);
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(text.head.to_lowercase().contains("vary: accept\r\n"), "{}", text.head);
    let lines: Vec<&str> = text.text.lines().map(|line| line.split_at(17).1).collect();
    let said = &lines[lines.len() - 2..];
    assert_eq!(said, ["Ngozi: two ⏎ lines[2J", "\u{2068}Zoë\u{2069}: \u{2068}مرحبا\u{2069}"]);
    assert!(lines.contains(&"* Ngozi joined"), "{lines:?}");
    assert_eq!(get(&zoe, &format!("{page}?limit=2"), "text/plain").await.is(200).text.lines().count(), 2);

    let json = get(&zoe, &page, "text/html;q=0.4, application/json").await.is(200);
    assert_eq!(
        json.body["entries"][json.body["entries"].as_array().unwrap().len() - 1]["data"]["text"],
        "مرحبا"
    );
    let same = shop.acting_as("zo%C3%AB").get("/conversations/tea/messages").await.is(200);
    assert_eq!(json.body, same.body, "the API's own answer");
    let message = format!("{page}/m/{seq}");
    let one = get(&zoe, &message, "application/json").await.is(200);
    assert_eq!((&one.body["seq"], one.header("etag").is_some()), (&seq, true));
    assert_eq!(get(&zoe, &message, "text/plain").await.is(200).text.lines().count(), 1);
    get(&zoe, &format!("{page}/m/9999"), "text/plain").await.fails(404, "not_found");

    let token = bearer(made.token.reveal());
    let headers = [("Authorization", token.as_str()), ("Hubbub-As", "ngozi")];
    let mut live = EventSource::open_at(&server, &page, &headers).await;
    live.next_called(Some("subscribed")).await;
    say(&zoe, &page, "as it is sent").await.is(201);
    let (id, said) = live.text().await;
    assert_eq!(said, "as it is sent");
    say(&zoe, &page, "later").await.is(201);
    let mut resumed = EventSource::open_at(&server, &format!("{page}?since={id}"), &headers).await;
    assert_eq!(resumed.text().await.1, "later");
    let mut after = EventSource::open_at(&server, &message, &headers).await;
    assert_eq!(after.text().await.1, "مرحبا", "what comes after the message");
    server.stop().await;
}

#[tokio::test]
async fn a_browser_and_a_preview_of_a_link_get_the_page_and_no_token_opens_it() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let page = page_of(&shop, "tea", &[]).await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let stranger = Program::new(&server);
    for accept in [browser, "*/*", "text/html, application/json"] {
        let answer = get(&stranger, &page, accept).await;
        assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{accept}: {}", answer.head);
        assert!(answer.head.to_lowercase().contains("vary: accept\r\n"), "{}", answer.head);
    }
    get(&stranger, &page, "text/plain").await.fails(401, "sign_in_needed");
    get(&stranger, &page, "application/json").await.fails(401, "sign_in_needed");
    get(&shop, &page, browser).await.fails(401, "token_bad");
    get(&shop, &format!("{page}/members"), "application/json").await.fails(401, "token_bad");
    get(&shop, "/", "text/plain").await.fails(401, "token_bad");
    server.stop().await;
}

#[tokio::test]
async fn the_rights_are_those_of_the_api_and_a_cookie_beside_a_token_does_not_count() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ngozi", "Omar"]).await;
    let page = page_of(&shop, "tea", &["ngozi"]).await;
    say(&shop.acting_as("ngozi"), &page, "for members").await.is(201);
    let others = Program::of_application(&server, "Others").await;
    others.has_users(&["Ngozi"]).await;
    for stranger in [&shop.acting_as("omar"), &others, &others.acting_as("ngozi")] {
        get(stranger, &page, "text/plain").await.fails(404, "not_found");
        say(stranger, &page, "hi").await.fails(404, "not_found");
    }
    assert!(get(&shop, &page, "text/plain").await.is(200).text.contains("for members"), "its owner");
    get(&shop.acting_as("nobody"), &page, "text/plain").await.fails(404, "not_found");
    let only_read = json!({ "scope": { "conversations": ["tea"], "write": false } });
    let token = shop.post("/users/ngozi/tokens", only_read).await.is(201).body["token"].clone();
    let reader = Program::new(&server).with_token(token.as_str().unwrap());
    assert!(get(&reader, &page, "text/plain").await.is(200).text.contains("for members"));
    say(&reader, &page, "hi").await.fails(403, "outside_scope");

    let (ann, session) = chat::testing::guest(server.chat(), "Ангелина").await;
    let group = server.chat().create_group(&ann, "Чай", JoinPolicy::Invite).await.unwrap();
    let own = format!("/g/{}", group.id);
    let signed_in = Program::new(&server).header("Cookie", &cookie(&session.reveal()));
    let text = get(&signed_in, &own, "text/plain").await.is(200).text;
    assert!(text.ends_with("* Ангелина created “Чай”\n"), "{text}");
    let both = shop.clone().header("Cookie", &cookie(&session.reveal()));
    get(&both, &own, "text/plain").await.fails(404, "not_found");
    let wrong = signed_in.clone().with_token("hub_app_gone");
    get(&wrong, &own, "text/plain").await.fails(401, "token_bad");
    say(&signed_in, &own, "by a cookie").await.fails(401, "api_token_needed");
    let bearer = Program::new(&server).with_token(&session.reveal());
    say(&bearer, &own, "by its token").await.is(201);
    shop.delete("/users/ngozi/tokens").await.is(204);
    get(&reader, &page, "text/plain").await.is(401);
    server.stop().await;
}

#[tokio::test]
async fn a_post_to_the_address_sends_a_message_once() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ngozi", "Omar"]).await;
    let page = page_of(&shop, "tea", &["ngozi", "omar"]).await;
    let ngozi = shop.acting_as("ngozi").header("Idempotency-Key", "k-1");
    let first = say(&ngozi, &page, "once\n").await.is(201).body;
    let again = say(&ngozi, &page, "once\n").await.is(200).body;
    assert_eq!(
        (&again["seq"], &again["duplicate"], &again["id"]),
        (&first["seq"], &json!(true), &json!("k-1"))
    );
    say(&ngozi, &page, "another").await.fails(409, "send_id_taken");
    let reply = json!({ "text": "**yes**", "reply_to": first["seq"] }).to_string();
    let json = "Content-Type: application/json\r\n";
    at(&shop.acting_as("omar"), "POST", &page, json, &reply).await.is(201);
    let text = get(&shop, &page, "text/plain").await.is(200).text;
    assert!(text.ends_with("Omar: **yes**\n") && text.matches("once").count() == 1, "{text}");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let refused = at(&shop, "POST", &page, form, "text=hi").await.fails(415, "content_type_wrong");
    assert_eq!(refused.body["params"]["wants"], "text/plain or application/json");
    at(&shop, "POST", &page, json, "[]").await.fails(400, "body_bad");
    say(&shop, &page, " \n").await.fails(422, "text_empty");
    say(&shop, &format!("{page}/m/1"), "hi").await.fails(405, "method_wrong");

    let omar = shop.get("/users/omar").await.is(200).body["id"].as_str().unwrap().to_owned();
    let direct = format!("/d/{omar}");
    say(&shop.acting_as("ngozi"), &direct, "just us").await.is(201);
    let text = get(&shop.acting_as("ngozi"), &direct, "text/plain").await.is(200).text;
    assert!(text.ends_with(" Ngozi: just us\n"), "{text}");
    get(&shop, &direct, "text/plain").await.fails(403, "user_needed");
    get(&shop.acting_as("omar"), &direct, "text/plain").await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_program_sees_what_is_left_of_its_rate_limits_at_the_address_of_a_page_as_in_the_api() {
    let server = with(|config| {
        (config.limits.token_request_burst, config.limits.token_requests_per_second) = (40, 0.001);
        (config.limits.token_send_burst, config.limits.token_sends_per_second) = (3, 0.001);
    })
    .await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ngozi", "Omar"]).await;
    let page = page_of(&shop, "tea", &["ngozi"]).await;
    let left = |answer: &Answer| answer.header("ratelimit").unwrap_or_default().to_owned();
    let requests = |answer: &Answer| {
        let requests =
            left(answer).split(';').nth(1).and_then(|left| left.strip_prefix("r=")?.parse::<u32>().ok());
        requests.unwrap_or_else(|| panic!("{}", answer.head))
    };
    let api = shop.get("/application").await.is(200);
    let ngozi = shop.acting_as("ngozi");
    let read = get(&ngozi, &page, "application/json").await.is(200);
    assert_eq!(read.header("ratelimit-policy"), api.header("ratelimit-policy"));
    assert_eq!(requests(&read) + 1, requests(&api));
    let sent = say(&ngozi, &page, "Habari").await.is(201);
    assert!(left(&sent).contains("\"send\";r=2;"), "{}", sent.head);
    let omar = shop.acting_as("omar");
    let refused = get(&omar, &page, "text/plain").await.fails(404, "not_found");
    assert_eq!(requests(&refused) + 2, requests(&read), "a refusal counts, and says so");
    let mut last = refused;
    while last.status == 404 {
        last = get(&omar, &page, "text/plain").await;
    }
    let refused = last.fails(429, "too_fast");
    assert_eq!(requests(&refused), 0);
    // A browser has no token, and no such limits.
    assert_eq!(get(&Program::new(&server), &page, "text/html").await.header("ratelimit"), None);
    server.stop().await;
}
