//! The end of a WebSocket: the last frames, the reason for closing, and when to come back.

use std::time::Duration;

use broker::{FlushOutcome, Frame, SocketState};
use chat::{OsRandom, RandomSource};
use tokio::time::timeout;
use wire::{CloseCode, ServerFrame};

use super::connection::{Connection, End};
use super::stream::Stream;

/// The most writes of deliveries before the last frames.
const LAST_WRITES: usize = 16;
/// The time the peer has to close its side. If the server closed at once, data in flight from the peer would reset the
/// connection and discard the last frames.
const LINGER: Duration = Duration::from_millis(500);
/// The range, in milliseconds, of the delay after which a peer reconnects after a restart: random, so that not all
/// reconnect at once.
const COME_BACK: (u32, u32) = (200, 2_500);
/// The same after the node has lost its store: the other nodes share it, and get all readers of this one.
const COME_BACK_ELSEWHERE: (u32, u32) = (200, 15_000);

/// Sends a close frame with the reason that nobody is served, and ends.
pub(super) async fn turn_away(stream: impl Stream, code: CloseCode, grace: Duration) {
    let close = Frame::close(code.number(), code.reason());
    let farewell = async {
        stream.ready(false, true).await?;
        stream.try_write(&[std::io::IoSlice::new(close.bytes())])?;
        linger(&stream).await
    };
    // An error is a peer that is gone already.
    let _ = timeout(grace, farewell).await;
}

impl<S: Stream> Connection<S> {
    /// Says why the connection ends, as far as the peer takes it in time.
    pub(super) async fn end(&mut self, end: End) {
        let grace = self.config.timeouts.goodbye;
        // An error is a peer that is gone already.
        let _ = match end {
            End::Gone => return,
            End::Closed => timeout(grace, self.part(CloseCode::Ended)).await,
            End::Because(code) => timeout(grace, self.say_goodbye(code)).await,
            End::Stale => timeout(grace, self.leave_at_once()).await,
        };
    }

    /// Sends pending acks and deliveries, and then the reason for closing.
    async fn say_goodbye(&mut self, code: CloseCode) {
        while self.pending_acks.len() > 0 {
            let answer = self.pending_acks.next().await;
            self.say(&answer);
        }
        for _ in 0..LAST_WRITES {
            if self.reader.flush() == FlushOutcome::Done {
                break;
            }
        }
        self.goodbye(code, COME_BACK).await;
    }

    /// Sends neither acks nor deliveries, only the reason for closing.
    async fn leave_at_once(&mut self) {
        self.goodbye(CloseCode::Restart, COME_BACK_ELSEWHERE).await;
    }

    async fn goodbye(&mut self, code: CloseCode, come_back: (u32, u32)) {
        let goodbye = ServerFrame::Goodbye { reason: code.reason().into(), retry_ms: random_ms(come_back) };
        self.say(&goodbye);
        self.part(code).await;
    }

    /// Writes pending bytes and a close frame, and nothing after it.
    async fn part(&mut self, code: CloseCode) {
        self.reader.close_handle().close();
        self.reader.send_own(&Frame::close(code.number(), code.reason()));
        while self.reader.waiting() > 0 {
            self.reader.unblock();
            self.reader.flush();
            match self.reader.state() {
                SocketState::Open => {}
                SocketState::Blocked if self.stream.ready(false, true).await.is_ok() => {}
                SocketState::Blocked | SocketState::Broken => return,
            }
        }
        // A peer that does not close its side in time is disconnected all the same.
        let _ = linger(&*self.stream).await;
    }
}

/// Shuts down the write side, and waits a little for the peer to do the same.
async fn linger(stream: &impl Stream) -> std::io::Result<()> {
    stream.finish()?;
    let ended = async {
        let mut scratch = [0; 1_024];
        loop {
            stream.ready(true, false).await?;
            match stream.try_read(&mut scratch) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    };
    timeout(LINGER, ended).await.unwrap_or(Ok(()))
}

/// Returns a random delay before reconnecting, in milliseconds.
fn random_ms((shortest, longest): (u32, u32)) -> u32 {
    let mut bytes = [0; 4];
    OsRandom.fill(&mut bytes);
    shortest + u32::from_be_bytes(bytes) % (longest - shortest)
}
