use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use broker::{Reader, Setback};
use bytes::Bytes;
use chat::{Caller, CatchUp, Chance, Ending, No, OsChance, Sending};
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use wire::{Action, CloseCode, Notice, Ref, Refusal, Refused, Request, Topic};

use super::answer;
use super::census::Seat;
use super::inbox::{self, Asked, Heard, Requests, WAITING};
use super::socket::{self, Broken, Sender};
use crate::boot::App;

/// One open socket: who is there, what they read, and what they sent that is not answered yet.
struct Connection<S> {
    app: App,
    caller: Caller,
    socket: S,
    reader: Reader,
    /// Sends that are being committed, in the order they came; their answers keep that order.
    sends: FuturesOrdered<Pin<Box<dyn Future<Output = Notice> + Send>>>,
    heard: Arc<Heard>,
    /// When a ping went out that has no answer yet.
    pinged: Option<Instant>,
    /// Whether the first frame has come.
    greeted: bool,
    /// How many frames in a row were refused.
    refused_in_a_row: u32,
    /// Hears when the session ends.
    ending: Ending,
    /// Whether a write was given up, so that a frame may be missing: nothing more may follow it.
    broken_off: bool,
}

/// Why a connection ends.
enum End {
    /// The peer is gone.
    Gone,
    /// We say why.
    Because(CloseCode),
}

/// How much is drained from the topics before it is written.
const DRAIN_BYTES: usize = 64 * 1024;
/// How many refused frames in a row are an accident.
const MOST_REFUSED: u32 = 32;
/// The shortest and the longest time, in milliseconds, after which a peer is told to come back after a
/// restart: spread, so that not all come at once.
const COME_BACK: (u32, u32) = (200, 2_500);

/// Serves a socket until it ends. Reading goes on beside everything else, so that a peer which is slow to
/// take answers can still be heard; both halves are one task.
pub(super) async fn run(socket: WebSocket, app: App, caller: Caller, seat: Seat) {
    let (receiver, sender) = socket::split(socket);
    let (asked, requests) = mpsc::channel(WAITING);
    let heard = Heard::new();
    let owner = caller.me.as_ref().map(|me| me.id);
    let connection = Connection {
        reader: Reader::new(Arc::clone(app.chat.broker()), owner),
        ending: app.chat.ending(&caller),
        app,
        caller,
        socket: sender,
        sends: FuturesOrdered::new(),
        heard: Arc::clone(&heard),
        pinged: None,
        greeted: false,
        refused_in_a_row: 0,
        broken_off: false,
    };
    let reading = inbox::read(receiver, asked, heard);
    let writing = connection.serve(requests);
    tokio::pin!(reading, writing);
    // When reading ends, what was asked is still answered; when writing ends, nobody is read any more.
    tokio::select! {
        () = &mut writing => {}
        () = &mut reading => writing.await,
    }
    drop(seat);
}

/// Says why nobody is served here, and ends.
pub(super) async fn turn_away(socket: WebSocket, code: CloseCode, patience: Duration) {
    let (_receiver, mut sender) = socket::split(socket);
    // The peer may be gone by now; then there is nobody to tell.
    let _ = timeout(patience, sender.close(code)).await;
}

impl<S: Sender> Connection<S> {
    async fn serve(mut self, mut requests: Requests) {
        let end = self.live(&mut requests).await;
        if let End::Because(code) = end {
            // The peer may be gone by now; then there is nobody to tell.
            let _ = timeout(self.app.config.patience.goodbye, self.say_goodbye(code)).await;
        }
    }

    async fn live(&mut self, requests: &mut Requests) -> End {
        let welcome = Notice::Welcome { me: self.caller.me.clone() };
        let begun = async {
            self.say(&welcome).await?;
            self.flush().await
        };
        if let Err(end) = begun.await {
            return end;
        }
        let stopping = self.app.stopping.clone();
        // Made once and not for every turn: each waits in a list that all connections share.
        let stopped = stopping.cancelled();
        let silence = sleep_until(self.deadline());
        tokio::pin!(stopped, silence);
        let mut more = false;
        loop {
            let turn = tokio::select! {
                asked = requests.recv(), if self.sends.len() < WAITING => match asked {
                    Some(asked) => self.asked(asked).await,
                    None => Err(End::Gone),
                },
                Some(answer) = self.sends.next() => self.say(&answer).await,
                () = self.reader.changed() => Ok(()),
                // One helping a turn: whoever reads slowly is still heard, and can unsubscribe.
                () = std::future::ready(()), if more => Ok(()),
                () = &mut silence => {
                    let checked = self.check_life().await;
                    // Whoever was heard meanwhile has moved it on.
                    silence.as_mut().reset(self.deadline());
                    checked
                }
                () = &mut stopped => Err(End::Because(CloseCode::Restart)),
                () = self.ending.over() => Err(End::Because(CloseCode::SignedOut)),
            };
            let delivered = match turn {
                Ok(()) => self.deliver().await,
                Err(end) => Err(end),
            };
            match delivered {
                Ok(left) => more = left,
                Err(end) => return end,
            }
        }
    }

    /// Writes the next helping of what the topics have for this connection, and every answer. Gives whether
    /// there is more.
    async fn deliver(&mut self) -> Result<bool, End> {
        let mut frames = Vec::new();
        let drained = self.reader.drain(DRAIN_BYTES, &mut frames);
        let more = drained.more || !drained.setbacks.is_empty();
        // Looked at after the drain: what was drained while this still says no was committed before the end.
        if self.ending.is_over() {
            self.broken_off = true;
            return Err(End::Because(CloseCode::SignedOut));
        }
        for frame in frames {
            self.feed(frame).await?;
        }
        for setback in drained.setbacks {
            self.recover(setback).await?;
        }
        self.flush().await?;
        Ok(more)
    }

    async fn recover(&mut self, setback: Setback) -> Result<(), End> {
        match setback {
            Setback::Ended { topic } => {
                let refused = Some(Refused::from(&Refusal::NotMember));
                self.say(&Notice::Unsubscribed { topic, refused, reference: None }).await
            }
            Setback::Behind { topic, cursor, until } => {
                match self.app.chat.catch_up(&mut self.reader, &topic, cursor, until).await {
                    Ok(CatchUp::Frames(frames)) => {
                        for frame in frames {
                            self.feed(frame).await?;
                        }
                        Ok(())
                    }
                    Ok(CatchUp::Reset { reason, cursor, begins }) => {
                        self.say(&Notice::Reset { topic, reason, cursor, begins }).await
                    }
                    // History cannot be read now. The peer comes back, and then it may.
                    Err(_) => Err(End::Because(CloseCode::Restart)),
                }
            }
        }
    }

    async fn asked(&mut self, asked: Asked) -> Result<(), End> {
        self.greeted = true;
        match asked {
            Asked::TooLarge => Err(End::Because(CloseCode::TooLarge)),
            Asked::Frame(Ok(request)) => {
                self.refused_in_a_row = 0;
                self.carry_out(request).await
            }
            Asked::Frame(Err(refused)) => {
                self.refused_in_a_row += 1;
                self.say(&answer::refused(&refused.refusal, refused.reference)).await?;
                if self.refused_in_a_row > MOST_REFUSED {
                    Err(End::Because(CloseCode::Flooded))
                } else {
                    Ok(())
                }
            }
        }
    }

    async fn carry_out(&mut self, request: Request) -> Result<(), End> {
        let Request { action, reference } = request;
        let chat = Arc::clone(&self.app.chat);
        match action {
            Action::Ping => self.say(&Notice::Pong { reference }).await,
            Action::Subscribe { topic, since } => {
                let begun = chat.subscribe(&mut self.reader, &self.caller, &topic, since).await;
                let (answer, reset) = answer::subscribed(topic, begun, reference);
                self.say(&answer).await?;
                match reset {
                    Some(reset) => self.say(&reset).await,
                    None => Ok(()),
                }
            }
            Action::Unsubscribe { topic } => self.unsubscribe(topic, reference).await,
            Action::Post { topic, id, text, reply_to } => {
                let begun = match self.caller.me() {
                    Ok(me) => chat.begin_post(me, topic, id, &text, reply_to).await,
                    Err(refusal) => Err(refusal.into()),
                };
                self.answer_later(begun, reference);
                Ok(())
            }
            Action::Amend { topic, id, target, amendment } => {
                let caller = self.caller.clone();
                self.sends.push_back(Box::pin(async move {
                    let amended = match caller.me() {
                        Ok(me) => chat.amend(me, &topic, id, target, amendment).await,
                        Err(refusal) => Err(refusal.into()),
                    };
                    answer::sent(amended, reference)
                }));
                Ok(())
            }
            Action::Read { topic, seq, back } => {
                let read = match self.caller.me() {
                    Ok(me) => chat.read(me, &topic, seq, back).await,
                    Err(refusal) => Err(refusal.into()),
                };
                self.only_refusals(read, reference).await
            }
            Action::Delivered { topic, seq } => {
                let delivered = match self.caller.me() {
                    Ok(me) => chat.delivered(me, &topic, seq).await,
                    Err(refusal) => Err(refusal.into()),
                };
                self.only_refusals(delivered, reference).await
            }
            Action::Marks { topic } => {
                let marks = match self.caller.me() {
                    Ok(me) => chat.marks(me, &topic).await,
                    Err(refusal) => Err(refusal.into()),
                };
                match marks {
                    Ok(marks) => self.say(&Notice::Marks { topic, marks, reference }).await,
                    Err(no) => self.say(&answer::refused(&no.outside(), reference)).await,
                }
            }
            Action::Presence { away } => {
                self.reader.set_idle(away);
                Ok(())
            }
            Action::Typing { topic } => {
                let typing = match self.caller.me() {
                    Ok(me) => chat.typing(me, &topic).await,
                    Err(refusal) => Err(refusal.into()),
                };
                self.only_refusals(typing, reference).await
            }
            Action::Publish { topic, id, data } => {
                let begun = chat.begin_publish(&self.caller, topic, id, data).await;
                self.answer_later(begun, reference);
                Ok(())
            }
        }
    }

    /// What needs no answer is answered only if it was refused.
    async fn only_refusals(&mut self, done: Result<(), No>, reference: Option<Ref>) -> Result<(), End> {
        match done {
            Ok(()) => Ok(()),
            Err(no) => self.say(&answer::refused(&no.outside(), reference)).await,
        }
    }

    /// Answers a send when it is committed, after those that were begun before it.
    fn answer_later(&mut self, begun: Result<Sending, No>, reference: Option<Ref>) {
        let chat = Arc::clone(&self.app.chat);
        self.sends.push_back(Box::pin(async move {
            let sent = match begun {
                Ok(sending) => chat.finish(sending).await,
                Err(no) => Err(no),
            };
            answer::sent(sent, reference)
        }));
    }

    async fn unsubscribe(&mut self, topic: Topic, reference: Option<Ref>) -> Result<(), End> {
        // Unsubscribing from what was not subscribed to changes nothing, so it is no mistake either.
        self.reader.detach(&topic);
        self.say(&Notice::Unsubscribed { topic, refused: None, reference }).await
    }

    /// When the peer must have been heard.
    fn deadline(&self) -> Instant {
        let patience = &self.app.config.patience;
        let last = self.heard.last();
        match self.pinged {
            _ if !self.greeted => last + patience.first_frame,
            Some(pinged) => pinged + patience.pong,
            None => last + patience.silence,
        }
    }

    async fn check_life(&mut self) -> Result<(), End> {
        if !self.greeted {
            return Err(End::Because(CloseCode::Silent));
        }
        if Instant::now() < self.deadline() {
            // It was heard while the timer ran.
            return Ok(());
        }
        match self.pinged.take() {
            Some(pinged) if self.heard.last() < pinged => Err(End::Because(CloseCode::Silent)),
            Some(_) => Ok(()),
            None => {
                self.pinged = Some(Instant::now());
                self.within(Work::Ping).await
            }
        }
    }

    async fn say(&mut self, notice: &Notice) -> Result<(), End> {
        self.feed(notice.encode().into()).await
    }

    async fn feed(&mut self, frame: Bytes) -> Result<(), End> {
        self.within(Work::Feed(frame)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        self.within(Work::Flush).await
    }

    /// Works on the socket, but not for ever: a peer that takes nothing is cut and resumes later.
    async fn within(&mut self, work: Work) -> Result<(), End> {
        let socket = &mut self.socket;
        let working = async {
            match work {
                Work::Feed(frame) => socket.feed(frame).await,
                Work::Flush => socket.flush().await,
                Work::Ping => socket.ping().await,
            }
        };
        tokio::pin!(working);
        // Mostly there is room at once; then no timer is set.
        if let Some(worked) = working.as_mut().now_or_never() {
            return worked.map_err(|Broken| End::Gone);
        }
        let because = tokio::select! {
            worked = working => return worked.map_err(|Broken| End::Gone),
            () = sleep(self.app.config.patience.stall) => CloseCode::Stalled,
            () = self.app.stopping.cancelled() => CloseCode::Restart,
        };
        self.broken_off = true;
        Err(End::Because(because))
    }

    /// Answers what was accepted, writes what is there, and says why it ends.
    async fn say_goodbye(&mut self, code: CloseCode) -> Result<(), Broken> {
        while let Some(answer) = self.sends.next().await {
            self.socket.feed(answer.encode().into()).await?;
        }
        let mut frames = Vec::new();
        while !self.broken_off && self.reader.drain(DRAIN_BYTES, &mut frames).more {}
        // Looked at after the drain, as for every helping: who is signed out gets nothing later.
        if self.ending.is_over() {
            frames.clear();
        }
        for frame in frames {
            self.socket.feed(frame).await?;
        }
        let goodbye = Notice::Goodbye { reason: code.sentence().into(), retry_ms: come_back_ms() };
        self.socket.feed(goodbye.encode().into()).await?;
        self.socket.flush().await?;
        self.socket.close(code).await
    }
}

/// One piece of work on the socket.
enum Work {
    Feed(Bytes),
    Flush,
    Ping,
}

/// When to come back, by chance.
fn come_back_ms() -> u32 {
    let mut bytes = [0; 4];
    OsChance.fill(&mut bytes);
    let (shortest, longest) = COME_BACK;
    shortest + u32::from_be_bytes(bytes) % (longest - shortest)
}
