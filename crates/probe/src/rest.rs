//! A client of the REST API over one connection that stays open, and a benchmark of sends over many of them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::durable::Acknowledged;
use crate::fanout::WARM_UP;
use crate::process::cpu_s;
use crate::quantiles::{float, quantile_ms};
use crate::server::Server;
use crate::websocket::connect;

/// A connection to the REST API, with the token of a program. One request is in flight at a time.
#[derive(Debug)]
pub struct RestClient {
    stream: TcpStream,
    /// The header lines of every request.
    headers: String,
    read: Vec<u8>,
}

/// A benchmark of sends over HTTP with the token of an application: each connection waits for the acknowledgement,
/// which follows the commit, before it sends the next message.
#[derive(Clone, Copy, Debug)]
pub struct RestSend {
    /// The number of connections.
    pub connections: u32,
    /// The duration, after a second of warm-up.
    pub time: Duration,
}

/// The result of a benchmark of sends over HTTP.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RestSent {
    /// Sends per second, and their latency.
    #[serde(flatten)]
    pub acknowledged: Acknowledged,
    /// Sends per second of the server's processor time.
    pub sends_per_cpu_s: f64,
}

/// The timeout for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The text of a message, in bytes.
const PAYLOAD: usize = 128;
/// The conversations to which messages are sent.
const CONVERSATIONS: u32 = 8;

impl RestClient {
    /// Connects with the token of an application or the operator. The number selects the source address.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub async fn connect(addr: SocketAddr, number: u32, token: &str) -> io::Result<Self> {
        let headers =
            format!("Host: {addr}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        Ok(Self { stream: connect(addr, number).await?, headers, read: Vec::new() })
    }

    /// Uses another token from now on.
    pub fn set_token(&mut self, addr: SocketAddr, token: &str) {
        self.headers =
            format!("Host: {addr}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    }

    /// Sends a request to a path below `/api/v1`; returns the body of the answer.
    ///
    /// # Errors
    /// If there is no answer, or its status is not one of success.
    pub async fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let (headers, length) = (&self.headers, body.len());
        let head = format!("{method} /api/v1{path} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n");
        self.stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let (status, answer) = timeout(PATIENCE, self.answer()).await??;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(io::Error::other(format!("{method} {path}: {status} {answer}")))
        }
    }

    /// As [`RestClient::ask`], with a body of JSON, and the answer decoded.
    ///
    /// # Errors
    /// Those of [`RestClient::ask`], and if the answer is something else.
    pub async fn send<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> io::Result<T> {
        let answer = self.ask(method, path, &body.to_string()).await?;
        serde_json::from_str(&answer).map_err(|error| io::Error::other(format!("{error}: {answer}")))
    }

    /// Reads an answer with a length.
    async fn answer(&mut self) -> io::Result<(u16, String)> {
        loop {
            if let Some((status, body, end)) = parsed(&self.read)? {
                self.read.drain(..end);
                return Ok((status, body));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl RestSend {
    /// Measures once on a running server, in an application of its own.
    ///
    /// # Errors
    /// If the server cannot be reached, or refuses something.
    pub async fn run_on(&self, server: &Server) -> io::Result<RestSent> {
        let (addr, pid) = (server.addr(), server.running()?);
        let operator = server.operator_token().await?;
        let mut first = RestClient::connect(addr, 0, &operator).await?;
        let token = create_application(&mut first, "rest-send").await?;
        first.set_token(addr, &token);
        for number in 0..CONVERSATIONS {
            let path = format!("/conversations/sends-{number}");
            first.send::<Value>("PUT", &path, &json!({ "name": "Sends" })).await?;
        }
        let from = Instant::now() + WARM_UP;
        let until = from + self.time;
        let mut sending = JoinSet::new();
        for number in 0..self.connections {
            let client = RestClient::connect(addr, number, &token).await?;
            sending.spawn(send_until(client, number, from, until));
        }
        tokio::time::sleep_until(from).await;
        let before = cpu_s(pid).unwrap_or_default();
        let mut samples = Vec::new();
        while let Some(ended) = sending.join_next().await {
            samples.extend(ended.map_err(io::Error::other)??);
        }
        let cpu = cpu_s(pid).unwrap_or_default() - before;
        samples.sort_unstable();
        let sends = float(samples.len() as u64);
        let acknowledged = Acknowledged {
            acks_per_s: sends / self.time.as_secs_f64(),
            median_ms: quantile_ms(&samples, 50),
            p99_ms: quantile_ms(&samples, 99),
        };
        Ok(RestSent { acknowledged, sends_per_cpu_s: sends / cpu })
    }
}

/// Creates an application with the token of the operator; returns the token of the application.
///
/// # Errors
/// If it is refused.
pub async fn create_application(operator: &mut RestClient, title: &str) -> io::Result<String> {
    let created: Value = operator.send("POST", "/applications", &json!({ "title": title })).await?;
    let token = created["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| io::Error::other(format!("an application without a token: {created}")))
}

/// Sends one message after the other; returns the latencies of those after the warm-up, in microseconds.
async fn send_until(
    mut client: RestClient,
    number: u32,
    from: Instant,
    until: Instant,
) -> io::Result<Vec<u64>> {
    let path = format!("/conversations/sends-{}/messages", number % CONVERSATIONS);
    let (text, mut samples) = ("x".repeat(PAYLOAD), Vec::new());
    let body = json!({ "text": text }).to_string();
    loop {
        let begun = Instant::now();
        client.ask("POST", &path, &body).await?;
        let now = Instant::now();
        if now >= until {
            return Ok(samples);
        }
        if begun >= from {
            samples.push(u64::try_from((now - begun).as_micros()).unwrap_or(u64::MAX));
        }
    }
}

/// Parses an answer with its length in the head; returns its status, its body, and the bytes that it takes. None if it
/// is not complete.
fn parsed(read: &[u8]) -> io::Result<Option<(u16, String, usize)>> {
    let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no answer: {head}")))?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = match (status, length) {
        (204, None) => 0,
        (_, Some(length)) => length.trim().parse::<usize>().map_err(io::Error::other)?,
        (_, None) => return Err(io::Error::other(format!("an answer without a length: {head}"))),
    };
    let whole = end + 4 + length;
    let body = read.get(end + 4..whole);
    Ok(body.map(|body| (status, String::from_utf8_lossy(body).into_owned(), whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart_at_their_lengths() {
        let two = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n{\"\"}HTTP/1.1 204 No Content\r\n\r\n";
        let (status, body, end) = parsed(two).unwrap().unwrap();
        assert_eq!((status, body.as_str()), (201, "{\"\"}"));
        assert_eq!(parsed(&two[end..]).unwrap(), Some((204, String::new(), two.len() - end)));
        for cut in 0..end {
            assert_eq!(parsed(&two[..cut]).unwrap(), None, "{cut}");
        }
        assert!(parsed(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
