//! Speakers: people who only send, at a fixed rate, over raw sockets.

use std::io;
use std::str;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use wire::{Action, ClientFrame, FromServer, SendId, ServerFrame};

use crate::listener::Target;
use crate::record::{Note, Record};
use probe::websocket::{Frames, Kind, PONG, client_text, connect, shake_hands_as};

/// A person who sends in one group, and records sends and acks.
#[derive(Debug)]
pub(crate) struct Speaker {
    target: Arc<Target>,
    stream: TcpStream,
    frames: Frames,
    /// The least payload of a message, in bytes.
    payload: usize,
    said: u64,
    answered: u64,
    pub(crate) record: Record,
}

/// The timeout for an ack.
const PATIENCE: Duration = Duration::from_secs(20);
/// The size of a read, in bytes.
const READ_BYTES: usize = 16 * 1_024;

impl Speaker {
    /// Connects to a group, under a name that nobody else there has.
    pub(crate) async fn open(
        target: &Arc<Target>,
        number: u32,
        cookie: Option<&str>,
        name: &str,
        payload: usize,
    ) -> io::Result<Self> {
        let stream = shake_hands_as(connect(target.addr, number).await?, "/ws", cookie).await?;
        let record = Record { name: name.into(), ..Record::default() };
        let target = Arc::clone(target);
        Ok(Self { target, stream, frames: Frames::default(), payload, said: 0, answered: 0, record })
    }

    /// Sends this many more messages at this pause, an open loop, and waits until all are acknowledged.
    pub(crate) async fn say(&mut self, count: u64, pause: Duration) -> io::Result<()> {
        let (begun, before) = (Instant::now(), self.said);
        let last = before + count;
        while self.answered < last {
            // The send time of a late message is its scheduled one, so that its latency includes the delay.
            let passed = u32::try_from(self.said - before).unwrap_or(u32::MAX);
            let due = begun + pause.mul_f64(f64::from(passed));
            tokio::select! {
                biased;
                () = sleep_until(due), if self.said < last => self.post(due).await?,
                readable = timeout(PATIENCE, self.stream.readable()) => {
                    readable.map_err(|_| io::Error::other("nobody answers"))??;
                    self.hear().await?;
                }
            }
        }
        Ok(())
    }

    async fn post(&mut self, due: Instant) -> io::Result<()> {
        let Record { name, notes, .. } = &mut self.record;
        let id = format!("{name}-{}", self.said);
        let said = format!("{name} says {} ", self.said);
        let text = format!("{said:x<width$}", width = self.payload.max(said.len() + 1));
        self.said += 1;
        notes.push(Note::Invoke { id: id.clone(), body: text.clone(), at: Instant::now() });
        self.target.lines.note_sent(&id, due);
        let (topic, id) = (self.target.topic.clone(), SendId::new(&id).map_err(io::Error::other)?);
        let action =
            Action::Post { topic, id, text, reply_to: None, recipients: None, attachments: Vec::new() };
        self.stream.write_all(&client_text(&ClientFrame { action, reference: None }.encode())).await
    }

    async fn hear(&mut self) -> io::Result<()> {
        let mut scratch = [0; READ_BYTES];
        let length = match self.stream.try_read(&mut scratch) {
            Ok(0) => return Err(io::Error::other("the server has closed the speaker's socket")),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let (mut refused, mut pings, mut answered) = (None, 0, 0);
        let notes = &mut self.record.notes;
        self.frames.take(&scratch[..length], |kind, payload| match (kind, notice(payload)) {
            (Kind::Ping, _) => pings += 1,
            (Kind::Data, Some(ServerFrame::Ack { id, seq, duplicate, .. })) => {
                answered += 1;
                notes.push(Note::Ok { id: id.to_string(), seq, duplicate });
            }
            (Kind::Data, Some(ServerFrame::Refused { refused: why, .. })) => refused = Some(why.code),
            _ => {}
        });
        self.answered += answered;
        for _ in 0..pings {
            self.stream.write_all(&PONG).await?;
        }
        refused.map_or(Ok(()), |code| Err(io::Error::other(format!("a message was refused: {code}"))))
    }
}

fn notice(frame: &[u8]) -> Option<ServerFrame> {
    match FromServer::<Value>::decode(str::from_utf8(frame).ok()?)? {
        FromServer::Frame(notice) => Some(*notice),
        FromServer::Entry(_) => None,
    }
}
