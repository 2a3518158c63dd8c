//! The task of one event stream.

use std::sync::Arc;
use std::time::Duration;

use broker::{BufferSink, OutboundConnection, SubscriptionError};
use bytes::Bytes;
use chat::{
    Caller, CatchUp, Chat, Error, Freshness, OsRandom, RandomSource as _, RevocationWatch, Subscribed,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use wire::{Cursor, Epoch, Refusal, Refused, ServerFrame, Topic};

use super::event::{COMMENT, UnknownFrame, push, push_named, push_reset, push_retry};
use crate::server::AppState;
use crate::websocket::{Timer, encode_frame};

/// A client that follows one log.
pub(super) struct Connection {
    chat: Arc<Chat>,
    caller: Caller,
    reader: OutboundConnection,
    sink: Arc<BufferSink>,
    /// Closes the connection when the session or the token is revoked.
    ending: RevocationWatch,
    /// Wakes the connection while the node is stale.
    _timer: Timer,
    stopping: CancellationToken,
    /// The longest time for which the client may take nothing.
    stall: Duration,
    epoch: Epoch,
    /// The events that are to be sent next.
    text: String,
}

/// The end of a stream.
struct End;

/// The most bytes of frames that wait for the client. A larger frame waits in parts.
const ROOM: usize = 64 * 1_024;
/// The time after which a quiet stream has a comment.
const QUIET: Duration = Duration::from_secs(15);
/// The bounds of the pause before a client reconnects, if the connection breaks.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// The same if this node ends it: then many reconnect at once, and are spread as sockets are.
const RETRY_AT_END: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

impl Connection {
    /// Subscribes; delivery is paused until [`Connection::serve`].
    pub(super) async fn open(
        app: &AppState,
        caller: Caller,
        topic: Topic,
        since: Option<Cursor>,
    ) -> Result<Self, Error> {
        let sink = Arc::new(BufferSink::new(ROOM));
        let owner = caller.signed_in().map(|me| me.id);
        let mut reader = OutboundConnection::new(Arc::clone(app.chat.broker()), owner, Arc::clone(&sink));
        let timer = app.clock.timer(reader.wake_handle());
        let ending = app.chat.watch_revocation(&caller, reader.close_handle(), reader.wake_handle());
        // A revocation that was applied between the authentication and the watch has closed nothing.
        if !app.chat.is_current(&caller).await? {
            return Err(Refusal::TokenBad.into());
        }
        reader.pause();
        let begun = app.chat.subscribe(&mut reader, &caller, &topic, since).await?;
        let Subscribed { cursor, head, begins, reset } = begun;
        let mut text = String::new();
        push_retry(&mut text, between(RETRY));
        match reset {
            Some(reason) => {
                push_reset(&mut text, cursor, &ServerFrame::Reset { topic, reason, cursor, begins });
            }
            None => {
                let frame = ServerFrame::Subscribed { topic, cursor, head, reference: None };
                push_named(&mut text, "subscribed", Some(cursor), &frame.encode());
            }
        }
        Ok(Self {
            chat: Arc::clone(&app.chat),
            caller,
            reader,
            sink,
            ending,
            _timer: timer,
            stopping: app.stopping.clone(),
            stall: app.config.timeouts.stall,
            epoch: cursor.epoch,
            text,
        })
    }

    /// Sends events until the right to read ends, the client is gone, or the server stops.
    pub(super) async fn serve(mut self, chunks: mpsc::Sender<Bytes>) {
        self.reader.resume();
        while self.turn(&chunks).await.is_ok() {}
        // The reason that it ended, if there is one to tell.
        let _ = self.send(&chunks).await;
    }

    /// Takes one step: sends what is there, recovers the subscription, or waits.
    async fn turn(&mut self, chunks: &mpsc::Sender<Bytes>) -> Result<(), End> {
        // Before anything is delivered: after a pause of the process, too.
        if self.chat.freshness() == Freshness::Stale || self.stopping.is_cancelled() {
            push_retry(&mut self.text, between(RETRY_AT_END));
            return Err(End);
        }
        let is_over = self.reader.is_closed()
            || self.ending.expires().is_some_and(|expires| self.chat.now() >= expires);
        if is_over {
            return Err(End);
        }
        self.reader.flush();
        self.take()?;
        if !self.text.is_empty() {
            return self.send(chunks).await;
        }
        if let Some(error) = self.reader.subscription_error() {
            let user = self.caller.signed_in().map(|user| tracing::field::display(user.id));
            let span = tracing::error_span!("stream", user.id = user);
            return self.recover(error).instrument(span).await;
        }
        let quiet = Instant::now() + QUIET;
        tokio::select! {
            () = self.sink.filled() => {}
            () = self.reader.woken() => {}
            () = self.stopping.cancelled() => {}
            () = chunks.closed() => return Err(End),
            () = sleep_until(self.expiry().map_or(quiet, |expiry| expiry.min(quiet))) => {
                self.text.push_str(COMMENT);
            }
        }
        Ok(())
    }

    /// Returns the time at which the token ends, if it does.
    fn expiry(&self) -> Option<Instant> {
        let left = self.ending.expires()?.0.saturating_sub(self.chat.now().0);
        Some(Instant::now() + Duration::from_millis(left.max(0).unsigned_abs()))
    }

    /// Takes the frames that the broker has delivered, and makes room for more.
    fn take(&mut self) -> Result<(), End> {
        for frame in self.sink.take() {
            // Without it the stream would have a hole, so it ends, and the client reads on.
            push(&mut self.text, self.epoch, &String::from_utf8_lossy(&frame)).map_err(|UnknownFrame| {
                tracing::error!("a frame is neither an entry nor an event");
                End
            })?;
        }
        self.sink.make_room(ROOM);
        self.reader.unblock();
        Ok(())
    }

    /// Sends the events, once the client has taken those before.
    async fn send(&mut self, chunks: &mpsc::Sender<Bytes>) -> Result<(), End> {
        if self.text.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.text));
        match timeout(self.stall, chunks.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End),
        }
    }

    async fn recover(&mut self, error: SubscriptionError) -> Result<(), End> {
        // A reset is sent before the entries after its cursor.
        self.reader.pause();
        let (topic, caught_up) = match error {
            SubscriptionError::Ended { key } => (key.topic, Err(Refusal::NotMember.into())),
            SubscriptionError::Behind { key, cursor, until } => {
                let caught_up = self.chat.catch_up(&mut self.reader, &key, cursor, until).await;
                (key.topic, caught_up)
            }
            SubscriptionError::Outdated { key, cursor } => {
                let reopened = self.chat.reopen(&mut self.reader, &self.caller, &key.topic, cursor).await;
                (key.topic, reopened)
            }
        };
        self.take()?;
        match caught_up {
            Ok(CatchUp::Frames) => {}
            Ok(CatchUp::Reset { reason, cursor, begins }) => {
                self.epoch = cursor.epoch;
                let frame = ServerFrame::Reset { topic, reason, cursor, begins };
                push_reset(&mut self.text, cursor, &frame);
            }
            Err(Error::Refusal(refusal)) => {
                let refused = Some(Refused::from(&refusal));
                let frame = ServerFrame::Unsubscribed { topic, refused, reference: None };
                push_named(&mut self.text, "unsubscribed", None, &encode_frame(&frame));
                return Err(End);
            }
            // History cannot be read now. The client reconnects, and may recover then.
            Err(Error::Fault(_)) => return Err(End),
        }
        self.reader.resume();
        Ok(())
    }
}

/// Draws a pause between two bounds.
fn between([least, most]: [Duration; 2]) -> Duration {
    let mut drawn = [0; 2];
    OsRandom.fill(&mut drawn);
    least + (most - least) * u32::from(u16::from_be_bytes(drawn)) / u32::from(u16::MAX)
}
