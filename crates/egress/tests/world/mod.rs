//! A world for tests of egress: names, and addresses that all lead to one receiver on loopback.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat::{HttpAnswer, HttpClient as _, HttpFailure, HttpMethod, HttpPolicy, HttpRequest};
use egress::testing::{TestNetwork, egress_over};
use egress::{Egress, EgressConfig};
use parking_lot::Mutex;
use rustls::RootCertStore;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A public address, which leads to the receiver.
pub const PUBLIC: &str = "93.184.215.14";

/// The names, and what happened below the checks.
#[derive(Clone, Default)]
pub struct Net(Arc<State>);

#[derive(Default)]
struct State {
    /// The answers for a name in turn; the last one stays.
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    lookups: AtomicUsize,
    dialed: Mutex<Vec<SocketAddr>>,
    receiver: Mutex<Option<SocketAddr>>,
}

impl Net {
    /// Makes every address lead to this listener.
    pub fn lead_to(&self, receiver: SocketAddr) {
        *self.0.receiver.lock() = Some(receiver);
    }

    /// Sets the answers for a name, in turn.
    pub fn name(&self, name: &str, answers: &[&[&str]]) {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        self.0.names.lock().insert(name.to_owned(), answers.iter().map(parse).collect());
    }

    pub fn lookups(&self) -> usize {
        self.0.lookups.load(Ordering::SeqCst)
    }

    pub fn dialed(&self) -> Vec<SocketAddr> {
        self.0.dialed.lock().clone()
    }
}

#[async_trait]
impl TestNetwork for Net {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.lookups.fetch_add(1, Ordering::SeqCst);
        let mut names = self.0.names.lock();
        let answers = names.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Ok(answer.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.0.dialed.lock().push(address);
        let receiver = *self.0.receiver.lock();
        TcpStream::connect(receiver.ok_or(io::ErrorKind::ConnectionRefused)?).await
    }
}

/// Returns an egress over the names, which trusts no authority.
pub fn egress(net: &Net, config: &EgressConfig) -> Egress {
    egress_over(config, net.clone(), RootCertStore::empty())
}

/// Returns a network in which `tea.example` and every other address lead to the listener, and an egress over it.
pub fn to(listener: &TcpListener) -> (Net, Egress) {
    let net = Net::default();
    net.lead_to(listener.local_addr().unwrap());
    net.name("tea.example", &[&[PUBLIC]]);
    let egress = egress(&net, &EgressConfig::default());
    (net, egress)
}

pub async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Returns a request with a deadline that no test waits for.
pub fn get(url: &str) -> HttpRequest {
    HttpRequest { deadline: Duration::from_secs(60), ..HttpRequest::new(HttpMethod::Get, url) }
}

pub async fn send_as(egress: &Egress, url: &str, policy: HttpPolicy) -> Result<HttpAnswer, HttpFailure> {
    egress.send(HttpRequest { policy, ..get(url) }).await
}

/// The end of a connection at the receiver.
pub struct Peer {
    stream: BufReader<TcpStream>,
}

impl Peer {
    pub async fn accept(listener: &TcpListener) -> Self {
        Self { stream: BufReader::new(listener.accept().await.unwrap().0) }
    }

    /// Reads a request, with its body, and returns the lines of its header; none at the end.
    pub async fn request(&mut self) -> Option<Vec<String>> {
        let (mut lines, mut body) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(length) = line.strip_prefix("content-length: ") {
                body = length.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut content = vec![0; body];
        self.stream.read_exact(&mut content).await.ok()?;
        lines.push(String::from_utf8(content).unwrap());
        Some(lines)
    }

    /// Sends bytes; returns false once the client has gone.
    pub async fn send(&mut self, bytes: &str) -> bool {
        self.stream.get_mut().write_all(bytes.as_bytes()).await.is_ok()
    }

    pub async fn answer(&mut self, body: &str) {
        self.send(&reply(200, "", body)).await;
    }

    /// Closes this side, and returns when the other has closed, too.
    pub async fn close(mut self) {
        let _ = self.stream.get_mut().shutdown().await;
        self.closed().await;
    }

    /// Returns when the client has closed.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
    }
}

/// Answers each request with what a function makes of the lines of its header.
pub fn serve(listener: TcpListener, answer: impl Fn(&[String]) -> String + Send + Sync + 'static) {
    serve_counted(listener, Arc::default(), answer);
}

/// As [`serve`], and counts the connections.
pub fn serve_counted(
    listener: TcpListener,
    accepted: Arc<AtomicUsize>,
    answer: impl Fn(&[String]) -> String + Send + Sync + 'static,
) {
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        loop {
            let (mut peer, answer) = (Peer::accept(&listener).await, Arc::clone(&answer));
            accepted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while let Some(request) = peer.request().await {
                    let answer = answer(&request);
                    if !peer.send(&answer).await || answer.contains("connection: close") {
                        break;
                    }
                }
            });
        }
    });
}

/// Returns the bytes of an answer. Each line of the headers ends with CRLF.
pub fn reply(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Tea\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

pub fn redirect(status: u16, location: &str) -> String {
    reply(status, &format!("location: {location}\r\n"), "")
}
