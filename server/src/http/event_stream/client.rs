//! The client of an event stream: its rights, the events that wait for it, and its end.

use std::sync::Arc;
use std::time::Duration;

use broker::OutboundConnection;
use bytes::Bytes;
use chat::{Caller, Chat, Error, Freshness, OsRandom, RandomSource as _, RevocationWatch};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use wire::Refusal;

use super::event::push_retry;
use crate::server::AppState;
use crate::websocket::Timer;

/// A client, served by the task of its stream.
pub(super) struct Client {
    pub(super) chat: Arc<Chat>,
    pub(super) caller: Caller,
    /// The events that are to be sent next.
    pub(super) text: String,
    /// Cancelled when the server is to stop.
    pub(super) stopping: CancellationToken,
    /// Closes the connection when the session or the token is revoked.
    ending: RevocationWatch,
    /// Wakes the connection while the node is stale.
    _timer: Timer,
    /// The longest time for which the client may take nothing.
    stall: Duration,
}

/// The end of a stream.
pub(super) struct End;

/// The time after which a quiet stream has a comment.
pub(super) const QUIET: Duration = Duration::from_secs(15);
/// The bounds of the pause before a client reconnects, if the connection breaks.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// The same if this node ends it: then many reconnect at once, and are spread as sockets are.
const RETRY_AT_END: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];

impl Client {
    /// Begins with a client whose connection is `reader`.
    ///
    /// # Errors
    /// [`Refusal::TokenBad`] if its session or token has ended meanwhile, and [`Error::Fault`].
    pub(super) async fn new(
        app: &AppState,
        caller: Caller,
        reader: &OutboundConnection,
    ) -> Result<Self, Error> {
        let timer = app.clock.timer(reader.wake_handle());
        let ending = app.chat.watch_revocation(&caller, reader.close_handle(), reader.wake_handle());
        // A revocation that was applied between the authentication and the watch has closed nothing.
        if !app.chat.is_current(&caller).await? {
            return Err(Refusal::TokenBad.into());
        }
        let mut text = String::new();
        push_retry(&mut text, between(RETRY));
        Ok(Self {
            chat: Arc::clone(&app.chat),
            caller,
            text,
            stopping: app.stopping.clone(),
            ending,
            _timer: timer,
            stall: app.config.timeouts.stall,
        })
    }

    /// Checks before anything is delivered, also after a pause of the process, that the client may still be served.
    pub(super) fn check(&mut self, reader: &OutboundConnection) -> Result<(), End> {
        if self.chat.freshness() == Freshness::Stale || self.stopping.is_cancelled() {
            push_retry(&mut self.text, between(RETRY_AT_END));
            return Err(End);
        }
        let has_expired = self.ending.expires().is_some_and(|expires| self.chat.now() >= expires);
        if reader.is_closed() || has_expired { Err(End) } else { Ok(()) }
    }

    /// Returns the time of the next comment of a quiet stream, or that at which the token ends, if it is earlier.
    pub(super) fn next_comment(&self) -> Instant {
        let quiet = Instant::now() + QUIET;
        let Some(expires) = self.ending.expires() else { return quiet };
        let left = expires.0.saturating_sub(self.chat.now().0);
        quiet.min(Instant::now() + Duration::from_millis(left.max(0).unsigned_abs()))
    }

    /// Sends the events, once the client has taken those before.
    pub(super) async fn send(&mut self, chunks: &mpsc::Sender<Bytes>) -> Result<(), End> {
        if self.text.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.text));
        match timeout(self.stall, chunks.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End),
        }
    }
}

/// Draws a pause between two bounds.
fn between([least, most]: [Duration; 2]) -> Duration {
    let mut drawn = [0; 2];
    OsRandom.fill(&mut drawn);
    least + (most - least) * u32::from(u16::from_be_bytes(drawn)) / u32::from(u16::MAX)
}
