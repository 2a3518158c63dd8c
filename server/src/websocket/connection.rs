//! The task of a WebSocket connection, with heartbeat, timeouts, the end of slow consumers, and close.

use std::sync::Arc;

use broker::{FlushOutcome, Frame, OutboundConnection, SocketState, SubscriptionError};
use chat::{Caller, CatchUp, Chat, Error, Freshness, OsRandom, RevocationWatch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use wire::{Action, ClientFrame, CloseCode, Refusal, Refused, ServerFrame, Topic};

use super::authentication::{Expiry, Foreign};
use super::connection_limits::SocketPermit;
use super::frame_reader::{FrameReader, Received};
use super::pending_acks::PendingAcks;
use super::replies;
use super::stream::{Ready, Stream};
use super::timer_wheel::{Timer, TimerWheel};
use crate::config::Config;
use crate::middleware::LogId;
use crate::server::AppState;

/// An open WebSocket: its caller, its frame reader, and the sends that are not acknowledged yet. Deliveries of its
/// topics are written by the broker's shards; this task reads and answers client frames, and enforces the timeouts.
pub(super) struct Connection<S> {
    /// The id of the connection in the log.
    id: LogId,
    pub(super) chat: Arc<Chat>,
    pub(super) config: Arc<Config>,
    stopping: CancellationToken,
    pub(super) caller: Caller,
    pub(super) reader: OutboundConnection,
    /// Sends that are being committed, in order of arrival; acks keep that order.
    pub(super) pending_acks: PendingAcks,
    pub(super) stream: Arc<S>,
    frame_reader: FrameReader,
    timer: Timer,
    /// The last time at which anything was received.
    heard: Instant,
    /// The time of a ping that is not answered yet.
    pinged: Option<Instant>,
    /// The time at which the socket became blocked.
    stalled: Option<Instant>,
    /// True if the first frame was received.
    greeted: bool,
    /// The number of refused frames in a row.
    pub(super) refused_in_a_row: u32,
    /// The timer wheel, for the timer of a token.
    pub(super) clock: Arc<TimerWheel>,
    /// Uses the close handle when the session or the token is revoked.
    pub(super) ending: RevocationWatch,
    /// The end of the token, if it has one. In a box, as few connections have it.
    pub(super) expiry: Option<Box<Expiry>>,
    /// The page of another origin that opened the connection.
    pub(super) foreign: Option<Box<Foreign>>,
    pub(super) permit: SocketPermit,
}

/// The reason a connection ends.
pub(super) enum End {
    /// The peer is gone.
    Gone,
    /// The peer has closed the connection.
    Closed,
    /// The server closes it, with this code.
    Because(CloseCode),
    /// The server closes all its sockets, as it has lost its store.
    Stale,
}

/// The most sends in flight; a connection with more is not read until some are acknowledged.
const MOST_SENDS: usize = 64;
/// The most bytes of pending answers for a peer that does not read them; the connection is not read meanwhile.
const MOST_WAITING: usize = 256 * 1024;
/// The most refused frames in a row before the connection is closed.
const MOST_REFUSED: u32 = 32;
/// Begins a connection over a socket that has just been upgraded. `early` are bytes that came with the request, and
/// `origin` is that of a page of another origin, which has to authenticate first.
pub(super) fn begin<S: Stream>(
    stream: S,
    early: &[u8],
    app: AppState,
    caller: Caller,
    origin: Option<Box<str>>,
    permit: SocketPermit,
) -> Box<Connection<S>> {
    let stream = Arc::new(stream);
    let mut frame_reader = FrameReader::default();
    frame_reader.take(early);
    let owner = caller.signed_in().map(|me| me.id);
    let reader = OutboundConnection::new(Arc::clone(app.chat.broker()), owner, Arc::clone(&stream));
    let ending = app.chat.watch_revocation(&caller, reader.close_handle(), reader.wake_handle());
    let awaits_since = Some(Instant::now());
    Box::new(Connection {
        id: LogId::draw(&OsRandom),
        timer: app.clock.timer(reader.wake_handle()),
        chat: app.chat,
        config: app.config,
        stopping: app.stopping,
        // The browser's label is needed only at sign-in; a socket would keep it for days.
        caller: Caller { label: String::new(), ..caller },
        reader,
        pending_acks: PendingAcks::default(),
        stream,
        frame_reader,
        heard: Instant::now(),
        pinged: None,
        stalled: None,
        greeted: false,
        refused_in_a_row: 0,
        clock: app.clock,
        ending,
        expiry: None,
        foreign: origin.map(|origin| Box::new(Foreign { origin, awaits_since })),
        permit,
    })
}

impl<S: Stream> Connection<S> {
    /// Serves the connection until it ends.
    pub(super) async fn serve(mut self: Box<Self>) {
        // A socket that was just registered with the runtime accepts no writes before this.
        if self.stream.ready(false, true).await.is_err() {
            return;
        }
        let end = self.live().await;
        // In a box, as everything rare: an idle connection spends no memory on it.
        Box::pin(self.end(end)).await;
    }

    async fn live(&mut self) -> End {
        match Box::pin(self.chat.is_current(&self.caller).instrument(self.span())).await {
            Ok(true) => {}
            Ok(false) => return End::Because(self.ended()),
            Err(_) => return End::Because(CloseCode::Restart),
        }
        if self.is_admitted()
            && let Err(end) = Box::pin(self.welcome(None)).await
        {
            return end;
        }
        self.timer.set(self.deadline());
        loop {
            if let Err(end) = self.turn().await {
                return end;
            }
        }
    }

    /// Returns the close code for a connection that a revocation has closed. Where revocations were missed, it closes
    /// more than has ended: a session or token that is still valid may come back.
    async fn revoked(&mut self) -> CloseCode {
        match Box::pin(self.chat.is_alive(&self.caller).instrument(self.span())).await {
            Ok(false) => self.ended(),
            Ok(true) | Err(_) => CloseCode::Restart,
        }
    }

    /// Returns the span of an action, or of a recovery from history, for the lines that it logs. It lives only as long
    /// as these: one for each connection would take more memory than the rest of the connection.
    fn span(&self) -> tracing::Span {
        let user = self.caller.signed_in().map(|user| tracing::field::display(user.id));
        tracing::error_span!("action", conn.id = %self.id, user.id = user)
    }

    /// Takes one step: dispatches a frame, recovers a subscription, or waits for the next event.
    async fn turn(&mut self) -> Result<(), End> {
        // Before anything is read or written: after a pause of the process, too.
        if self.chat.freshness() == Freshness::Stale {
            return Err(End::Stale);
        }
        if self.reader.is_closed() {
            return Err(End::Because(self.revoked().await));
        }
        if self.stopping.is_cancelled() {
            return Err(End::Because(CloseCode::Restart));
        }
        if self.watch_expiry() {
            return Err(End::Because(self.ended()));
        }
        if self.timer.is_due() {
            self.check_life()?;
        }
        let hears = self.pending_acks.len() < MOST_SENDS && self.reader.waiting() < MOST_WAITING;
        if hears && let Some(asked) = self.frame_reader.next() {
            return Box::pin(self.handle(asked)).await;
        }
        self.flush();
        if let Some(setback) = self.reader.subscription_error() {
            let span = self.span();
            return Box::pin(self.recover(setback).instrument(span)).await;
        }
        let blocked = match self.reader.state() {
            SocketState::Open => false,
            SocketState::Blocked => true,
            SocketState::Broken => return Err(End::Gone),
        };
        if blocked && self.stalled.is_none() {
            self.stalled = Some(Instant::now());
            self.timer.set(self.deadline());
        }
        tokio::select! {
            ready = self.stream.ready(hears, blocked) => {
                let Ok(Ready { read, write }) = ready else { return Err(End::Gone) };
                if read && self.frame_reader.read(&*self.stream) {
                    self.heard = Instant::now();
                }
                if write {
                    self.stalled = None;
                    self.reader.unblock();
                }
            }
            answer = self.pending_acks.next(), if self.pending_acks.len() > 0 => {
                self.say(&answer);
                while let Some(answer) = self.pending_acks.ready() {
                    self.say(&answer);
                }
            }
            // The wake handle does not say why: the next step looks for the reason.
            () = self.reader.woken() => {}
        }
        Ok(())
    }

    /// Writes what is pending; the shard continues with what does not fit into one write.
    fn flush(&self) {
        if self.reader.flush() == FlushOutcome::More {
            self.reader.hand_over();
        }
    }

    pub(super) fn say(&self, notice: &ServerFrame) {
        self.reader.send_own(&Frame::text(&replies::encode(notice)));
    }

    async fn handle(&mut self, received: Received) -> Result<(), End> {
        match received {
            Received::Frame(Ok(_)) if self.is_expired() => return Err(End::Because(self.ended())),
            Received::Frame(Ok(ClientFrame { action: Action::Authenticate { token }, reference })) => {
                self.greeted = true;
                let span = self.span();
                return self.authenticate(&token, reference).instrument(span).await;
            }
            Received::Frame(Ok(request)) if !self.is_admitted() => {
                self.greeted = true;
                self.say(&replies::refused(&Refusal::SignInNeeded.into(), request.reference));
                return self.count_refused();
            }
            Received::Frame(Ok(request)) => {
                self.greeted = true;
                self.refused_in_a_row = 0;
                // Sends are the hot path and take no span: their faults are the committer's, whose lines have none.
                let is_send = matches!(request.action, Action::Post { .. } | Action::Publish { .. });
                let span = if is_send { tracing::Span::none() } else { self.span() };
                self.carry_out(request).instrument(span).await;
            }
            Received::Frame(Err(refused)) => {
                self.greeted = true;
                self.say(&replies::refused(&refused.refusal.into(), refused.reference));
                self.count_refused()?;
            }
            Received::Ping(payload) => self.reader.send_own(&Frame::pong(&payload)),
            Received::Broken(code) => return Err(End::Because(code)),
            Received::Close => return Err(End::Closed),
            Received::Gone => return Err(End::Gone),
        }
        Ok(())
    }

    /// Counts a refused frame; too many in a row end the connection.
    pub(super) fn count_refused(&mut self) -> Result<(), End> {
        self.refused_in_a_row += 1;
        if self.refused_in_a_row > MOST_REFUSED { Err(End::Because(CloseCode::Flooded)) } else { Ok(()) }
    }

    async fn recover(&mut self, setback: SubscriptionError) -> Result<(), End> {
        match setback {
            SubscriptionError::Ended { key } => {
                let refused = Some(Refused::from(&Refusal::NotMember));
                self.say(&ServerFrame::Unsubscribed { topic: key.topic, refused, reference: None });
            }
            SubscriptionError::Behind { key, cursor, until } => {
                // A reset is sent before the entries after its cursor.
                self.reader.pause();
                let caught_up = self.chat.catch_up(&mut self.reader, &key, cursor, until).await;
                self.go_on(key.topic, caught_up)?;
            }
            SubscriptionError::Outdated { key, cursor } => {
                self.reader.pause();
                let reopened = self.chat.reopen(&mut self.reader, &self.caller, &key.topic, cursor).await;
                self.go_on(key.topic, reopened)?;
            }
        }
        Ok(())
    }

    /// Says where delivery of a topic goes on, or that it does not, and resumes it.
    fn go_on(&self, topic: Topic, caught_up: Result<CatchUp, Error>) -> Result<(), End> {
        match caught_up {
            Ok(CatchUp::Frames) => {}
            Ok(CatchUp::Reset { reason, cursor, begins }) => {
                self.say(&ServerFrame::Reset { topic, reason, cursor, begins });
            }
            Err(Error::Refusal(refusal)) => {
                let refused = Some(Refused::from(&refusal));
                self.say(&ServerFrame::Unsubscribed { topic, refused, reference: None });
            }
            // History cannot be read now. The peer reconnects, and may recover then.
            Err(Error::Fault(_)) => return Err(End::Because(CloseCode::Restart)),
        }
        self.reader.resume();
        Ok(())
    }

    /// Returns the time of the next timeout.
    fn deadline(&self) -> Instant {
        let timeouts = &self.config.timeouts;
        let heard = match self.pinged {
            _ if !self.greeted => self.heard + timeouts.first_frame,
            Some(pinged) => pinged + timeouts.pong,
            None => self.heard + timeouts.silence,
        };
        let heard = self.stalled.map_or(heard, |stalled| heard.min(stalled + timeouts.stall));
        self.awaits_token_until().map_or(heard, |until| heard.min(until))
    }

    /// Returns the time until which a connection from another origin has to authenticate.
    fn awaits_token_until(&self) -> Option<Instant> {
        let since = self.foreign.as_ref()?.awaits_since?;
        Some(since + self.config.timeouts.first_frame)
    }

    /// Enforces the timeouts, and sets the timer again.
    fn check_life(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if now >= self.deadline() {
            if self.awaits_token_until().is_some_and(|until| now >= until) {
                return Err(End::Because(CloseCode::TokenExpired));
            }
            if self.stalled.is_some_and(|stalled| now >= stalled + self.config.timeouts.stall) {
                return Err(End::Because(CloseCode::Stalled));
            }
            match self.pinged.take() {
                _ if !self.greeted => return Err(End::Because(CloseCode::Silent)),
                Some(pinged) if self.heard < pinged => return Err(End::Because(CloseCode::Silent)),
                // Something was received while the timer was running.
                Some(_) => {}
                None => {
                    self.pinged = Some(now);
                    self.reader.send_own(&Frame::ping());
                }
            }
        }
        self.timer.set(self.deadline());
        Ok(())
    }
}
