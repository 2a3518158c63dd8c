//! A person's socket: one connection, from subscribing to its end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::{
    Action, Amendment, ClientFrame, Cursor, Emoji, Epoch, FromServer, Ref, Refused, SendId, Seq, ServerFrame,
};

use super::Person;
use super::pending_sends::{Operation, PendingSend};
use crate::history::line;
use crate::record::Note;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket.
struct Socket {
    stream: Stream,
    /// The number of its server.
    server: usize,
    /// The head of the log when the subscription began; none before.
    live_after: Option<Seq>,
    /// The time from which on more messages may be sent; none for at once.
    send_at: Option<Instant>,
    /// The time at which the socket is given up, after a refusal: until then its subscription should end by itself.
    give_up_at: Option<Instant>,
}

/// The most messages that a person has in flight.
const WINDOW: usize = 4;
/// The number of entries after which a person with mixed actions sends their read position.
const READ_EVERY: u64 = 10;
/// The time without frames after which a socket is given up; the next one resumes.
const SILENCE: Duration = Duration::from_secs(5);
/// The longest wait before a look at the progress.
const TICK: Duration = Duration::from_millis(500);
/// The time after the refusal of a message in which the subscription should end as well. A node without the bus learns
/// of a removal within a second.
const REMOVED: Duration = Duration::from_secs(3);

impl Person {
    /// Opens a socket, resumes, and sends and listens until it ends.
    pub(super) async fn one_socket(&mut self) -> Option<()> {
        let server = self.turn % self.setting.hosts.len();
        let host = self.setting.hosts.get(server)?.clone();
        self.turn += 1;
        let (session, cookie) = {
            let mut session = self.session.lock();
            session.server = server;
            (session.number, session.cookie_at(&host))
        };
        let mut request = format!("ws://{host}/ws").into_client_request().ok()?;
        request.headers_mut().insert("cookie", cookie.parse().ok()?);
        let (stream, _) = connect_async(request).await.ok()?;
        let mut socket = Socket { stream, server, live_after: None, send_at: None, give_up_at: None };
        self.note(Note::Opened { session });
        let action = Action::Subscribe { topic: self.setting.topic.clone(), since: self.cursor };
        socket.send(action, None).await?;
        for pending in self.pending_sends.unanswered().to_vec() {
            self.post(&mut socket, &pending).await?;
        }
        let cut_after = self.setting.chaos.cut_after();
        let (mut frames, mut heard_at) = (0usize, Instant::now());
        while !self.is_done() {
            self.say_more(&mut socket).await?;
            let silent_at = heard_at + SILENCE;
            let due = [socket.send_at, socket.give_up_at, Some(Instant::now() + TICK)];
            let wake_at = due.into_iter().flatten().fold(silent_at, Instant::min);
            let wait = wake_at.saturating_duration_since(Instant::now());
            let frame = match timeout(wait, socket.stream.next()).await {
                Ok(frame) => frame?.ok()?,
                Err(_) if socket.give_up_at.is_some_and(|at| at <= Instant::now()) => return None,
                Err(_) if Instant::now() < silent_at => continue,
                // Everything of this person is sent, but others are still sending: that is no reason to close.
                Err(_) if self.pending_sends.unanswered().is_empty() && !self.must_catch_up() => {
                    heard_at = Instant::now();
                    continue;
                }
                Err(_) => return None,
            };
            heard_at = Instant::now();
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

    /// Returns true once everything is sent, and all of it is to be read.
    fn must_catch_up(&self) -> bool {
        self.setting.progress.head.load(Ordering::Acquire) > 0
    }

    async fn say_more(&mut self, socket: &mut Socket) -> Option<()> {
        // A person who is no member waits for the end of the subscription, or for its beginning.
        while socket.live_after.is_some() && socket.give_up_at.is_none() {
            if self.pending_sends.unanswered().len() >= WINDOW {
                socket.send_at = None;
                break;
            }
            if let Some(pace) = self.setting.pace {
                let now = Instant::now();
                let due =
                    *socket.send_at.get_or_insert_with(|| now + pace.mul_f64(self.setting.chaos.chance()));
                if now < due {
                    break;
                }
                socket.send_at = Some(now + pace);
            }
            let Some(pending) = self.pending_sends.next() else {
                socket.send_at = None;
                break;
            };
            let pending = self.mix(pending).await;
            let (id, body) = (pending.id.clone(), pending.body());
            self.note(Note::Invoke { id, body, at: Instant::now() });
            self.post(socket, &pending).await?;
        }
        Some(())
    }

    /// Turns every fifth message into an edit and every seventh into a reaction, once there is something to amend.
    async fn mix(&mut self, pending: PendingSend) -> PendingSend {
        let Some(pause) = self.setting.mixed else { return pending };
        sleep(pause).await;
        let number = pending.number;
        if number % 5 == 4
            && let Some((seq, said)) = &self.own
        {
            return PendingSend {
                text: format!("{said}\nedited {number}"),
                operation: Operation::Edit(*seq),
                ..pending
            };
        }
        if number % 7 == 6
            && let Some(seq) = self.others.take()
        {
            return PendingSend { operation: Operation::React(seq), ..pending };
        }
        pending
    }

    async fn post(&mut self, socket: &mut Socket, pending: &PendingSend) -> Option<()> {
        self.pending_sends.sent(pending);
        let (topic, id) = (self.setting.topic.clone(), SendId::new(&pending.id).ok()?);
        let text = pending.text.clone();
        let action = match pending.operation {
            Operation::Say => {
                Action::Post { topic, id, text, reply_to: None, recipients: None, attachments: Vec::new() }
            }
            Operation::Edit(target) => Action::Amend { topic, id, target, amendment: Amendment::Edit(text) },
            Operation::React(target) => {
                let amendment = Amendment::React(Emoji::new("👍").ok()?, true);
                Action::Amend { topic, id, target, amendment }
            }
        };
        socket.send(action, Some(pending.number)).await
    }

    async fn heard(&mut self, socket: &mut Socket, frame: &str) -> Option<()> {
        match FromServer::<serde_json::Value>::decode(frame)? {
            FromServer::Entry(entry) => {
                let line = line(*entry);
                let progress = &self.setting.progress;
                progress.reads.fetch_add(1, Ordering::Relaxed);
                if socket.live_after.is_some_and(|head| line.seq > head) {
                    self.late.note(&progress.answered, line.seq, socket.server);
                }
                if let Some(cursor) = &mut self.cursor {
                    cursor.seq = line.seq;
                }
                if line.body.as_ref().is_some_and(|body| body.contains(" says "))
                    && !line.id.starts_with(&format!("{}-", self.record.name))
                {
                    self.others = Some(line.seq);
                }
                if self.setting.mixed.is_some() && line.seq.0.is_multiple_of(READ_EVERY) {
                    let action =
                        Action::Read { topic: self.setting.topic.clone(), seq: line.seq, back: false };
                    socket.send(action, None).await?;
                }
                self.note(Note::Read(line));
            }
            FromServer::Frame(notice) => self.noticed(socket, *notice).await?,
        }
        Some(())
    }

    async fn noticed(&mut self, socket: &mut Socket, notice: ServerFrame) -> Option<()> {
        match notice {
            ServerFrame::Subscribed { cursor, head, .. } => {
                socket.live_after = Some(head);
                self.begin(cursor.epoch, cursor, head);
            }
            ServerFrame::Reset { reason, cursor, .. } => {
                self.setting.progress.resets.fetch_add(1, Ordering::Relaxed);
                self.note(Note::Reset { reason, seq: cursor.seq });
                self.cursor = Some(cursor);
            }
            ServerFrame::Ack { id, seq, duplicate, .. } => {
                if let Some(pending) = self.pending_sends.answered(id.as_str())
                    && pending.operation == Operation::Say
                {
                    self.own = Some((seq, pending.text));
                }
                let progress = &self.setting.progress;
                progress.answered.note(seq, socket.server);
                progress.acks.fetch_add(1, Ordering::AcqRel);
                progress.duplicates.fetch_add(usize::from(duplicate), Ordering::Relaxed);
                self.note(Note::Ok { id: id.to_string(), seq, duplicate });
            }
            ServerFrame::Marks { marks, .. } => {
                self.setting.progress.marks.fetch_add(marks.len(), Ordering::Relaxed);
                for marks in marks {
                    self.note(Note::Marks(marks));
                }
            }
            ServerFrame::Refused { refused, reference } => {
                self.refused(socket, &refused, reference?.as_number()?).await?;
            }
            // The right to read has ended. The person asks again with another socket, but not at once: anything that is
            // delivered after this has to be seen.
            ServerFrame::Unsubscribed { .. } => {
                socket.give_up_at.get_or_insert_with(|| Instant::now() + REMOVED);
            }
            _ => {}
        }
        Some(())
    }

    async fn refused(&mut self, socket: &mut Socket, refused: &Refused, number: u64) -> Option<()> {
        if let Some(retry_ms) = refused.retry_ms {
            let pending = self.pending_sends.find(number)?.clone();
            sleep(Duration::from_millis(u64::from(retry_ms))).await;
            return self.post(socket, &pending).await;
        }
        let pending = self.pending_sends.refused(number)?;
        self.setting.progress.refusals.fetch_add(1, Ordering::Relaxed);
        if !pending.is_repeated {
            self.note(Note::Refused { id: pending.id });
        }
        // Not at once: what is delivered after the right has ended has to be seen.
        socket.give_up_at.get_or_insert_with(|| Instant::now() + REMOVED);
        Some(())
    }

    fn begin(&mut self, epoch: Epoch, cursor: Cursor, head: Seq) {
        self.note(Note::Subscribed { epoch, seq: cursor.seq, head });
        self.cursor.get_or_insert(cursor);
    }
}

impl Socket {
    async fn send(&mut self, action: Action, number: Option<u64>) -> Option<()> {
        let frame = ClientFrame { action, reference: number.map(Ref::number) }.encode();
        self.stream.send(Message::text(frame)).await.ok()
    }
}
