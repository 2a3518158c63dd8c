//! Fan-out subscribers: teams of raw sockets that count deliveries.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::LocalSet;

use super::Progress;
use super::dialect::{Count, Dialect};
use crate::websocket::{Counter, Kind, PONG, client_text, connect, shake_hands};

/// Subscribers that share a thread. To keep the cost of measuring low they count among themselves, and report a message
/// to the publisher only when the whole team has it.
pub(super) struct Team {
    pub(super) addr: SocketAddr,
    pub(super) dialect: Dialect,
    /// The payload of a message, in bytes.
    pub(super) payload: usize,
    /// The numbers of the subscribers.
    pub(super) numbers: Vec<u32>,
    pub(super) progress: Arc<Progress>,
}

/// The state that a team shares.
struct Shared {
    progress: Arc<Progress>,
    size: Cell<u32>,
    /// For each slot, the message that part of the team has, and the number of subscribers that lack it.
    lacking: RefCell<Vec<(u64, u32)>>,
    /// The sampled latencies, in microseconds.
    samples: RefCell<Vec<u64>>,
}

/// One of this many deliveries is timed.
const SAMPLE: u64 = 16;
/// The size of a read, in bytes.
const READ_BYTES: usize = 64 * 1_024;

impl Team {
    /// Counts deliveries until the run is over; returns the sampled latencies, in microseconds.
    pub(super) fn run(self, mut over: watch::Receiver<bool>) -> io::Result<Vec<u64>> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let size = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let shared = Rc::new(Shared {
            lacking: RefCell::new(vec![(u64::MAX, 0); self.progress.places()]),
            progress: self.progress,
            size: Cell::new(size),
            samples: RefCell::default(),
        });
        let local = LocalSet::new();
        local.block_on(&runtime, async {
            for number in self.numbers {
                let stream = connect(self.addr, number).await?;
                let (shared, dialect, payload) = (Rc::clone(&shared), self.dialect, self.payload);
                tokio::task::spawn_local(async move {
                    let number = Cell::new(0);
                    if let Err(error) = subscribe(stream, dialect, payload, &shared, &number).await {
                        shared.lost(number.get(), error);
                    }
                });
            }
            // An error means that the run has ended some other way.
            let _ = over.wait_for(|over| *over).await;
            Ok::<_, io::Error>(())
        })?;
        Ok(shared.samples.take())
    }
}

/// Runs one subscriber.
async fn subscribe(
    stream: TcpStream,
    dialect: Dialect,
    payload: usize,
    team: &Shared,
    number: &Cell<u64>,
) -> io::Result<()> {
    let mut stream = shake_hands(stream, dialect.path()).await?;
    for frame in dialect.opening() {
        stream.write_all(&client_text(&frame)).await?;
    }
    let mut before = dialect.before();
    if before == 0 {
        team.progress.note_ready();
    }
    let count = dialect.count(payload);
    let (mut counter, mut bytes) = (Counter::default(), 0);
    let mut scratch = vec![0; READ_BYTES];
    loop {
        stream.readable().await?;
        let length = match stream.try_read(&mut scratch) {
            Ok(0) => {
                return Err(io::Error::other(format!("closed after {} messages", number.get())));
            }
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        let (mut messages, mut pings, mut closed) = (0, 0, false);
        counter.count(&scratch[..length], |kind, payload| match kind {
            Kind::Data if before > 0 => {
                before -= 1;
                if before == 0 {
                    team.progress.note_ready();
                }
            }
            Kind::Data => match count {
                Count::Frames => messages += 1,
                Count::Joined(each) => messages += (payload + 1) / (each + 1),
                Count::Stream(each) => {
                    bytes += payload;
                    messages += bytes / each;
                    bytes %= each;
                }
            },
            Kind::Ping => pings += 1,
            Kind::Close => closed = true,
            Kind::Other => {}
        });
        team.came(number.get(), messages);
        number.set(number.get() + messages);
        if closed {
            return Err(io::Error::other(format!("a goodbye after {} messages", number.get())));
        }
        for _ in 0..pings {
            stream.write_all(&PONG).await?;
        }
    }
}

impl Shared {
    /// Notes that the server disconnected a subscriber that had this many messages: the others go on without it.
    fn lost(&self, had: u64, error: io::Error) {
        if self.progress.note_kicked(error) {
            self.size.set(self.size.get() - 1);
            let (_, sent) = self.progress.under_way();
            for number in had..sent {
                // A message that nobody has yet will not count it at all.
                let place = self.progress.place(number);
                if self.lacking.borrow()[place].0 == number {
                    self.has(number, place);
                }
            }
        }
    }

    /// Notes that a subscriber got `count` more messages, beginning with `from`, counted from 0.
    fn came(&self, from: u64, count: u64) {
        if count == 0 {
            return;
        }
        let now = self.progress.now();
        self.progress.note_deliveries(count);
        for number in from..from + count {
            if !self.progress.was_sent(number) {
                self.progress.note_surplus();
                continue;
            }
            let place = self.progress.place(number);
            if number.is_multiple_of(SAMPLE) {
                self.samples.borrow_mut().push(now.saturating_sub(self.progress.written_at(place)));
            }
            self.has(number, place);
        }
    }

    /// Notes that one more subscriber has a message, or no longer needs it.
    fn has(&self, number: u64, place: usize) {
        let (counted, lacking) = &mut self.lacking.borrow_mut()[place];
        if *counted != number {
            (*counted, *lacking) = (number, self.size.get());
        }
        *lacking -= 1;
        if *lacking == 0 {
            self.progress.note_team(place);
        }
    }
}
