//! HTTP according to RFC 9110: hosts, origins, methods, conditional requests, and errors in one format.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::JoinPolicy;

use crate::markup::Markup;
use crate::people::{Socket, cookie, get, guest, post, raw, server, with};

const JSON: &str = "Content-Type: application/json\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const ORIGIN: &str = "https://chat.example.org";

/// Builds a request that may be malformed.
fn odd(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

fn head(answer: &str) -> &str {
    answer.split("\r\n\r\n").next().unwrap()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    head(answer).lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn every_error_is_a_problem_document() {
    let server = server().await;
    let (_, cookie) = guest(&server, "アン").await;
    let known = format!("Cookie: {cookie}\r\n");
    for (request, status, code) in [
        (odd("GET /avatar/%FF", &format!("Host: localhost\r\n{known}")), 400, "request_bad"),
        (get("/topics/news/history?after=1&after=2", ""), 400, "request_bad"),
        (odd("PUT /publish", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("BREW /publish", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("GET /do/sign_in", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("DELETE /ws", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("POST /health/live", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("GET /account/picture", "Host: localhost\r\n"), 405, "method_wrong"),
        (odd("PATCH /nowhere", "Host: localhost\r\n"), 404, "not_found"),
        (post("/publish", "Content-Type: application/jsonp\r\n", "{}"), 415, "content_type_wrong"),
        (post("/publish", "", "{}"), 415, "content_type_wrong"),
        (post("/do/create_guest", JSON, r#"{"name":"アン"}"#), 415, "content_type_wrong"),
        (post("/do/create_guest", FORM, "nome=%FF&nome"), 400, "form_bad"),
        (post("/do/create_group", FORM, "name=tea"), 401, "sign_in_needed"),
        (post("/account/picture", &format!("{known}{JSON}"), "{}"), 403, "no_account"),
        (get("/ws", ""), 426, "handshake_needed"),
    ] {
        let (answered, answer) = raw(&server, &request).await;
        let line = request.lines().next().unwrap();
        if code == "no_account" {
            assert!(answered >= 400, "{line}: {answer}");
        } else {
            assert_eq!(answered, status, "{line}: {answer}");
            assert!(answer.contains(&format!(r#""code":"{code}""#)), "{line}: {answer}");
        }
        assert_eq!(header(&answer, "content-type"), Some("application/problem+json"), "{line}: {answer}");
        let problem: Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(problem["status"], json!(answered), "{line}");
        assert!(problem["detail"].as_str().unwrap().ends_with('.'), "{line}");
        if answered == 405 {
            assert!(header(&answer, "allow").is_some(), "{line}: {answer}");
        }
        if answered == 401 {
            assert!(header(&answer, "www-authenticate").unwrap().starts_with("Bearer"), "{line}: {answer}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn head_tells_the_length_that_get_would_have() {
    let server = server().await;
    let (person, cookie) = guest(&server, "سارا").await;
    let known = format!("Cookie: {cookie}\r\n");
    let avatar = format!("/avatar/{}", person.id);
    for path in
        ["/", "/sign-in", "/account", "/nowhere", "/health/live", "/topics/news/history", &avatar, "/publish"]
    {
        let (status, whole) = raw(&server, &get(path, &known)).await;
        let (same, only) = raw(&server, &get(path, &known).replacen("GET", "HEAD", 1)).await;
        assert_eq!(status, same, "{path}");
        assert_eq!(body(&only), "", "{path}");
        let length = header(&only, "content-length").map(|length| length.parse::<usize>().unwrap());
        // Two renderings of a page differ only in their nonce, which has a fixed length.
        assert_eq!(length, Some(body(&whole).len()), "{path}: {only}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let server = server().await;
    let (person, cookie) = guest(&server, "סבטלנה").await;
    let path = format!("/avatar/{}", person.id);
    let ask =
        async |condition: &str| raw(&server, &get(&path, &format!("Cookie: {cookie}\r\n{condition}"))).await;
    let (status, answer) = ask("").await;
    assert_eq!(status, 200);
    let tag = header(&answer, "etag").unwrap().to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", W/{tag}"), "*".into()] {
        let (status, answer) = ask(&format!("If-None-Match: {known}\r\n")).await;
        assert_eq!(status, 304, "{known}");
        assert_eq!(header(&answer, "etag"), Some(tag.as_str()));
    }
    assert_eq!(ask("If-None-Match: \"x\"\r\n").await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn the_scheme_of_a_token_is_written_in_any_case() {
    let server = server().await;
    let (_, token) = chat::testing::guest(server.chat(), "ann").await;
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let header = format!("{scheme} {}", token.reveal());
        let mut socket = Socket::open(&server, &[("authorization", &header)]).await.unwrap();
        assert_eq!(socket.hears().await["me"]["name"], "ann", "{scheme}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_server_answers_to_its_own_name_to_the_letter_and_health_to_any() {
    let server = with(|config| config.origin = Some(ORIGIN.into())).await;
    for (host, status) in [
        ("Host: chat.example.org\r\n", 200),
        ("Host: CHAT.example.org:443\r\n", 200),
        ("Host: localhost:8080\r\n", 200),
        ("Host: chat.example.org:80\r\n", 421),
        ("Host: chat.example.org.\r\n", 421),
        ("Host: evil.example\r\n", 421),
        ("Host: ann@chat.example.org\r\n", 400),
        ("Host: chat.example.org:443:443\r\n", 400),
        ("Host: [::1]evil.example\r\n", 400),
        ("Host: chat.example.org\r\nHost: chat.example.org\r\n", 400),
        ("Host: chat.example.org, evil.example\r\n", 400),
        ("Host:\r\n", 400),
        ("", 400),
    ] {
        let (answered, answer) = raw(&server, &odd("GET /sign-in", host)).await;
        assert_eq!(answered, status, "{host}: {answer}");
        for health in ["/health/live", "/health/ready"] {
            assert_eq!(raw(&server, &odd(&format!("GET {health}"), host)).await.0, 200, "{host}");
        }
    }
    let both = odd("GET http://evil.example/sign-in", "Host: chat.example.org\r\n");
    assert_eq!(raw(&server, &both).await.0, 400);
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_the_same_name_by_plain_http_sends_nothing_to_a_server_behind_https() {
    let server = with(|config| config.origin = Some(ORIGIN.into())).await;
    for (origin, right) in [(ORIGIN, true), ("http://chat.example.org", false), ("null", false)] {
        let headers = format!("{FORM}Origin: {origin}\r\n");
        let request = post("/do/create_guest", &headers, "name=ann").replace("localhost", "chat.example.org");
        assert_eq!(raw(&server, &request).await.0 == 200, right, "{origin}");
        let socket = Socket::open(&server, &[("host", "chat.example.org"), ("origin", origin)]).await;
        assert_eq!(socket.is_ok(), right, "{origin}");
    }
    server.stop().await;
}

#[tokio::test]
async fn every_absolute_link_begins_with_the_configured_origin() {
    let server = with(|config| config.origin = Some(ORIGIN.into())).await;
    let chat = server.chat();
    let (ann, token) = chat::testing::guest(chat, "ann").await;
    let (ben, _) = chat::testing::guest(chat, "ben").await;
    for person in [&ann, &ben] {
        chat.create_account(person, "correct horse battery").await.unwrap();
    }
    let group = chat.create_group(&ann, "tea", JoinPolicy::Invite).await.unwrap().id;
    chat.create_invite(&ann, group, 60, 0).await.unwrap();
    let known = format!("Cookie: __Host-hubbub={}\r\nAccept: text/html\r\n", token.reveal());
    let mut answers = Vec::new();
    for path in [format!("/g/{group}"), format!("/g/{group}/admin")] {
        answers.push(raw(&server, &get(&path, &known)).await.1);
    }
    let offer =
        post("/do/create_reset_link", &format!("{known}{FORM}"), &format!("user={}&page=/server", ben.id));
    answers.push(raw(&server, &offer).await.1);
    for (answer, selector) in answers.iter().zip(["#link", "input[id^=invite-]", "#reset-link"]) {
        let links = Markup::of(answer).attributes(selector, "value");
        assert!(
            !links.is_empty() && links.iter().all(|link| link.starts_with(ORIGIN)),
            "{selector}: {links:?}"
        );
        assert!(!answer.contains("http://localhost"), "{selector}");
    }
    server.stop().await;
}

#[tokio::test]
async fn two_servers_on_one_host_do_not_sign_each_others_people_out() {
    let (first, second) = (server().await, server().await);
    // One browser: a cookie has a host, and no port.
    let mut jar: Vec<(String, String)> = Vec::new();
    for (server, name) in [(&first, "ann"), (&second, "ben"), (&first, ""), (&second, "")] {
        let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = format!("Cookie: {}\r\n{FORM}", cookies.join("; "));
        let host = server.addr().to_string();
        if !name.is_empty() {
            let request =
                post("/do/create_guest", &headers, &format!("name={name}")).replace("localhost", &host);
            let (_, answer) = raw(server, &request).await;
            let (name, value) =
                header(&answer, "set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap();
            jar.retain(|(known, _)| known != name);
            jar.push((name.into(), value.into()));
        }
        let request = post("/do/overview", &headers, "").replace("localhost", &host);
        let (_, answer) = raw(server, &request).await;
        let who = if std::ptr::eq(server, &raw const first) { "ann" } else { "ben" };
        assert!(!name.is_empty() || answer.contains(&format!(r#""name":"{who}""#)), "{answer}");
    }
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn pages_and_json_come_compressed_but_not_for_another_site() {
    let server = server().await;
    let ask = async |headers: &str| {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(get("/sign-in", headers).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    for (coding, headers) in [
        (Some("gzip"), "Accept-Encoding: gzip\r\n"),
        (Some("br"), "Accept-Encoding: gzip, deflate, br\r\nSec-Fetch-Site: same-origin\r\n"),
        (Some("gzip"), "Accept-Encoding: gzip, br;q=0.000\r\nSec-Fetch-Site: none\r\n"),
        (None, ""),
        (None, "Accept-Encoding: gzip;q=0\r\n"),
        (None, "Accept-Encoding: gzip, br\r\nSec-Fetch-Site: cross-site\r\n"),
        (None, "Accept-Encoding: gzip, br\r\nSec-Fetch-Site: same-site\r\n"),
    ] {
        let answer = ask(headers).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{headers}: {answer}");
        assert_eq!(header(&answer, "content-encoding"), coding, "{headers}");
    }
    server.stop().await;
}

#[tokio::test]
async fn slow_uploads_do_not_block_those_of_others() {
    let server = server().await;
    let chat = server.chat();
    let mut slow = Vec::new();
    let upload = async |name: &str| {
        let (person, token) = chat::testing::guest(chat, name).await;
        chat.create_account(&person, "correct horse battery").await.unwrap();
        let cookie = cookie(&server, &token);
        let part = "--edge\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"me.png\"\r\n\r\n";
        format!(
            "POST /account/picture HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n{part}",
            part.len() + 1_000
        )
    };
    for n in 0..9 {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(upload(&format!("slow {n}")).await.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let whole = upload("quick").await + &"x".repeat(1_000 - 12) + "\r\n--edge--\r\n";
    let (status, answer) = raw(&server, &whole).await;
    assert_eq!(status, 422, "the file was read, and is no picture: {answer}");
    drop(slow);
    server.stop().await;
}

#[tokio::test]
async fn who_holds_connections_open_keeps_nobody_waiting() {
    let server = with(|config| config.connections.node = 50).await;
    let mut held = Vec::new();
    for n in 0..200u8 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 1, n.max(1)), 0).into()).unwrap();
        let mut stream = socket.connect(server.addr()).await.unwrap();
        stream.write_all(b"POST /do/create_guest HTTP/1.1\r\nHost: loc").await.unwrap();
        held.push(stream);
    }
    let (status, answer) = raw(&server, &get("/sign-in", "")).await;
    assert_eq!(status, 200, "{answer}");
    // The first connection was closed without a response.
    let mut rest = Vec::new();
    let _ = held[0].read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_a_byte_at_a_time_is_read_whole() {
    let server = server().await;
    let request = post("/publish", JSON, r#"{"topic":"news","data":"a byte at a time"}"#);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.stop().await;
}
