//! API tokens on the routes of topics and on the socket: each counts in its own application.

use chat::{ApiToken, Caller, Created};
use serde_json::{Value, json};
use server::ServerHandle;

use crate::people::{Socket, get, guest, post, raw, server};

/// Creates an application on a server.
async fn application(server: &ServerHandle, title: &str) -> Created {
    server.chat().create_application(&Caller::operator(), title, "").await.unwrap()
}

fn bearer(token: &ApiToken) -> String {
    format!("Authorization: Bearer {}\r\n", token.reveal())
}

async fn publish(server: &ServerHandle, headers: &str, data: u32) -> (u16, Value) {
    let headers = format!("{headers}Content-Type: application/json\r\n");
    let body = json!({ "topic": "news", "id": "the-same", "data": data }).to_string();
    let (status, answer) = raw(server, &post("/publish", &headers, &body)).await;
    (status, serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap())
}

async fn history(server: &ServerHandle, headers: &str) -> (u16, Value) {
    let (status, answer) = raw(server, &get("/topics/news/history", headers)).await;
    (status, serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap())
}

#[tokio::test]
async fn a_token_reads_and_writes_the_topics_of_its_application() {
    let server = server().await;
    let (shop, bank) = (application(&server, "Shop").await, application(&server, "Bank").await);
    for (headers, data) in [(bearer(&shop.token), 1), (bearer(&bank.token), 2), (String::new(), 3)] {
        let (status, ack) = publish(&server, &headers, data).await;
        assert_eq!((status, &ack["seq"], &ack["duplicate"]), (200, &json!(1), &json!(false)), "{ack}");
        let (status, entries) = history(&server, &headers).await;
        assert_eq!((status, &entries[0]["data"], entries.as_array().unwrap().len()), (200, &json!(data), 1));
    }
    let mut sockets = Vec::new();
    for token in [&shop.token, &bank.token] {
        let header = format!("Bearer {}", token.reveal());
        let mut socket = Socket::arrive(&server, &[("authorization", &header)]).await;
        assert_eq!(socket.asks(r#"{"action":"subscribe","topic":"news"}"#).await["head"], 1);
        sockets.push(socket);
    }
    let frame = r#"{"action":"publish","topic":"news","id":"2","data":"from the shop"}"#;
    sockets[0].says(frame).await;
    let heard = [sockets[0].hears().await, sockets[0].hears().await];
    assert!(heard.iter().any(|frame| frame["data"] == "from the shop"), "{heard:?}");
    assert_eq!(sockets[1].asks(r#"{"action":"ping"}"#).await["event"], "pong", "the bank hears nothing");
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_does_not_work_is_refused_in_the_same_words_wherever_it_is_from() {
    let server = server().await;
    let shop = application(&server, "Shop").await;
    let operator = server.chat().create_operator_token(&Caller::operator(), "", None, false).await.unwrap();
    let unknown = ApiToken::from_bytes(chat::TokenKind::Application, [7; 32]);
    let id = shop.application.public_id;
    server.chat().create_api_token(&Caller::operator(), id, "", None, true).await.unwrap();
    let mut answers = Vec::new();
    for token in [shop.token.reveal(), operator.reveal(), unknown.reveal(), "hub_app_x", "hub_"] {
        let headers = format!("Authorization: Bearer {token}\r\n");
        let (status, problem) = publish(&server, &headers, 1).await;
        assert_eq!((status, &problem["code"]), (401, &json!("token_bad")), "{token}");
        answers.push(problem.to_string());
        let refused = Socket::open(&server, &[("authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(refused.err(), Some(401), "{token}");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(history(&server, "").await.1, json!([]), "nothing runs as an anonymous caller");
    server.stop().await;
}

#[tokio::test]
async fn no_token_counts_on_pages_and_forms_and_a_cookie_beside_it_counts_for_nothing() {
    let server = server().await;
    let shop = application(&server, "Shop").await;
    let (ann, cookie) = guest(&server, "Ann").await;
    let headers = format!("{}Cookie: {cookie}\r\nAccept: text/html\r\n", bearer(&shop.token));
    for path in ["/", "/people", "/account", &format!("/avatar/{}", ann.id)] {
        let (status, answer) = raw(&server, &get(path, &headers)).await;
        assert_eq!(status, 401, "{path}: {answer}");
    }
    let form = format!("{headers}Content-Type: application/x-www-form-urlencoded\r\n");
    let (status, answer) = raw(&server, &post("/do/create_guest", &form, "name=Ben")).await;
    assert_eq!(status, 401, "{answer}");
    let news = format!("/topics/user%2F{}/history", ann.id);
    let (status, answer) = raw(&server, &get(&news, &headers)).await;
    assert_eq!(status, 404, "ann is a user of another application: {answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_socket_ends_when_its_token_is_revoked_and_when_its_application_is_deleted() {
    let server = server().await;
    for deletes in [false, true] {
        let shop = application(&server, "Shop").await;
        let header = format!("Bearer {}", shop.token.reveal());
        let mut socket = Socket::arrive(&server, &[("authorization", &header)]).await;
        socket.asks(r#"{"action":"subscribe","topic":"news"}"#).await;
        let id = shop.application.public_id;
        if deletes {
            server.chat().delete_application(&Caller::operator(), id, "Shop").await.unwrap();
        } else {
            server.chat().create_api_token(&Caller::operator(), id, "", None, true).await.unwrap();
        }
        let (frames, code) = socket.hears_the_end().await;
        assert_eq!(code, Some(4401), "{frames:?}");
        assert_eq!(Socket::open(&server, &[("authorization", &header)]).await.err(), Some(401));
    }
    server.stop().await;
}

#[tokio::test]
async fn an_application_reads_and_writes_its_conversations_over_the_socket_as_their_owner() {
    let server = server().await;
    let (ann, _) = guest(&server, "Ann").await;
    let chat = server.chat();
    let group = chat.create_group(&ann, "茶", wire::JoinPolicy::Invite).await.unwrap().id;
    let built_in = chat.applications(&Caller::operator(), None).await.unwrap().items.remove(0).public_id;
    let ours = chat.create_api_token(&Caller::operator(), built_in, "", None, false).await.unwrap();
    let others = application(&server, "Shop").await.token;
    for (token, expected) in [
        (&ours, ["subscribed", "subscribed", "ack", "marks", "user_needed", "user_needed", "user_needed"]),
        (
            &others,
            ["not_found", "not_found", "not_found", "not_found", "user_needed", "user_needed", "user_needed"],
        ),
    ] {
        let header = format!("Bearer {}", token.reveal());
        let mut socket = Socket::arrive(&server, &[("authorization", &header)]).await;
        let topic = format!("group/{group}");
        let mut outcomes = Vec::new();
        for frame in [
            json!({ "action": "subscribe", "topic": format!("user/{}", ann.id), "ref": 1 }),
            json!({ "action": "subscribe", "topic": topic, "ref": 1 }),
            json!({ "action": "post", "topic": topic, "id": "1", "text": "from the program", "ref": 1 }),
            json!({ "action": "marks", "topic": topic, "ref": 1 }),
            json!({ "action": "read", "topic": topic, "seq": 1, "ref": 1 }),
            json!({ "action": "typing", "topic": topic, "ref": 1 }),
            json!({ "action": "unread", "topic": topic, "ref": 1 }),
        ] {
            socket.says(&frame.to_string()).await;
            let answer = loop {
                let heard = socket.hears().await;
                if heard["ref"] == 1 {
                    break heard;
                }
            };
            let code = answer["code"].as_str().or(answer["event"].as_str());
            outcomes.push(code.unwrap_or_default().to_owned());
        }
        assert_eq!(outcomes, expected);
    }
    let (topic, range) = (wire::Topic::group(group), chat::store::Range { limit: 9, ..Default::default() });
    let said = chat.history(&ann, &topic, range).await.unwrap().entries.pop().unwrap();
    let event: Value = serde_json::from_str(said.data.as_str()).unwrap();
    assert_eq!((&event["text"], &event["author"]["name"]), (&json!("from the program"), &json!("Hubbub")));
    server.stop().await;
}
