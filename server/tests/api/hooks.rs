//! Incoming webhooks over HTTP: how programs manage them, and what other programs post to their URLs.

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use server::ServerHandle;

use crate::client::{Answer, Program, server, with};

const HOOKS: &str = "/conversations/tea/hooks";

/// Posts a body to the URL of a webhook.
async fn post(server: &ServerHandle, path: &str, headers: &str, body: &[u8]) -> Answer {
    let headers = format!("{headers}Content-Length: {}\r\n", body.len());
    Program::new(server).send("POST", path, &headers, body).await.0
}

async fn post_json(server: &ServerHandle, path: &str, payload: &Value) -> Answer {
    post(server, path, "Content-Type: application/json\r\n", payload.to_string().as_bytes()).await
}

/// Checks an answer as Slack gives it: a status, and a word of plain text.
#[track_caller]
fn says(answer: &Answer, status: u16, word: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, word), "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
}

/// A shop with a conversation, and the path of the URL of a webhook in it.
async fn shop(server: &ServerHandle) -> (Program<'_>, String) {
    let shop = Program::of_application(server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    let made = shop.put(&format!("{HOOKS}/grafana"), json!({ "display_name": "Grafana" })).await.is(201).body;
    (shop, made["path"].as_str().unwrap().to_owned())
}

/// Returns the texts of the messages in the conversation.
async fn texts(shop: &Program<'_>) -> Vec<String> {
    let page = shop.get("/conversations/tea/messages").await.is(200).body;
    let all = page["entries"].as_array().unwrap().iter();
    all.filter_map(|entry| entry["data"]["text"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_program_creates_renames_rotates_and_deletes_a_webhook() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    assert!(path.starts_with("/hooks/hub_hook_"), "{path}");
    let one = shop.get(&format!("{HOOKS}/grafana")).await.is(200).body;
    assert_eq!(
        (&one["name"], &one["display_name"], one.get("path")),
        (&json!("grafana"), &json!("Grafana"), None)
    );
    assert_eq!(shop.get(HOOKS).await.is(200).body["items"], json!([one.clone()]));
    let renamed =
        shop.put(&format!("{HOOKS}/grafana"), json!({ "display_name": "Alerts" })).await.is(200).body;
    assert_eq!((&renamed["display_name"], renamed.get("path")), (&json!("Alerts"), None));
    assert_eq!(renamed["bot"], one["bot"]);

    says(&post_json(&server, &path, &json!({ "text": "one" })).await, 200, "ok");
    let rotated = shop.post(&format!("{HOOKS}/grafana/token"), json!({})).await.is(201).body;
    let fresh = rotated["path"].as_str().unwrap();
    says(&post_json(&server, &path, &json!({ "text": "old" })).await, 403, "invalid_token");
    says(&post_json(&server, fresh, &json!({ "text": "two" })).await, 200, "ok");
    shop.delete(&format!("{HOOKS}/grafana")).await.is(204);
    shop.delete(&format!("{HOOKS}/grafana")).await.fails(404, "not_found");
    says(&post_json(&server, fresh, &json!({ "text": "gone" })).await, 403, "invalid_token");
    assert_eq!(texts(&shop).await, ["one", "two"]);

    let entries = shop.get("/conversations/tea/messages").await.body["entries"].as_array().unwrap().clone();
    let said = &entries.iter().find(|entry| entry["data"]["text"] == "one").unwrap()["data"];
    assert_eq!((&said["bot"], &said["author"]["name"]), (&json!(true), &json!("Alerts")));
    for (name, body, code) in [
        ("A", json!({ "display_name": "x" }), "field_wrong"),
        ("a%2Fb", json!({ "display_name": "x" }), "field_wrong"),
        ("a", json!({ "display_name": " " }), "name_empty"),
        ("a", json!({ "display_name": "x".repeat(41) }), "name_too_long"),
        ("a", json!({}), "body_bad"),
    ] {
        let answer = shop.put(&format!("{HOOKS}/{name}"), body).await;
        assert_eq!(answer.body["code"], code, "{}", answer.text);
    }
    for number in 0..50 {
        shop.put(&format!("{HOOKS}/hook-{number}"), json!({ "display_name": "x" })).await.is(201);
    }
    shop.put(&format!("{HOOKS}/one-more"), json!({ "display_name": "x" })).await.fails(422, "too_many_hooks");
    server.stop().await;
}

#[tokio::test]
async fn payloads_of_programs_that_post_to_slack_are_taken_unchanged() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    for (payload, shown) in [
        // The contact point "Slack" of Grafana's alerting, with a webhook URL.
        (
            json!({
                "channel": "#alerts", "username": "Grafana", "icon_url": "https://grafana.example/logo.png",
                "attachments": [{
                    "color": "#D63232", "fallback": "[FIRING:1] Disk nearly full (db-1)",
                    "pretext": "<!here|here>", "mrkdwn_in": ["pretext"],
                    "title": "[FIRING:1] Disk nearly full (db-1)",
                    "title_link": "https://grafana.example/alerting/list?a=1&b=2",
                    "text": "**Firing**\n\nValue: A=93.2\nLabels:\n - instance = db-1\nSource: https://grafana.example/alerting/x/view\n",
                    "footer": "Grafana v11.2.0", "footer_icon": "https://grafana.example/icon.png", "ts": 1_795_234_657
                }]
            }),
            "@here\n\n**[[FIRING:1] Disk nearly full (db-1)](https://grafana.example/alerting/list?a=1&b=2)**\n\n\
             **Firing**\n\nValue: A=93.2\nLabels:\n - instance = db-1\nSource: https://grafana.example/alerting/x/view",
        ),
        // A push in the format in which GitHub and its imitators write to Slack.
        (
            json!({
                "text": "<https://github.example/tea/pot/compare/a...b|2 new commits> pushed to <https://github.example/tea/pot|tea/pot:main> by ann",
                "attachments": [{
                    "color": "#4183C4", "fallback": "[tea/pot:main] 2 new commits",
                    "text": "`<https://github.example/tea/pot/commit/a1b2c3|a1b2c3>` Fix the lid &amp; handle &lt;3 - ann\n`d4e5f6` thanks @ben",
                    "mrkdwn_in": ["text"]
                }]
            }),
            "[2 new commits](https://github.example/tea/pot/compare/a...b) pushed to \
             [tea/pot:main](https://github.example/tea/pot) by ann\n\n`a1b2c3` Fix the lid & handle <3 - ann\n\
             `d4e5f6` thanks @ben",
        ),
        // A step of a build server with blocks alone.
        (
            json!({ "blocks": [
                { "type": "header", "text": { "type": "plain_text", "text": "Deploy finished", "emoji": true } },
                { "type": "section", "fields": [
                    { "type": "mrkdwn", "text": "*Branch*\nmain" }, { "type": "mrkdwn", "text": "*Took*\n3 min" } ] },
                { "type": "context", "elements": [{ "type": "mrkdwn", "text": "<https://ci.example/7|Build 7> :rocket:" }] }
            ] }),
            "**Deploy finished**\n\n**Branch**\nmain\n\n**Took**\n3 min\n\n[Build 7](https://ci.example/7) 🚀",
        ),
    ] {
        says(&post_json(&server, &path, &payload).await, 200, "ok");
        assert_eq!(texts(&shop).await.last().unwrap(), shown);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_alert_of_grafanas_own_webhooks_is_shown_with_its_title_and_its_message() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    // The fields of the contact point "Webhook", as Grafana documents them.
    let alert = json!({
        "receiver": "Teapots", "status": "firing", "orgId": 1, "version": "1", "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing", "labels": { "alertname": "Lid open", "instance": "pot-1" },
            "annotations": { "summary": "The lid of pot-1 is open" },
            "startsAt": "2026-11-30T09:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example/alerting/1/view", "fingerprint": "a1b2c3d4",
            "values": { "A": 1 }, "valueString": "[ var='A' value=1 ]"
        }],
        "groupLabels": { "alertname": "Lid open" }, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "https://grafana.example/", "groupKey": "{}:{alertname=\"Lid open\"}",
        "title": "[FIRING:1] Lid open (pot-1)", "state": "alerting",
        "message": "Firing\n\nValue: A=1\nLabels:\n - alertname = Lid open <!channel> @ann\n"
    });
    says(&post_json(&server, &path, &alert).await, 200, "ok");
    let page = shop.get("/conversations/tea/messages").await.is(200).body;
    let said = &page["entries"].as_array().unwrap().last().unwrap()["data"];
    let text = said["text"].as_str().unwrap();
    assert!(text.starts_with("**[FIRING:1] Lid open (pot-1)**\n\nFiring\n\nValue: A=1\n"), "{text}");
    assert!(text.ends_with("@ann") && said["mentions"].as_array().is_none_or(Vec::is_empty), "{said}");
    // A payload with a text of its own is shown as before.
    says(
        &post_json(&server, &path, &json!({ "text": "tea", "title": "x", "message": "y" })).await,
        200,
        "ok",
    );
    assert_eq!(texts(&shop).await.last().unwrap(), "tea");
    server.stop().await;
}

#[tokio::test]
async fn an_event_of_github_is_refused_with_what_to_post_instead() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    let repository = json!({ "id": 7, "full_name": "tea/pot", "html_url": "https://github.example/tea/pot" });
    let sender = json!({ "login": "zoe", "id": 9, "type": "User" });
    // The fields of these events, as GitHub documents them.
    for (event, payload) in [
        (
            "ping",
            json!({
                "zen": "Keep it logically awesome.", "hook_id": 1, "repository": repository, "sender": sender,
                "hook": { "type": "Repository", "id": 1, "name": "web", "active": true, "events": ["push"] }
            }),
        ),
        (
            "push",
            json!({
                "ref": "refs/heads/main", "before": "a".repeat(40), "after": "b".repeat(40), "forced": false,
                "commits": [{ "id": "b".repeat(40), "message": "Fix the lid", "author": { "name": "Zoë" } }],
                "pusher": { "name": "zoe" }, "repository": repository, "sender": sender
            }),
        ),
        (
            "issues",
            json!({
                "action": "opened", "repository": repository, "sender": sender,
                "issue": { "number": 3, "title": "The lid is open", "body": "Always.", "state": "open" }
            }),
        ),
    ] {
        let body = payload.to_string();
        let form: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("payload", &body).finish();
        for (kind, body) in [("application/json", &body), ("application/x-www-form-urlencoded", &form)] {
            let headers = format!("Content-Type: {kind}\r\nX-GitHub-Event: {event}\r\n");
            let answer = post(&server, &path, &headers, body.as_bytes()).await;
            assert_eq!(answer.status, 400, "{event}");
            assert!(
                answer.text.starts_with("no_text: ") && answer.text.contains("workflow"),
                "{}",
                answer.text
            );
        }
    }
    assert_eq!(texts(&shop).await, [""; 0]);
    // A workflow posts what Slack would take.
    says(
        &post_json(&server, &path, &json!({ "text": "<https://github.example/tea/pot|tea/pot>: passed" }))
            .await,
        200,
        "ok",
    );
    server.stop().await;
}

#[tokio::test]
async fn the_body_is_json_or_a_form_whatever_its_content_type_says() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    let form = "payload=%7B%22text%22%3A+%22from+a+form+%26+%E8%8C%B6%22%7D";
    for (kind, body) in [
        ("Content-Type: application/json\r\n", r#"{"text": "json"}"#),
        ("Content-Type: application/json; charset=utf-8\r\n", "\n {\"text\": \"json\"}"),
        ("Content-Type: application/x-www-form-urlencoded\r\n", r#"{"text": "json"}"#),
        ("", r#"{"text": "json"}"#),
        ("Content-Type: application/x-www-form-urlencoded\r\n", form),
        ("Content-Type: text/plain\r\n", form),
    ] {
        says(&post(&server, &path, kind, body.as_bytes()).await, 200, "ok");
    }
    let all = texts(&shop).await;
    assert_eq!(all, ["json", "json", "json", "json", "from a form & 茶", "from a form & 茶"]);
    // A page of another origin may post as well: the URL is the secret, and no cookie counts.
    says(&post(&server, &path, "Origin: https://ci.example\r\n", br#"{"text":"x"}"#).await, 200, "ok");
    server.stop().await;
}

#[tokio::test]
async fn every_mistake_is_answered_as_slack_answers_it() {
    let server = with(|config| {
        (config.limits.hook_burst, config.limits.hook_posts_per_second) = (40, 0.001);
    })
    .await;
    let (shop, path) = shop(&server).await;
    let json = "Content-Type: application/json\r\n";
    for body in ["", "nonsense", "[]", "null", "payload=", "payload=x", "text=hi", "{\"text\":", "\u{feff}{}"]
    {
        says(&post(&server, &path, json, body.as_bytes()).await, 400, "invalid_payload");
    }
    says(&post(&server, &path, json, b"{\"text\":\"\xff\"}").await, 400, "invalid_payload");
    for body in ["{}", r#"{"text":""}"#, r#"{"text":"  "}"#, r#"{"attachments":[]}"#, "payload={}"] {
        says(&post(&server, &path, json, body.as_bytes()).await, 400, "no_text");
    }
    // Nobody is told which of them once worked.
    let other = shop.post(&format!("{HOOKS}/grafana/token"), json!({})).await.is(201).body;
    let other = other["path"].as_str().unwrap();
    let unknown = chat::ApiToken::from_bytes(chat::TokenKind::Hook, [7; 32]);
    let unknown = format!("/hooks/{}", unknown.reveal());
    let mut answers = Vec::new();
    for dead in [path.as_str(), &unknown, "/hooks/x", "/hooks/%00", "/hooks/hub_hook_"] {
        let answer = post(&server, dead, json, br#"{"text":"hi"}"#).await;
        says(&answer, 403, "invalid_token");
        let lines =
            answer.head.lines().filter(|line| !line.starts_with("x-request-id") && !line.starts_with("date"));
        answers.push(lines.collect::<Vec<_>>().join("\n"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(256 * 1024));
    assert_eq!(post(&server, other, json, large.as_bytes()).await.status, 413);
    assert_eq!(Program::new(&server).send("GET", other, "", b"").await.0.status, 405);
    let with_key = format!("{json}Idempotency-Key: run-1\r\n");
    for _ in 0..2 {
        says(&post(&server, other, &with_key, br#"{"text":"once"}"#).await, 200, "ok");
    }
    says(&post(&server, other, &with_key, br#"{"text":"twice"}"#).await, 409, "send_id_taken");
    assert_eq!(texts(&shop).await, ["once"]);

    shop.patch("/conversations/tea", json!({ "archived": true })).await.is(200);
    says(&post(&server, other, json, br#"{"text":"hi"}"#).await, 410, "channel_is_archived");
    shop.patch("/conversations/tea", json!({ "archived": false })).await.is(200);
    let mut last = post(&server, other, json, br#"{"text":"again"}"#).await;
    for _ in 0..40 {
        if last.status != 200 {
            break;
        }
        last = post(&server, other, json, br#"{"text":"again"}"#).await;
    }
    says(&last, 429, "rate_limited");
    let wait: u64 = last.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=1_000).contains(&wait), "{wait}");
    shop.delete("/conversations/tea").await.is(204);
    says(&post(&server, other, json, br#"{"text":"hi"}"#).await, 403, "invalid_token");
    server.stop().await;
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_not_refused() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    says(&post_json(&server, &path, &json!({ "text": "茶".repeat(60_000) })).await, 200, "ok");
    let text = texts(&shop).await.pop().unwrap();
    assert!(text.len() <= 16 * 1024 && text.len() > 16 * 1024 - 8, "{}", text.len());
    assert!(text.starts_with("茶茶") && text.ends_with("茶…"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_payload_makes_the_server_fail() {
    let server = with(|config| config.limits.hook_burst = u32::MAX).await;
    let (_, path) = shop(&server).await;
    let word = prop_oneof![
        Just("text"),
        Just("blocks"),
        Just("attachments"),
        Just("type"),
        Just("section"),
        Just("rich_text"),
        Just("elements"),
        Just("fields"),
        Just("title"),
        Just("fallback"),
        Just("user_id"),
        Just("<@ann>"),
        Just("<!here|x>"),
        Just("*b* ~s~ `c` <https://a.example|x>"),
        Just("```\u{0}"),
        Just("\u{202e}\u{fdd0}"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    let payload = leaf.prop_recursive(6, 80, 8, move |inner| {
        let fields = prop::collection::vec((word.clone(), inner.clone()), 0..8).prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        });
        prop_oneof![prop::collection::vec(inner, 0..6).prop_map(Value::from), fields]
    });
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let body = prop_oneof![payload.prop_map(|payload| payload.to_string().into_bytes()), bytes];
    let runtime = tokio::runtime::Handle::current();
    let cases = Cases { cases: 200, failure_persistence: None, ..Cases::default() };
    tokio::task::block_in_place(|| {
        TestRunner::new(cases).run(&body, |body| {
            let answer = runtime.block_on(post(&server, &path, "", &body));
            prop_assert!(matches!(answer.status, 200 | 400), "{} {}", answer.head, answer.text);
            Ok(())
        })
    })
    .unwrap();
    server.stop().await;
}

#[tokio::test]
async fn webhooks_of_two_applications_with_equal_names_are_different_ones() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    let bank = Program::of_application(&server, "Bank").await;
    bank.has_conversation("tea", &[]).await;
    let made = bank.put(&format!("{HOOKS}/grafana"), json!({ "display_name": "Theirs" })).await.is(201).body;
    says(&post_json(&server, &path, &json!({ "text": "for the shop" })).await, 200, "ok");
    let theirs = made["path"].as_str().unwrap();
    says(&post_json(&server, theirs, &json!({ "text": "for the bank" })).await, 200, "ok");
    assert_eq!(
        (texts(&shop).await, texts(&bank).await),
        (vec!["for the shop".into()], vec!["for the bank".to_owned()])
    );
    bank.delete(&format!("{HOOKS}/grafana")).await.is(204);
    says(&post_json(&server, theirs, &json!({ "text": "x" })).await, 403, "invalid_token");
    says(&post_json(&server, &path, &json!({ "text": "still" })).await, 200, "ok");
    shop.get(&format!("{HOOKS}/grafana")).await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn a_bot_has_no_name_of_a_member_and_is_found_by_its_own() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    for alike in ["Ann", "ANN", "Αnn"] {
        let refused = shop.put(&format!("{HOOKS}/ann"), json!({ "display_name": alike })).await;
        let refused = refused.fails(422, "hook_looks_like_member");
        assert_eq!(refused.body["params"]["name"], "Ann", "{alike}");
        let renamed = shop.put(&format!("{HOOKS}/grafana"), json!({ "display_name": alike })).await;
        renamed.fails(422, "hook_looks_like_member");
    }
    says(&post_json(&server, &path, &json!({ "text": "the disk is full" })).await, 200, "ok");
    shop.acting_as("ann").post("/conversations/tea/messages", json!({ "text": "which disk?" })).await.is(201);
    let found = async |program: &Program<'_>, query: &str| {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            // Only an index that has everything answers for good.
            let page = program.get(&format!("/search?{query}")).await.is(200).body;
            if page["partial"] == false && page["items"] != json!([])
                || deadline < tokio::time::Instant::now()
            {
                return page["items"].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let bot = shop.get(&format!("{HOOKS}/grafana")).await.is(200).body["bot"].as_str().unwrap().to_owned();
    for (program, author) in [
        (&shop, "grafana".to_owned()),
        (&shop.acting_as("ben"), "grafana".to_owned()),
        (&shop, format!("id:{bot}")),
    ] {
        let items = found(program, &format!("q=disk&conversation=tea&author={author}")).await;
        assert_eq!(
            (items.as_array().unwrap().len(), &items[0]["bot"]),
            (1, &json!(true)),
            "{author}: {items}"
        );
    }
    let anns = found(&shop, "q=disk&conversation=tea&author=ann").await;
    assert_eq!((anns.as_array().unwrap().len(), anns[0].get("bot")), (1, None), "{anns}");
    shop.get("/search?q=disk&author=grafana").await.fails(404, "not_found");
    shop.acting_as("ben").get("/search?q=disk&author=grafana").await.fails(404, "not_found");
    shop.get("/search?q=disk&conversation=tea&author=nobody").await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_retry_is_the_same_message_after_a_member_whom_it_names_has_another_name() {
    let server = server().await;
    let (shop, path) = shop(&server).await;
    let ann = shop.get("/users/ann").await.is(200).body["id"].as_str().unwrap().to_owned();
    let payload = json!({ "text": format!("<@{ann}> the build is red") }).to_string();
    let key = "Idempotency-Key: build-7\r\n";
    says(&post(&server, &path, key, payload.as_bytes()).await, 200, "ok");
    shop.put("/users/ann", json!({ "name": "Anna" })).await.is(200);
    says(&post(&server, &path, key, payload.as_bytes()).await, 200, "ok");
    assert_eq!(texts(&shop).await, ["@Ann the build is red"]);
    says(&post(&server, &path, key, br#"{"text":"another"}"#).await, 409, "send_id_taken");
    says(&post(&server, &path, "", br#"{"text":"cut \ud83e"}"#).await, 200, "ok");
    assert_eq!(
        texts(&shop).await.last().unwrap(),
        "cut \u{fffd}",
        "half a surrogate pair, as Slack takes it"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_webhooks_of_a_group_have_a_rate_limit_together() {
    let server = with(|config| {
        (config.limits.hook_burst, config.limits.hook_posts_per_second) = (2, 0.001);
    })
    .await;
    let (shop, _) = shop(&server).await;
    let mut paths = Vec::new();
    for number in 0..6 {
        let named = json!({ "display_name": format!("Alarm {number}") });
        let made = shop.put(&format!("{HOOKS}/alarm-{number}"), named).await.is(201).body;
        paths.push(made["path"].as_str().unwrap().to_owned());
    }
    for path in paths[..5].iter().chain(&paths[..5]) {
        says(&post_json(&server, path, &json!({ "text": "!" })).await, 200, "ok");
    }
    says(&post_json(&server, &paths[5], &json!({ "text": "!" })).await, 429, "rate_limited");
    shop.has_conversation("bread", &[]).await;
    let made =
        shop.put("/conversations/bread/hooks/oven", json!({ "display_name": "Oven" })).await.is(201).body;
    says(&post_json(&server, made["path"].as_str().unwrap(), &json!({ "text": "!" })).await, 200, "ok");
    server.stop().await;
}
