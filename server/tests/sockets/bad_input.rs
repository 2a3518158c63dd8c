//! Bad input: each kind gets a stable code and a sentence, and nobody else is affected.

use std::time::Duration;

use crate::people::{Deaf, Socket, get, guest, pipe, post, raw, server, with};
use serde_json::json;
use server::Timeouts;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn every_bad_frame_is_told_what_would_be_right_and_the_socket_stays_open() {
    let server = server().await;
    let (_, cookie) = guest(&server, "ann").await;
    let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
    let mut neighbour = Socket::arrive(&server, &[]).await;
    let large = format!(r#"{{"action":"ping","x":"{}"}}"#, "x".repeat(64 * 1024));
    let long = format!(r#"{{"action":"subscribe","topic":"{}"}}"#, "x".repeat(300));
    for (frame, code) in [
        ("{", "json_bad"),
        ("[]", "json_not_object"),
        ("{}", "action_missing"),
        (r#"{"action":"fly"}"#, "action_unknown"),
        (r#"{"action":"subscribe","topic":7}"#, "field_wrong"),
        (r#"{"action":"subscribe"}"#, "field_missing"),
        (r#"{"action":"subscribe","topic":"group/0000000000000000"}"#, "not_found"),
        (r#"{"action":"subscribe","topic":"group/nonsense"}"#, "not_found"),
        (r#"{"action":"subscribe","topic":"user/0000000000000000"}"#, "not_found"),
        (r#"{"action":"publish","topic":"group/0000000000000000","data":1}"#, "topic_reserved"),
        (r#"{"action":"post","topic":"group/0000000000000000","id":"x","text":"hi"}"#, "not_found"),
        (r#"{"action":"post","topic":"group/0000000000000000","id":"x","text":"  "}"#, "text_empty"),
        (&long, "topic_bad"),
        (&large, "frame_too_large"),
    ] {
        let answer = socket.asks(frame).await;
        assert_eq!((&answer["event"], &answer["code"]), (&json!("refused"), &json!(code)), "{answer}");
        assert!(answer["message"].as_str().unwrap().ends_with('.'));
    }
    socket.sends(Message::binary(vec![0, 159, 146, 150])).await;
    assert_eq!(socket.hears().await["code"], "frame_binary");
    assert_eq!(socket.asks(r#"{"action":"ping"}"#).await["event"], "pong");
    assert_eq!(neighbour.asks(r#"{"action":"ping"}"#).await["event"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn who_goes_on_sending_nonsense_or_sends_far_too_much_is_closed_with_a_reason() {
    let server = server().await;
    let mut flood = Socket::arrive(&server, &[]).await;
    for _ in 0..40 {
        flood.sends(Message::text("{")).await;
    }
    let (frames, code) = flood.hears_the_end().await;
    assert_eq!(code, Some(4400));
    assert_eq!(frames.last().unwrap()["event"], "goodbye");

    let mut huge = Socket::arrive(&server, &[]).await;
    huge.sends(Message::text("x".repeat(200 * 1024))).await;
    let (_, code) = huge.hears_the_end().await;
    assert_eq!(code, Some(1009));
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_open_no_socket_and_send_no_form() {
    let server = server().await;
    let host = format!("{}", server.addr());
    for foreign in ["https://evil.example", "null", "http://localhost.evil.example"] {
        assert_eq!(Socket::open(&server, &[("origin", foreign)]).await.err(), Some(403), "{foreign}");
        let request = post(
            "/do/create_guest",
            &format!("Origin: {foreign}\r\nContent-Type: application/x-www-form-urlencoded\r\n"),
            "name=ann",
        );
        let (status, answer) = raw(&server, &request).await;
        assert_eq!(status, 403);
        assert!(answer.contains(r#""code":"origin_foreign""#), "{answer}");
    }
    assert!(Socket::open(&server, &[("origin", &format!("http://{host}"))]).await.is_ok());
    let (status, answer) =
        raw(&server, "GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status, 421);
    assert!(answer.contains(r#""code":"host_foreign""#), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn the_body_of_a_request_that_is_forbidden_is_not_waited_for() {
    let server = server().await;
    for (from, status, code) in [
        ("Host: rebound.example", 421, "host_foreign"),
        ("Host: localhost\r\nOrigin: https://evil.example", 403, "origin_foreign"),
    ] {
        // A server that reads the body first says 100 Continue.
        let head = "Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 100000";
        let (answered, answer) =
            raw(&server, &format!("POST /publish HTTP/1.1\r\n{from}\r\n{head}\r\n\r\n")).await;
        assert_eq!(answered, status, "{answer}");
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn every_bad_request_is_told_what_would_be_right() {
    let server = server().await;
    let json = "Content-Type: application/json\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n";
    let huge = "x".repeat(300 * 1024);
    let long_name = format!("name={}", "x".repeat(300));
    for (request, status, code) in [
        (post("/publish", json, "{"), 400, "json_bad"),
        (post("/publish", json, r#"{"data":1}"#), 400, "field_missing"),
        (post("/publish", json, r#"{"topic":"a"}"#), 400, "field_missing"),
        (post("/publish", json, r#"{"topic":"a b","data":1}"#), 400, "topic_bad"),
        (post("/publish", json, r#"{"topic":"user/x","data":1}"#), 403, "topic_reserved"),
        (post("/publish", "Content-Type: text/plain\r\n", "{}"), 415, "content_type_wrong"),
        (
            post("/publish", &format!("{json}X-Forwarded-For: 10.0.0.1\r\n"), r#"{"topic":"a","data":1}"#),
            401,
            "token_needed",
        ),
        (post("/publish", json, &huge), 413, "body_too_large"),
        (get("/topics/a/history?limit=many", ""), 400, "field_wrong"),
        (get("/topics/a", ""), 404, "not_found"),
        (get("/topics/group%2F0000000000000000/history", ""), 401, "sign_in_needed"),
        (post("/do/create_guest", form, "name=+++"), 422, "name_empty"),
        (post("/do/create_guest", form, &long_name), 422, "name_too_long"),
        (post("/do/create_guest", form, "name=a%E2%80%AEb"), 422, "name_has_controls"),
        (post("/do/create_guest", form, "nome=ann"), 400, "form_bad"),
        (post("/do/create_group", form, "name=tea"), 401, "sign_in_needed"),
        (post("/do/conversation_view", form, "group=0000000000000000"), 404, "not_found"),
        (post("/do/nothing", form, ""), 404, "not_found"),
        (post("/nowhere", form, ""), 404, "not_found"),
    ] {
        let (answered, answer) = raw(&server, &request).await;
        let line = request.lines().next().unwrap();
        assert_eq!(answered, status, "{line}: {answer}");
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{line}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_html() {
    let server = server().await;
    for path in ["/nowhere", "/g/0000000000000000", "/g/nonsense"] {
        let (status, answer) = raw(&server, &get(path, "Accept: text/html\r\n")).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer.contains("Page not found"), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn who_sends_half_a_request_or_nothing_on_a_socket_is_let_go() {
    let quick = Duration::from_millis(200);
    let server = with(|config| {
        config.timeouts.header = quick;
        config.timeouts.first_frame = quick;
        config.timeouts.silence = quick;
        config.timeouts.pong = quick;
    })
    .await;
    let mut half = TcpStream::connect(server.addr()).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: loc").await.unwrap();
    let mut rest = Vec::new();
    half.read_to_end(&mut rest).await.unwrap();

    let mut silent = Socket::arrive(&server, &[]).await;
    assert_eq!(silent.hears_the_end().await.1, Some(4408), "no first frame");
    server.stop().await;
}

/// The clock is the test's own: nothing waits for real time.
#[tokio::test(start_paused = true)]
async fn who_keeps_a_connection_may_think_about_the_next_request_but_not_in_the_middle_of_one() {
    let server = server().await;
    let Timeouts { header, idle, .. } = Timeouts::default();
    let patience = idle.checked_sub(Duration::from_secs(1)).unwrap();
    let mut stream = pipe(&server);
    let mut answer = vec![0; 1024];
    for _ in 0..3 {
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
        tokio::time::advance(patience).await;
    }
    let waits_for_the_end = async |stream: &mut DuplexStream| {
        let begun = Instant::now();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        begun.elapsed()
    };
    stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").await.unwrap();
    let half = waits_for_the_end(&mut stream).await;
    assert!((header..idle).contains(&half), "{half:?}");
    let new = waits_for_the_end(&mut pipe(&server)).await;
    assert!((header..idle).contains(&new), "{new:?}");
    server.stop().await;
}

#[tokio::test]
async fn nobody_has_more_sockets_than_their_share() {
    let server = with(|config| config.sockets.user = 2).await;
    let (_, cookie) = guest(&server, "ann").await;
    let headers = [("cookie", cookie.as_str())];
    let first = Socket::arrive(&server, &headers).await;
    let _second = Socket::arrive(&server, &headers).await;
    let mut third = Socket::open(&server, &headers).await.unwrap();
    assert_eq!(third.hears_the_end().await, (vec![], Some(4429)));
    drop(first);
    // The slot is free as soon as the server has noticed.
    while Socket::open(&server, &headers).await.unwrap().hears_anything().await.is_none() {
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_answer_a_ping_is_let_go() {
    let quick = Duration::from_millis(200);
    let server = with(|config| {
        config.timeouts.silence = quick;
        config.timeouts.pong = quick;
    })
    .await;
    let mut socket = Deaf::arrive(&server, r#"{"action":"ping"}"#).await;
    let heard = socket.hears_all().await;
    let close = [0x88, 2 + u8::try_from(wire::CloseCode::Silent.reason().len()).unwrap(), 0x11, 0x38];
    assert!(heard.windows(4).any(|bytes| bytes == close), "4408: {}", String::from_utf8_lossy(&heard));
    server.stop().await;
}

#[tokio::test]
async fn who_takes_nothing_is_cut_and_slows_nobody() {
    let server = with(|config| config.timeouts.stall = Duration::from_millis(200)).await;
    let deaf = Deaf::arrive(&server, r#"{"action":"subscribe","topic":"news"}"#).await;
    while server.chat().broker().topics() == 0 {
        tokio::task::yield_now().await;
    }
    let body = format!(r#"{{"topic":"news","data":"{}"}}"#, "x".repeat(60_000));
    let json = "Content-Type: application/json\r\n";
    let mut published = 0;
    while server.chat().broker().topics() > 0 {
        let (status, answer) = raw(&server, &post("/publish", json, &body)).await;
        assert_eq!(status, 200, "{answer}");
        published += 1;
        assert!(published < 5_000, "300 MB went to somebody who takes nothing");
    }
    drop(deaf);
    server.stop().await;
}

#[tokio::test]
async fn a_session_behind_https_is_bound_to_it() {
    let server = with(|config| config.origin = Some("https://chat.example.org".into())).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n";
    let (status, answer) = raw(&server, &post("/do/create_guest", form, "name=ann")).await;
    assert_eq!(status, 200, "{answer}");
    for part in ["set-cookie: __Host-hubbub=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_far_too_large_is_not_read_and_told_its_limit() {
    let server = server().await;
    let (_, cookie) = guest(&server, "ann").await;
    let asks = async |accept: &str| {
        let head = format!(
            "Host: localhost\r\nCookie: {cookie}\r\nAccept: {accept}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 99000000"
        );
        raw(&server, &format!("POST /account/picture HTTP/1.1\r\n{head}\r\n\r\n")).await
    };
    let (status, answer) = asks("application/json").await;
    assert_eq!(status, 413, "{answer}");
    assert!(answer.contains("The body can have at most 10240 KiB."), "{answer}");
    let (status, answer) = asks("text/html").await;
    assert_eq!(status, 413, "{answer}");
    assert!(answer.contains("content-type: text/html"), "{answer}");
    assert!(answer.contains("The body can have at most 10240 KiB."), "{answer}");
    server.stop().await;
}
