//! Listeners: readers over raw sockets, thousands in one process, each of them checked.

mod audience;
mod lines;
mod trail;

use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::str;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use wire::{Action, ClientFrame, Cursor, FromServer, Seq, ServerFrame, Topic};

pub(crate) use self::audience::{Audience, Reads};
use self::lines::{Found, Lines};
pub(crate) use self::trail::Trail;
use crate::checker::{Finding, check, check_reader};
use crate::history::{line, slice};
use crate::record::{Line, Note, Record};
use probe::server::Server;
use probe::setup::TestGroup;
use probe::websocket::{Frames, Kind, PONG, client_text, connect, connect_narrow, shake_hands_as};

/// A topic of a server, and the entries that its listeners have read.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) addr: SocketAddr,
    pub(crate) topic: Topic,
    pub(crate) lines: Arc<Lines>,
}

/// One reader of a topic, over one socket after the other.
#[derive(Debug)]
pub(crate) struct Listener {
    target: Arc<Target>,
    /// Its number, which also selects its address.
    number: u32,
    cookie: Option<String>,
    /// True if its socket has a small receive buffer.
    is_narrow: bool,
    cursor: Option<Cursor>,
    /// The number of the entry that most likely comes next.
    next: u32,
    /// Gaps that history has to fill: the last Seq before, and the last one in it.
    gaps: Vec<(Seq, Seq)>,
    pub(crate) trail: Trail,
    /// The sampled latencies, in microseconds.
    pub(crate) samples: Vec<u64>,
    /// The number of times that the server disconnected it.
    pub(crate) falls: u64,
}

/// An open socket.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    frames: Frames,
}

/// One of this many entries is timed.
const SAMPLE: u32 = 16;
/// The size of a read, in bytes.
const READ_BYTES: usize = 64 * 1_024;
/// The receive buffer of a listener that must exert backpressure soon, in bytes.
const NARROW_BYTES: u32 = 4 * 1_024;
/// The pause before a disconnected listener reconnects.
const PAUSE: Duration = Duration::from_millis(100);
/// The timeout for the answer to a subscription.
const PATIENCE: Duration = Duration::from_secs(20);
/// The number of listeners that connect concurrently before a measurement.
const AT_ONCE: usize = 64;

thread_local! {
    /// The read buffer, shared by all listeners of a thread.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

impl Target {
    pub(crate) fn new(server: &Server, topic: Topic) -> Arc<Self> {
        Arc::new(Self { host: server.host(), addr: server.addr(), topic, lines: Arc::default() })
    }

    /// Returns the same topic on another node.
    fn at(&self, node: &Server) -> Arc<Self> {
        let lines = Arc::clone(&self.lines);
        Arc::new(Self { host: node.host(), addr: node.addr(), topic: self.topic.clone(), lines })
    }
}

/// Returns every violation towards those who sent and those who listened.
pub(crate) fn judge(target: &Target, said: &[Record], listeners: &[Listener], log: &[Line]) -> Vec<Finding> {
    let mut findings = check(said, log);
    for listener in listeners {
        findings.extend(check_reader(&listener.trail.record(listener.name(), &target.lines), log));
        let left = listener.gaps.iter();
        findings.extend(left.map(|(after, until)| Finding::Unfilled {
            reader: listener.name(),
            after: after.0,
            until: until.0,
        }));
    }
    findings
}

/// Connects listeners with these numbers, and subscribes them.
pub(crate) async fn assemble(
    target: &Arc<Target>,
    test_group: &TestGroup,
    numbers: impl Iterator<Item = u32>,
    is_narrow: bool,
) -> io::Result<Vec<(Listener, Link)>> {
    let coming = numbers.map(|number| async move {
        let mut listener = Listener::new(Arc::clone(target), number, test_group.cookie(number), is_narrow);
        let link = listener.open().await?;
        Ok((listener, link))
    });
    stream::iter(coming).buffer_unordered(AT_ONCE).try_collect().await
}

impl Listener {
    pub(crate) fn new(target: Arc<Target>, number: u32, cookie: Option<&str>, is_narrow: bool) -> Self {
        Self {
            target,
            number,
            cookie: cookie.map(str::to_owned),
            is_narrow,
            cursor: None,
            next: 0,
            gaps: Vec::new(),
            trail: Trail::default(),
            samples: Vec::new(),
            falls: 0,
        }
    }

    /// Opens a socket and subscribes after its cursor; returns when that is answered.
    pub(crate) async fn open(&mut self) -> io::Result<Link> {
        timeout(PATIENCE, self.subscribe()).await?
    }

    async fn subscribe(&mut self) -> io::Result<Link> {
        let Self { number, is_narrow, .. } = *self;
        let stream = match is_narrow {
            true => connect_narrow(self.target.addr, number, NARROW_BYTES).await?,
            false => connect(self.target.addr, number).await?,
        };
        let mut stream = shake_hands_as(stream, "/ws", self.cookie.as_deref()).await?;
        let action = Action::Subscribe { topic: self.target.topic.clone(), since: self.cursor };
        stream.write_all(&client_text(&ClientFrame { action, reference: None }.encode())).await?;
        let mut link = Link { stream, frames: Frames::default() };
        while !self.take(&mut link).await? {}
        Ok(link)
    }

    /// Reads until `until`.
    pub(crate) async fn listen(&mut self, mut link: Link, until: Instant) -> io::Result<Link> {
        while timeout_at(until, link.stream.readable()).await.is_ok() {
            if self.take(&mut link).await.is_err() {
                link = self.come_back(until).await?;
            }
        }
        Ok(link)
    }

    /// Reads up to the goal, once that is set, over as many sockets as it takes; or until `until`.
    pub(crate) async fn follow(
        &mut self,
        mut link: Link,
        mut goal: watch::Receiver<Option<Seq>>,
        until: Instant,
    ) {
        while Instant::now() < until && !goal.borrow_and_update().is_some_and(|goal| self.has(goal)) {
            let taken = tokio::select! {
                () = another(&mut goal) => continue,
                readable = timeout_at(until, link.stream.readable()) => match readable {
                    Ok(Ok(())) => self.take(&mut link).await,
                    Ok(Err(error)) => Err(error),
                    Err(_) => return,
                },
            };
            if taken.is_err() {
                match self.come_back(until).await {
                    Ok(again) => link = again,
                    Err(_) => return,
                }
            }
        }
    }

    /// Resumes from its cursor; retries until `until` while the server does not accept it.
    pub(crate) async fn resume(&mut self, until: Instant) -> io::Result<Link> {
        match self.open().await {
            Ok(link) => Ok(link),
            Err(_) => self.come_back(until).await,
        }
    }

    /// Returns true if it has read everything up to this Seq.
    pub(crate) fn has(&self, seq: Seq) -> bool {
        self.cursor.is_some_and(|cursor| cursor.seq >= seq)
    }

    /// Reads this many more entries and stops; later ones are not for it.
    pub(crate) async fn hear_some(&mut self, link: &mut Link, count: u64) -> io::Result<()> {
        let enough = self.trail.count() + count;
        while self.trail.count() < enough {
            self.take(link).await?;
        }
        let seq = self.cursor.map_or(Seq::ZERO, |cursor| cursor.seq);
        self.trail.note(Note::Left { seq });
        Ok(())
    }

    fn name(&self) -> String {
        format!("listener {}", self.number)
    }

    async fn come_back(&mut self, until: Instant) -> io::Result<Link> {
        self.falls += 1;
        loop {
            sleep(PAUSE).await;
            match self.open().await {
                Ok(link) => return Ok(link),
                Err(error) if Instant::now() > until => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Reads the available bytes; returns true if a subscription was answered.
    async fn take(&mut self, link: &mut Link) -> io::Result<bool> {
        link.stream.readable().await?;
        let Link { stream, frames } = link;
        let heard = SCRATCH.with_borrow_mut(|scratch| match stream.try_read(scratch) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => self.hear(frames, &scratch[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Heard::default()),
            Err(error) => Err(error),
        })?;
        for _ in 0..heard.pings {
            stream.write_all(&PONG).await?;
        }
        while let Some((after, until)) = self.gaps.first().copied() {
            let Target { host, topic, .. } = &*self.target;
            let lines = slice(host, self.cookie.as_deref(), topic.as_str(), after, Some(until)).await?;
            self.gaps.remove(0);
            self.trail.note(Note::Refilled { lines });
        }
        Ok(heard.subscribed)
    }

    fn hear(&mut self, frames: &mut Frames, bytes: &[u8]) -> io::Result<Heard> {
        let (mut heard, mut wrong, now) = (Heard::default(), None, Instant::now());
        frames.take(bytes, |kind, payload| match kind {
            Kind::Data => match self.understand(payload, now) {
                Ok(subscribed) => heard.subscribed |= subscribed,
                Err(error) => wrong = Some(error),
            },
            Kind::Ping => heard.pings += 1,
            Kind::Close => {
                let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default()).into_owned();
                wrong = Some(io::Error::other(format!("the server has closed: {reason}")));
            }
            Kind::Other => {}
        });
        wrong.map_or(Ok(heard), Err)
    }

    /// Notes the content of a frame; returns true if it answers a subscription.
    fn understand(&mut self, frame: &[u8], now: Instant) -> io::Result<bool> {
        let known = match self.target.lines.find(self.next, frame) {
            Some(known) => Some(known),
            None => match str::from_utf8(frame).ok().and_then(FromServer::<Value>::decode) {
                Some(FromServer::Entry(entry)) => self.target.lines.learn(frame, line(*entry)),
                Some(FromServer::Frame(notice)) => return self.notice(*notice),
                None => None,
            },
        };
        let Some(Found { number, seq, sent }) = known else {
            return Err(io::Error::other(format!("no frame of ours: {}", String::from_utf8_lossy(frame))));
        };
        if let Some(cursor) = &mut self.cursor {
            cursor.seq = seq;
        }
        self.next = number + 1;
        self.trail.read(number);
        if let Some(sent) = sent.filter(|_| number.is_multiple_of(SAMPLE)) {
            self.samples.push(u64::try_from((now - sent).as_micros()).unwrap_or(u64::MAX));
        }
        Ok(false)
    }

    fn notice(&mut self, notice: ServerFrame) -> io::Result<bool> {
        match notice {
            ServerFrame::Subscribed { cursor, head, .. } => {
                self.trail.note(Note::Subscribed { epoch: cursor.epoch, seq: cursor.seq, head });
                self.cursor.get_or_insert(cursor);
                return Ok(true);
            }
            ServerFrame::Reset { reason, cursor, .. } => {
                let before = self.cursor.replace(cursor).map_or(Seq::ZERO, |before| before.seq);
                self.trail.note(Note::Reset { reason, seq: cursor.seq });
                self.gaps.push((before, cursor.seq));
            }
            ServerFrame::Refused { refused, .. } => return Err(io::Error::other(refused.code)),
            ServerFrame::Unsubscribed { .. } => return Err(io::Error::other("the right to read has ended")),
            _ => {}
        }
        Ok(false)
    }
}

/// Waits for another goal; forever, once nobody can set one any more.
async fn another(goal: &mut watch::Receiver<Option<Seq>>) {
    if goal.changed().await.is_err() {
        pending::<()>().await;
    }
}

/// The outcome of one read.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    pings: usize,
    subscribed: bool,
}

impl Link {
    /// Resets the connection without a close frame, as a phone in a tunnel does; the server notices at once.
    pub(crate) fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }

    /// Sends a close frame, and waits until the server closes too.
    pub(crate) async fn close(mut self) -> io::Result<()> {
        // An empty close frame, as a client sends it.
        self.stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await?;
        let mut scratch = [0; 1_024];
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut scratch) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
