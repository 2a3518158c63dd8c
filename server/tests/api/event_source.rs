//! A client of server-sent events, over a plain connection as `curl -N` uses it.

use std::time::Duration;

use serde_json::Value;
use server::ServerHandle;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The timeout of everything a test waits for. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
pub struct EventSource {
    lines: BufReader<TcpStream>,
    pub head: String,
}

/// An event as a client gets it.
#[derive(Debug, Default)]
pub struct Event {
    pub id: Option<String>,
    pub name: Option<String>,
    pub data: Value,
}

impl EventSource {
    /// Sends a request to the API, and reads the head of the answer.
    pub async fn open(server: &ServerHandle, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::open_at(server, &format!("/api/v1{path}"), headers).await
    }

    /// As [`EventSource::open`], with any path.
    pub async fn open_at(server: &ServerHandle, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{headers}Connection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut lines, mut head) = (BufReader::new(stream), String::new());
        while !head.ends_with("\r\n\r\n") {
            let read = tokio::time::timeout(PATIENCE, lines.read_line(&mut head)).await.unwrap().unwrap();
            assert!(read > 0, "the connection ends in the head: {head}");
        }
        Self { lines, head }
    }

    pub fn status(&self) -> &str {
        &self.head[9..12]
    }

    /// Returns the next event; none at the end of the stream. The sizes of chunks are lines of their own.
    pub async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.read_event()).await.expect("an event comes in time")
    }

    async fn read_event(&mut self) -> Option<Event> {
        let (mut event, mut lines) = (Event::default(), Vec::new());
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(data) = line.strip_prefix("data: ") {
                lines.push(data.to_owned());
            } else if let Some(id) = line.strip_prefix("id: ") {
                event.id = Some(id.to_owned());
            } else if let Some(name) = line.strip_prefix("event: ") {
                event.name = Some(name.to_owned());
            } else if line.is_empty() && !lines.is_empty() {
                event.data = serde_json::from_str(&lines.join("\n")).unwrap();
                return Some(event);
            }
        }
    }

    /// Returns the next event with this name; entries have none.
    pub async fn next_called(&mut self, name: Option<&str>) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name.as_deref() == name {
                return event;
            }
        }
    }

    /// Returns the id and the text of the next message.
    pub async fn text(&mut self) -> (String, String) {
        let Event { id, data, .. } = self.next_called(None).await;
        (id.unwrap(), data["data"]["text"].as_str().unwrap().to_owned())
    }
}

/// Returns the value of `Authorization` with a token.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
