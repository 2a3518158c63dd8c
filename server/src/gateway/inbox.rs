use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::{Refusal, RefusedRequest, Request};

use super::socket::{Incoming, Receiver};

/// What the peer asked, in its order; bounded, so that a peer that does not listen is not listened to.
pub(super) type Requests = mpsc::Receiver<Asked>;

/// One thing a peer asked.
#[derive(Debug)]
pub(super) enum Asked {
    /// A frame, read.
    Frame(Result<Request, RefusedRequest>),
    /// A frame so large that the socket cannot go on.
    TooLarge,
}

/// When the peer was last heard, in milliseconds since the connection began.
#[derive(Debug)]
pub(super) struct Heard {
    since: Instant,
    millis: AtomicU64,
}

/// How many frames may wait to be carried out.
pub(super) const WAITING: usize = 64;

impl Heard {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), millis: AtomicU64::new(0) })
    }

    /// The last moment at which anything came.
    pub(super) fn last(&self) -> Instant {
        self.since + Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }

    fn now(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }
}

/// Reads frames until the peer is gone or nobody takes them any more.
pub(super) async fn read(mut socket: impl Receiver, requests: mpsc::Sender<Asked>, heard: Arc<Heard>) {
    loop {
        let incoming = socket.receive().await;
        heard.now();
        let asked = match incoming {
            Incoming::Text(text) => Asked::Frame(Request::decode(&text)),
            Incoming::Binary => {
                Asked::Frame(Err(RefusedRequest { refusal: Refusal::FrameBinary, reference: None }))
            }
            Incoming::Life => continue,
            Incoming::TooLarge => Asked::TooLarge,
            Incoming::Gone => return,
        };
        let last = matches!(asked, Asked::TooLarge);
        if requests.send(asked).await.is_err() || last {
            return;
        }
    }
}
