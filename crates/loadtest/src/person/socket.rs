//! A person's socket: one connection, from subscribing to its end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::{
    Action, Amendment, ClientFrame, Cursor, Emoji, Epoch, FromServer, Ref, Refused, SendId, ServerFrame,
};

use super::{Letter, Operation, Person};
use crate::history::line;
use crate::record::Note;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The most messages that a person has in flight.
const WINDOW: usize = 4;
/// The number of entries after which a person with mixed actions sends their read position.
const READ_EVERY: u64 = 10;
/// The time without frames after which a socket is given up; the next one resumes.
const SILENCE: Duration = Duration::from_secs(5);

impl Person {
    /// Opens a socket, resumes, and sends and listens until it ends.
    pub(super) async fn one_socket(&mut self) -> Option<()> {
        let mut request = format!("ws://{}/ws", self.host).into_client_request().ok()?;
        request.headers_mut().insert("cookie", self.cookie.parse().ok()?);
        let (mut socket, _) = connect_async(request).await.ok()?;
        let action = Action::Subscribe { topic: self.topic.clone(), since: self.cursor };
        send(&mut socket, action, None).await?;
        for letter in self.unanswered.clone() {
            self.post(&mut socket, &letter).await?;
        }
        let cut_after = self.chaos.cut_after();
        let mut frames = 0usize;
        while !self.is_done() {
            self.say_more(&mut socket).await?;
            let frame = match timeout(SILENCE, socket.next()).await {
                Ok(frame) => frame?.ok()?,
                // Everything of this person is sent, but others are still sending: that is no reason to close.
                Err(_) if self.unanswered.is_empty() && self.progress.head.load(Ordering::Acquire) == 0 => {
                    continue;
                }
                Err(_) => return None,
            };
            if let Message::Text(text) = frame {
                self.heard(&mut socket, &text).await?;
                frames += 1;
            }
            if cut_after.is_some_and(|cut| frames >= cut) {
                // Dropped without a close frame, as a phone in a tunnel does.
                return None;
            }
        }
        Some(())
    }

    async fn say_more(&mut self, socket: &mut Socket) -> Option<()> {
        while self.unanswered.len() < WINDOW {
            let Some(letter) = self.to_say.pop_front() else { break };
            let letter = self.mix(letter).await;
            self.note(Note::Invoke { id: letter.id.clone(), body: letter.body() });
            self.unanswered.push(letter.clone());
            self.post(socket, &letter).await?;
        }
        Some(())
    }

    /// Turns every fifth message into an edit and every seventh into a reaction, once there is something to amend.
    async fn mix(&mut self, letter: Letter) -> Letter {
        let Some(pause) = self.mixed else { return letter };
        sleep(pause).await;
        let number: usize = letter.id.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        if number % 5 == 4
            && let Some((seq, said)) = &self.own
        {
            return Letter {
                text: format!("{said}\nedited {number}"),
                operation: Operation::Edit(*seq),
                ..letter
            };
        }
        if number % 7 == 6
            && let Some(seq) = self.others.take()
        {
            return Letter { operation: Operation::React(seq), ..letter };
        }
        letter
    }

    async fn post(&self, socket: &mut Socket, letter: &Letter) -> Option<()> {
        let (topic, id) = (self.topic.clone(), SendId::new(&letter.id).ok()?);
        let number = letter.id.rsplit('-').next()?.parse().ok()?;
        let text = letter.text.clone();
        let action = match letter.operation {
            Operation::Say => Action::Post { topic, id, text, reply_to: None, recipients: None },
            Operation::Edit(target) => Action::Amend { topic, id, target, amendment: Amendment::Edit(text) },
            Operation::React(target) => {
                let amendment = Amendment::React(Emoji::new("👍").ok()?, true);
                Action::Amend { topic, id, target, amendment }
            }
        };
        send(socket, action, Some(number)).await
    }

    async fn heard(&mut self, socket: &mut Socket, frame: &str) -> Option<()> {
        match FromServer::<serde_json::Value>::decode(frame)? {
            FromServer::Entry(entry) => {
                let line = line(*entry);
                self.progress.reads.fetch_add(1, Ordering::Relaxed);
                if let Some(cursor) = &mut self.cursor {
                    cursor.seq = line.seq;
                }
                if line.body.as_ref().is_some_and(|body| body.contains(" says "))
                    && !line.id.starts_with(&format!("{}-", self.record.name))
                {
                    self.others = Some(line.seq);
                }
                if self.mixed.is_some() && line.seq.0.is_multiple_of(READ_EVERY) {
                    let action = Action::Read { topic: self.topic.clone(), seq: line.seq, back: false };
                    send(socket, action, None).await?;
                }
                self.note(Note::Read(line));
            }
            FromServer::Frame(notice) => self.noticed(socket, *notice).await?,
        }
        Some(())
    }

    async fn noticed(&mut self, socket: &mut Socket, notice: ServerFrame) -> Option<()> {
        match notice {
            ServerFrame::Subscribed { cursor, .. } => self.begin(cursor.epoch, cursor),
            ServerFrame::Reset { reason, cursor, .. } => {
                self.progress.resets.fetch_add(1, Ordering::Relaxed);
                self.note(Note::Reset { reason, seq: cursor.seq });
                self.cursor = Some(cursor);
            }
            ServerFrame::Ack { id, seq, duplicate, .. } => {
                if let Some(letter) = self.unanswered.iter().find(|letter| letter.id == id.as_str())
                    && letter.operation == Operation::Say
                {
                    self.own = Some((seq, letter.text.clone()));
                }
                self.unanswered.retain(|letter| letter.id != id.as_str());
                self.progress.acks.fetch_add(1, Ordering::AcqRel);
                self.progress.duplicates.fetch_add(usize::from(duplicate), Ordering::Relaxed);
                self.note(Note::Ok { id: id.to_string(), seq, duplicate });
            }
            ServerFrame::Marks { marks, .. } => {
                self.progress.marks.fetch_add(marks.len(), Ordering::Relaxed);
                for marks in marks {
                    self.note(Note::Marks(marks));
                }
            }
            ServerFrame::Refused { refused: Refused { retry_ms, .. }, reference } => {
                let number = reference?.as_number()?;
                let letter =
                    self.unanswered.iter().find(|letter| letter.id.ends_with(&format!("-{number}")))?.clone();
                if let Some(retry_ms) = retry_ms {
                    sleep(Duration::from_millis(u64::from(retry_ms))).await;
                    self.post(socket, &letter).await?;
                } else {
                    self.unanswered.retain(|other| other.id != letter.id);
                    self.note(Note::Refused { id: letter.id });
                }
            }
            _ => {}
        }
        Some(())
    }

    fn begin(&mut self, epoch: Epoch, cursor: Cursor) {
        self.note(Note::Subscribed { epoch, seq: cursor.seq });
        self.cursor.get_or_insert(cursor);
    }
}

async fn send(socket: &mut Socket, action: Action, number: Option<u64>) -> Option<()> {
    let frame = ClientFrame { action, reference: number.map(Ref::number) }.encode();
    socket.send(Message::text(frame)).await.ok()
}
