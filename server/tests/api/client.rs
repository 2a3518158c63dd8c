//! A program with a token, and the server that it uses, in the test's own process.

use std::time::Duration;

use chat::{ApiToken, Caller, Created};
use serde_json::{Value, json};
use server::{Config, Server, ServerHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The timeout of everything a test waits for. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that sends requests with some headers.
#[derive(Clone)]
pub struct Program<'a> {
    server: &'a ServerHandle,
    headers: String,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    /// The body, null if it is empty or not JSON.
    pub body: Value,
    pub text: String,
}

/// Starts an in-memory server.
pub async fn server() -> ServerHandle {
    with(|_| {}).await
}

/// Starts an in-memory server with settings of its own.
pub async fn with(set: impl FnOnce(&mut Config)) -> ServerHandle {
    let mut config = Config::volatile();
    config.limits.send_burst = u32::MAX;
    config.limits.action_burst = u32::MAX;
    config.limits.token_send_burst = u32::MAX;
    config.limits.token_request_burst = u32::MAX;
    set(&mut config);
    Server::start(config).await.unwrap()
}

/// Creates an application.
pub async fn application(server: &ServerHandle, title: &str) -> Created {
    server.chat().create_application(&Caller::operator(), title, "").await.unwrap()
}

/// Returns a program of the operator.
pub async fn operator(server: &ServerHandle) -> Program<'_> {
    let token = server.chat().create_operator_token(&Caller::operator(), "", None, false).await.unwrap();
    Program::new(server).with_token(token.reveal())
}

impl<'a> Program<'a> {
    /// Returns a program without a token.
    pub fn new(server: &'a ServerHandle) -> Self {
        Self { server, headers: String::new() }
    }

    /// Returns the program of a new application.
    pub async fn of_application(server: &'a ServerHandle, title: &str) -> Self {
        Self::new(server).with(&application(server, title).await.token)
    }

    pub fn with(self, token: &ApiToken) -> Self {
        self.with_token(token.reveal())
    }

    pub fn with_token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Returns the same program, acting as a user.
    pub fn acting_as(&self, user: &str) -> Self {
        self.clone().header("Hubbub-As", user)
    }

    /// Returns the same program with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(&body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, Some(&body.to_string())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(&body.to_string())).await
    }

    /// Sends a request below `/api/v1`.
    pub async fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        self.raw(method, path, &format!("{}{kind}", self.headers), body.unwrap_or_default()).await
    }

    /// Sends a request as it is written.
    pub async fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.server.addr()).await.unwrap();
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}");
        stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        tokio::time::timeout(PATIENCE, reading).await.expect("an answer comes in time").unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        let body = serde_json::from_str(text).unwrap_or_default();
        Answer { status, head: head.to_owned(), body, text: text.to_owned() }
    }

    /// Uploads a file under a name, which is percent-encoded.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Answer {
        let length = format!("Content-Length: {}\r\n", content.len());
        self.send("POST", &format!("/api/v1/files?name={name}"), &length, content).await.0
    }

    /// Returns the head of a request to any path.
    pub fn head(&self, method: &str, path: &str, headers: &str) -> String {
        let own = &self.headers;
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{own}{headers}Connection: close\r\n\r\n")
    }

    /// Sends a request to any path, with more headers and these bytes; returns the answer, and its body as it came.
    pub async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (Answer, Vec<u8>) {
        let mut stream = TcpStream::connect(self.server.addr()).await.unwrap();
        stream.write_all(self.head(method, path, headers).as_bytes()).await.unwrap();
        // The server may answer and close before it has all of it.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        // An error is a connection that was closed with bytes unread.
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("an answer comes in time");
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(answer.len());
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let content = answer.get(end + 4..).unwrap_or_default().to_vec();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&content).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_default();
        (Answer { status, head, body, text }, content)
    }

    /// Creates users whose keys are their names in lower case.
    pub async fn has_users(&self, names: &[&str]) {
        for name in names {
            let answer = self.put(&format!("/users/{}", name.to_lowercase()), json!({ "name": name })).await;
            answer.is(201);
        }
    }

    /// Creates a conversation with members.
    pub async fn has_conversation(&self, key: &str, members: &[&str]) {
        self.put(&format!("/conversations/{key}"), json!({ "name": key })).await.is(201);
        for member in members {
            self.put(&format!("/conversations/{key}/members/{member}"), json!({})).await.is(200);
        }
    }
}

impl Answer {
    /// Checks the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text);
        self
    }

    /// Checks the status and the code of a problem.
    #[track_caller]
    pub fn fails(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.body["code"], code, "{}", answer.text);
        assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
        answer
    }

    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}
