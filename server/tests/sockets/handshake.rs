//! The opening and closing of a socket, byte by byte.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::people::{Deaf, Socket, post, raw, server};

const JSON: &str = "Content-Type: application/json\r\n";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const ASKS: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n";

fn request(headers: &[&str]) -> String {
    format!("GET /ws HTTP/1.1\r\nHost: localhost\r\n{}\r\n", headers.concat())
}

#[tokio::test]
async fn the_handshake_is_answered_as_the_specification_says() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    // The first frame arrives in the same packet as the request.
    let ping = [0x89, 0x82, 0, 0, 0, 0, b'h', b'i'];
    let request = request(&[ASKS, KEY]);
    stream.write_all(&[request.as_bytes(), &ping].concat()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let mut length = 0;
    while !answer[..length].ends_with(&[0x8a, 2, b'h', b'i']) {
        let more = stream.read(&mut answer[length..]).await.unwrap();
        assert!(more > 0, "{}", String::from_utf8_lossy(&answer[..length]));
        length += more;
    }
    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(answer.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{answer}");
    assert!(answer.contains("\r\nupgrade: websocket\r\n"), "{answer}");
    assert!(answer.contains("welcome"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_handshake_is_told_what_would_be_one() {
    let server = server().await;
    let old = ASKS.replace("13", "8");
    for headers in [&[][..], &[ASKS], &[&old, KEY], &["Connection: close\r\n", KEY]] {
        let request = request(&[headers, &["Connection: close\r\n"]].concat());
        let (status, answer) = raw(&server, &request).await;
        assert_eq!(status, 426, "{request}");
        assert!(answer.contains("handshake_needed") && answer.contains("version: 13"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_websocket_ends_it_with_the_code_that_says_so() {
    let server = server().await;
    let not_masked = [0x81, 2, b'h', b'i'];
    let no_utf8 = [0x81, 0x81, 0, 0, 0, 0, 0xff];
    let goodbye = [0x88, 0x80, 0, 0, 0, 0];
    for (frame, code) in [(&not_masked[..], 1002), (&no_utf8, 1007), (&goodbye, 1000)] {
        let mut socket = Deaf::arrive(&server, r#"{"action":"ping"}"#).await;
        socket.sends_bytes(frame).await;
        let heard = socket.hears_all().await;
        let last = heard.windows(4).rev().find(|bytes| bytes[0] == 0x88);
        let [high, low] = u16::to_be_bytes(code);
        assert_eq!(last.map(|bytes| [bytes[2], bytes[3]]), Some([high, low]), "{frame:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_socket_that_is_no_tcp_does_the_same() {
    let server = server().await;
    let mut ann = Socket::arrive_by_pipe(&server).await;
    assert_eq!(ann.asks(r#"{"action":"subscribe","topic":"news"}"#).await["event"], "subscribed");
    // More than the pipe's buffer holds.
    let long = "x".repeat(50_000);
    let body = format!(r#"{{"topic":"news","data":"{long}"}}"#);
    for seq in 1..=20 {
        let (status, answer) = raw(&server, &post("/publish", JSON, &body)).await;
        assert_eq!(status, 200, "{answer}");
        let entry = ann.hears().await;
        assert_eq!((&entry["seq"], &entry["data"]), (&json!(seq), &json!(long)));
    }
    let says = format!(r#"{{"action":"publish","topic":"news","id":"hers","data":"{long}"}}"#);
    let heard = [ann.asks(&says).await, ann.hears().await];
    assert!(heard.iter().any(|frame| frame["event"] == "ack" && frame["id"] == "hers"));
    let stopping = tokio::spawn(server.stop());
    assert_eq!(ann.hears_the_end().await.1, Some(1012));
    assert!(stopping.await.unwrap(), "and the server does not wait for anything");
}
