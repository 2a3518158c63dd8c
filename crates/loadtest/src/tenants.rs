//! Tenants test: many applications on one server, the memory that they take, and a quiet one beside a noisy one.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use probe::process::{cpu_s, rss_kib};
use probe::quantiles::{float, quantile_ms};
use probe::rest::{RestClient, create_application};
use probe::server::Server;
use probe::websocket::{Frames, Kind, PONG, await_data, client_text, connect, shake_hands};

/// The parameters of a tenants test.
#[derive(Clone, Debug)]
pub struct Tenants {
    /// The server binary.
    pub server: PathBuf,
    /// The number of applications, at least two.
    pub applications: u32,
    /// The number of users of each, all of them in one conversation.
    pub people: u32,
    /// The rate at which the quiet application sends, in messages per second.
    pub rate: u32,
    /// The duration of each measurement.
    pub time: Duration,
}

/// The result of a tenants test.
#[derive(Clone, Debug, Serialize)]
pub struct Tenancy {
    /// The rate of requests while the applications were created, per second.
    pub loaded_per_s: f64,
    /// The resident memory of the server after that, in MiB.
    pub rss_mib: f64,
    /// Its growth for each application, in KiB.
    pub rss_kib_each: f64,
    /// One line for each measurement.
    pub loads: Vec<Load>,
}

/// The deliveries in one application under a load.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// The application, and what happens beside it.
    pub name: &'static str,
    /// Deliveries per second.
    pub deliveries_per_s: f64,
    /// The median latency of a delivery, from the send, in ms.
    pub median_ms: f64,
    /// The 99th percentile, in ms.
    pub p99_ms: f64,
    /// The server's processor time, in percent of one core.
    pub cpu_percent: f64,
}

/// A conversation of an application with all its users.
#[derive(Clone, Debug)]
struct Room {
    addr: SocketAddr,
    token: String,
    topic: String,
    people: u32,
    /// The number of its first socket, which selects the source address.
    first: u32,
}

/// The users of a room, each with a socket.
struct Audience {
    goal: watch::Sender<Option<u64>>,
    listening: JoinSet<io::Result<Vec<u64>>>,
}

/// The connections that create applications.
const LOADERS: u32 = 64;
/// The connections of the noisy application, each with one message in flight.
const NOISY: u32 = 16;
/// The text of a message, in bytes.
const PAYLOAD: usize = 128;
/// The timeout for a listener to get everything after the last send.
const PATIENCE: Duration = Duration::from_secs(60);

impl Tenants {
    /// Creates the applications, and measures.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or a message does not reach everyone.
    pub async fn run(&self) -> io::Result<Tenancy> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let (pid, operator) = (server.running()?, server.operator_token().await?);
        let (before, begun) = (rss_kib(pid).unwrap_or_default(), Instant::now());
        let [quiet, noisy] = self.load(server.addr(), &operator).await?;
        // An application, a conversation, and two requests for each user.
        let requests = u64::from(self.applications) * (2 + 2 * u64::from(self.people));
        let loaded_per_s = float(requests) / begun.elapsed().as_secs_f64();
        let rss = rss_kib(pid).unwrap_or_default();
        let mut loads = Vec::new();
        for name in ["noisy, alone", "quiet, alone", "quiet, beside noisy"] {
            let cpu = cpu_s(pid).unwrap_or_default();
            let (room, beside) = match name {
                "noisy, alone" => (&noisy, None),
                "quiet, alone" => (&quiet, None),
                _ => (&quiet, Some(&noisy)),
            };
            let rate = (name != "noisy, alone").then_some(self.rate);
            let samples = self.measure(room, rate, beside).await?;
            let cpu = cpu_s(pid).unwrap_or_default() - cpu;
            loads.push(Load {
                name,
                deliveries_per_s: float(samples.len() as u64) / self.time.as_secs_f64(),
                median_ms: quantile_ms(&samples, 50),
                p99_ms: quantile_ms(&samples, 99),
                cpu_percent: 100.0 * cpu / self.time.as_secs_f64(),
            });
        }
        server.kill().await?;
        let rss_kib_each = float(rss.saturating_sub(before)) / f64::from(self.applications);
        Ok(Tenancy { loaded_per_s, rss_mib: float(rss) / 1_024.0, rss_kib_each, loads })
    }

    /// Creates the applications, each with its users in one conversation; returns two of these.
    async fn load(&self, addr: SocketAddr, operator: &str) -> io::Result<[Room; 2]> {
        let mut loading = JoinSet::new();
        for loader in 0..LOADERS.min(self.applications) {
            let (operator, people, applications) = (operator.to_owned(), self.people, self.applications);
            loading.spawn(async move {
                let mut client = RestClient::connect(addr, loader, &operator).await?;
                let mut rooms = Vec::new();
                for number in (loader..applications).step_by(LOADERS as usize) {
                    client.set_token(addr, &operator);
                    rooms.push((number, Room::create(&mut client, addr, number, people).await?));
                }
                Ok::<_, io::Error>(rooms)
            });
        }
        let mut rooms = Vec::new();
        while let Some(loaded) = loading.join_next().await {
            rooms.extend(loaded.map_err(io::Error::other)??);
        }
        rooms.sort_by_key(|(number, _)| *number);
        let mut rooms = rooms.into_iter().map(|(_, room)| room);
        rooms.next().zip(rooms.next()).map(<[Room; 2]>::from).ok_or_else(|| io::Error::other("too few"))
    }

    /// Sends in a room, at a rate or as fast as possible, and perhaps as fast as possible in another beside it. Returns
    /// the latencies of the deliveries in the room, in microseconds.
    async fn measure(&self, room: &Room, rate: Option<u32>, beside: Option<&Room>) -> io::Result<Vec<u64>> {
        let begun = Instant::now();
        let audience = room.seat(begun).await?;
        let other = match beside {
            Some(other) => Some((other, other.seat(begun).await?)),
            None => None,
        };
        let until = Instant::now() + self.time;
        let (mut sending, mut noise) = (JoinSet::new(), JoinSet::new());
        match rate {
            Some(rate) => {
                let pause = Duration::from_secs(1) / rate.max(1);
                sending.spawn(room.clone().send(0, begun, until, Some(pause)));
            }
            None => (0..NOISY).for_each(|number| {
                sending.spawn(room.clone().send(number, begun, until, None));
            }),
        }
        if let Some((other, _)) = &other {
            (0..NOISY).for_each(|number| {
                noise.spawn(Room::clone(other).send(number, begun, until, None));
            });
        }
        let (sent, noise) = (sum(sending).await?, sum(noise).await?);
        if let Some((_, audience)) = other {
            audience.end(noise).await?;
        }
        audience.end(sent).await
    }
}

impl Room {
    /// Creates an application with a conversation of this many users.
    async fn create(client: &mut RestClient, addr: SocketAddr, number: u32, people: u32) -> io::Result<Self> {
        let token = create_application(client, &format!("Tenant {number}")).await?;
        client.set_token(addr, &token);
        let room: Value = client.send("PUT", "/conversations/room", &json!({ "name": "Room" })).await?;
        let id = room["id"].as_str().ok_or_else(|| io::Error::other(format!("no id: {room}")))?;
        for person in 0..people {
            client.ask("PUT", &format!("/users/{person}"), &json!({ "name": "Sofía" }).to_string()).await?;
            client.ask("PUT", &format!("/conversations/room/members/{person}"), "{}").await?;
        }
        Ok(Self { addr, token, topic: format!("group/{id}"), people, first: number % 2 * people })
    }

    /// Opens a socket for each user, who listens from now on. Times are counted from `begun`.
    async fn seat(&self, begun: Instant) -> io::Result<Audience> {
        let mut client = RestClient::connect(self.addr, 0, &self.token).await?;
        let (goal, reached) = watch::channel(None);
        let mut listening = JoinSet::new();
        for person in 0..self.people {
            let minted: Value = client.send("POST", &format!("/users/{person}/tokens"), &json!({})).await?;
            let token = minted["token"].as_str().unwrap_or_default();
            let mut stream = shake_hands(connect(self.addr, self.first + person).await?, "/ws").await?;
            await_data(&stream, 1).await?;
            let frames = [
                json!({ "action": "authenticate", "token": token }),
                json!({ "action": "subscribe", "topic": self.topic }),
            ];
            for frame in frames {
                stream.write_all(&client_text(&frame.to_string())).await?;
                await_data(&stream, 1).await?;
            }
            listening.spawn(listen(stream, begun, reached.clone()));
        }
        Ok(Audience { goal, listening })
    }

    /// Sends messages with their times until a moment; returns their number. Without a pause each follows the
    /// acknowledgement of the one before.
    async fn send(
        self,
        number: u32,
        begun: Instant,
        until: Instant,
        pause: Option<Duration>,
    ) -> io::Result<u64> {
        let mut client = RestClient::connect(self.addr, number, &self.token).await?;
        let (mut sent, first) = (0, Instant::now());
        loop {
            // The time of a late message is its scheduled one, so that its latency includes the delay.
            let due = pause.map_or_else(Instant::now, |pause| first + pause.mul_f64(float(sent)));
            if due >= until {
                return Ok(sent);
            }
            sleep_until(due).await;
            let text = format!("{:x<PAYLOAD$}", format!("{} ", (due - begun).as_micros()));
            client.ask("POST", "/conversations/room/messages", &json!({ "text": text }).to_string()).await?;
            sent += 1;
        }
    }
}

impl Audience {
    /// Waits until every listener has this many messages; returns the latencies of all.
    async fn end(mut self, messages: u64) -> io::Result<Vec<u64>> {
        // No listener ends before it has a goal.
        let _ = self.goal.send(Some(messages));
        let mut samples = Vec::new();
        while let Some(ended) = self.listening.join_next().await {
            samples.extend(ended.map_err(io::Error::other)??);
        }
        samples.sort_unstable();
        Ok(samples)
    }
}

async fn sum(mut sending: JoinSet<io::Result<u64>>) -> io::Result<u64> {
    let mut all = 0;
    while let Some(sent) = sending.join_next().await {
        all += sent.map_err(io::Error::other)??;
    }
    Ok(all)
}

/// Reads messages until there are as many as the goal; returns their latencies in microseconds.
async fn listen(
    mut stream: TcpStream,
    begun: Instant,
    mut goal: watch::Receiver<Option<u64>>,
) -> io::Result<Vec<u64>> {
    let (mut frames, mut samples, mut scratch) = (Frames::default(), Vec::new(), vec![0; 16 * 1_024]);
    loop {
        let wanted = *goal.borrow_and_update();
        if wanted.is_some_and(|wanted| samples.len() as u64 >= wanted) {
            return Ok(samples);
        }
        tokio::select! {
            readable = timeout(PATIENCE, stream.readable()) => {
                readable.map_err(|_| io::Error::other(format!("{} messages came of {wanted:?}", samples.len())))??;
            }
            _ = goal.changed() => continue,
        }
        let length = match stream.try_read(&mut scratch) {
            Ok(0) => return Err(io::Error::other("the server has closed the socket of a listener")),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        let (now, mut pings) = (begun.elapsed(), 0);
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        frames.take(&scratch[..length], |kind, payload| match kind {
            Kind::Ping => pings += 1,
            Kind::Data => samples.extend(sent_at(payload).map(|sent| now.saturating_sub(sent))),
            Kind::Close | Kind::Other => {}
        });
        for _ in 0..pings {
            stream.write_all(&PONG).await?;
        }
    }
}

/// Returns the time in the text of a message; none if the frame is something else.
fn sent_at(frame: &[u8]) -> Option<u64> {
    let (_, text) = str::from_utf8(frame).ok()?.split_once(r#""text":""#)?;
    text.split_once(' ')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_time_and_other_frames_have_none() {
        let message = br#"{"id":"1","data":{"type":"message","text":"1234567 xxx"}}"#;
        assert_eq!(sent_at(message), Some(1_234_567));
        assert_eq!(sent_at(br#"{"event":"presence","topic":"group/1","here":[],"away":[]}"#), None);
    }
}
