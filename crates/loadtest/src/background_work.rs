//! Acks beside background work: their latency alone, and while people upload files, in turn on one server; and the same
//! with webhooks whose receivers do not answer.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use probe::durable::{Acknowledged, Durable};
use probe::guest::introduce;
use probe::quantiles::float;
use probe::rest::{RestClient, create_application};
use probe::server::Server;
use probe::websocket::connect;

/// The parameters of a comparison.
#[derive(Clone, Debug)]
pub struct BackgroundWork {
    /// The server binary.
    pub server: PathBuf,
    /// The server's store.
    pub store: String,
    /// Messages per second whose acks are measured.
    pub rate: u32,
    /// The number of people who upload one file after the other.
    pub uploaders: u32,
    /// The size of a file in bytes.
    pub file_bytes: usize,
    /// The bytes a second that each of them sends; 0 for as many as the server takes.
    pub upload_rate: usize,
    /// The number of outgoing webhooks whose URL nobody answers, each with events that wait.
    pub dead_webhooks: u32,
    /// The duration of each measurement.
    pub time: Duration,
    /// The number of rounds.
    pub rounds: u32,
}

/// The acks of one round, and the work beside the second half of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Round {
    /// The acks with nothing beside.
    pub alone: Acknowledged,
    /// The acks beside the work.
    pub beside: Acknowledged,
    /// The files that were uploaded meanwhile.
    pub files: u64,
    /// The uploads that were refused, since too many were in progress or a person had had too many.
    pub refused: u64,
}

/// The senders, and the topics they send to.
const SENDERS: u32 = 64;
const TOPICS: u32 = 8;
/// The pause of a person between two uploads: each of them counts as an action, of which a person has sixty at once.
const PAUSE: Duration = Duration::from_millis(250);
/// The pause after a refusal.
const REFUSED: Duration = Duration::from_secs(1);
/// The timeout of an upload.
const PATIENCE: Duration = Duration::from_secs(60);
/// The bytes of a file that are written at once.
const PIECE: usize = 64 * 1_024;
/// The outgoing webhooks of an application, as many as it may have.
const WEBHOOKS: u32 = 20;
/// The messages that are sent in an application with webhooks.
const EVENTS: u32 = 5;
/// A URL that the server may call, and where nobody listens.
const DEAD_URL: &str = "http://127.0.0.1:9/";
/// The distance between numbers of connections that come from different addresses.
const ANOTHER_ADDRESS: u32 = 10_000;

impl BackgroundWork {
    /// Measures.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or an upload fails.
    pub async fn run(&self) -> io::Result<Vec<Round>> {
        let mut server = Server::start(&self.server, &self.store, None).await?;
        let mut cookies = Vec::new();
        for number in 0..self.uploaders {
            cookies.push(introduce(&server.host(), &format!("uploader {number}")).await?.1);
        }
        add_dead_webhooks(&server, self.dead_webhooks).await?;
        let mut rounds = Vec::new();
        for round in 0..self.rounds {
            let alone = self.acks(&server, 2 * round).await?;
            let (stop, files, refused) =
                (Arc::new(AtomicBool::new(false)), Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
            let mut uploads = JoinSet::new();
            for (number, cookie) in (0..).zip(cookies.clone()) {
                let uploader = Uploader {
                    addr: server.addr(),
                    number,
                    cookie,
                    bytes: self.file_bytes,
                    rate: self.upload_rate,
                    stop: Arc::clone(&stop),
                    files: Arc::clone(&files),
                    refused: Arc::clone(&refused),
                };
                uploads.spawn(uploader.run());
            }
            let beside = self.acks(&server, 2 * round + 1).await;
            stop.store(true, Ordering::Release);
            while let Some(ended) = uploads.join_next().await {
                ended.map_err(io::Error::other)??;
            }
            let (files, refused) = (files.load(Ordering::Acquire), refused.load(Ordering::Acquire));
            rounds.push(Round { alone, beside: beside?, files, refused });
        }
        server.kill().await?;
        Ok(rounds)
    }

    async fn acks(&self, server: &Server, measurement: u32) -> io::Result<Acknowledged> {
        let durable = Durable {
            server: self.server.clone(),
            store: self.store.clone(),
            senders: SENDERS,
            topics: TOPICS,
            first_topic: measurement * TOPICS,
            rate: Some(self.rate),
            time: self.time,
        };
        durable.run_on(server.serving(), &()).await
    }
}

/// Creates outgoing webhooks whose URL nobody answers, in as many applications as they need, and events for each.
async fn add_dead_webhooks(server: &Server, webhooks: u32) -> io::Result<()> {
    if webhooks == 0 {
        return Ok(());
    }
    let operator = server.operator_token().await?;
    let mut client = RestClient::connect(server.addr(), 0, &operator).await?;
    for number in 0..webhooks.div_ceil(WEBHOOKS) {
        client.set_token(server.addr(), &operator);
        let token = create_application(&mut client, &format!("Dead {number}")).await?;
        client.set_token(server.addr(), &token);
        client.send::<Value>("PUT", "/conversations/orders", &json!({ "name": "Orders" })).await?;
        for webhook in 0..WEBHOOKS {
            let path = format!("/webhooks/dead-{webhook}");
            client.send::<Value>("PUT", &path, &json!({ "url": DEAD_URL })).await?;
        }
        for event in 0..EVENTS {
            let text = json!({ "text": format!("Order {event}") });
            client.send::<Value>("POST", "/conversations/orders/messages", &text).await?;
        }
    }
    Ok(())
}

/// A person who uploads one file after the other.
struct Uploader {
    addr: SocketAddr,
    number: u32,
    cookie: String,
    bytes: usize,
    /// Bytes a second; 0 for as many as the server takes.
    rate: usize,
    stop: Arc<AtomicBool>,
    files: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Uploader {
    async fn run(self) -> io::Result<()> {
        let content = vec![u8::try_from(self.number % 251).unwrap_or_default(); self.bytes];
        while !self.stop.load(Ordering::Acquire) {
            let (status, answer) = timeout(PATIENCE, self.upload(&content)).await??;
            let (counter, pause) = match status {
                201 => (&self.files, PAUSE),
                429 => (&self.refused, REFUSED),
                _ => return Err(io::Error::other(format!("an upload: {answer}"))),
            };
            counter.fetch_add(1, Ordering::AcqRel);
            sleep(pause).await;
        }
        Ok(())
    }

    /// Uploads a file over a connection of its own; returns the status and the whole answer.
    async fn upload(&self, content: &[u8]) -> io::Result<(u16, String)> {
        let Self { addr, number, cookie, .. } = self;
        let mut stream = connect(*addr, number * ANOTHER_ADDRESS).await?;
        let length = content.len();
        let head = format!(
            "POST /files?name=recording.bin HTTP/1.1\r\nHost: {addr}\r\nCookie: {cookie}\r\nContent-Length: \
             {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let begun = Instant::now();
        for (number, piece) in (0..).zip(content.chunks(PIECE)) {
            if self.rate > 0 {
                let due = Duration::from_secs_f64(float(number * PIECE as u64) / float(self.rate as u64));
                sleep_until(begun + due).await;
            }
            stream.write_all(piece).await?;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Ok((status, answer))
    }
}
