//! The receiver of a webhook on the loopback interface: it keeps what it takes, and fails now and then.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chat::testing::http_answer;
use chat::{HttpAnswer, HttpClient, HttpFailure, HttpPolicy, HttpRequest};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use serde_json::Value;
use sha2::Sha256;

/// An event that was taken.
pub struct Taken {
    pub id: String,
    pub topic: String,
    pub seq: u64,
}

/// A receiver that knows the secret.
pub struct Receiver {
    pub addr: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Receiver {
    pub fn start(secret: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (secret, kept) = (secret.clone(), Arc::clone(&kept));
                // A sender that is killed breaks off in the middle.
                std::thread::spawn(move || drop(serve(stream.unwrap(), number, &secret, &kept)));
            }
        });
        Self { addr, taken }
    }

    pub fn taken(&self) -> Vec<Taken> {
        std::mem::take(&mut self.taken.lock())
    }
}

/// Answers one request. Some of them fail without a trace, redirect, or are taken and then answered by nothing.
fn serve(stream: TcpStream, number: usize, secret: &str, kept: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut stream = reader.into_inner();
    let failure = match number % 23 {
        7 => Some("503 Service Unavailable"),
        13 => Some("302 Found"),
        _ => None,
    };
    if let Some(failure) = failure {
        return write!(stream, "HTTP/1.1 {failure}\r\nContent-Length: 0\r\nLocation: /\r\n\r\n");
    }
    let (id, time) = (header("webhook-id").unwrap(), header("webhook-timestamp").unwrap());
    assert_eq!(header("webhook-signature").unwrap(), signature(secret, &id, &time, &body), "of {id}");
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["type"], "message.created");
    let entry = &event["data"]["entry"];
    let topic = entry["topic"].as_str().unwrap().to_owned();
    kept.lock().push(Taken { id, topic, seq: entry["seq"].as_u64().unwrap() });
    if number % 23 == 19 {
        return Ok(());
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

/// Returns the signature as an independent implementation of Standard Webhooks makes it.
fn signature(secret: &str, id: &str, time: &str, body: &[u8]) -> String {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// A client for the loopback interface, without TLS.
pub struct LoopbackClient;

#[async_trait]
impl HttpClient for LoopbackClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let sent = tokio::task::spawn_blocking(move || post(&request)).await;
        sent.ok().flatten().ok_or(HttpFailure::ConnectionFailed)
    }

    fn check_url(&self, url: &str, _: HttpPolicy) -> Result<String, HttpFailure> {
        Ok(url.to_owned())
    }
}

/// Posts a request; none if there is no answer.
fn post(request: &HttpRequest) -> Option<HttpAnswer> {
    let addr: SocketAddr = request.url.strip_prefix("http://")?.strip_suffix('/')?.parse().ok()?;
    let mut stream = TcpStream::connect(addr).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
    let mut head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n", request.body.len());
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    stream.write_all(&request.body).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    Some(HttpAnswer { body: Bytes::new(), ..http_answer(status, "") })
}
