//! The body of a form with files, between the network and the parser of its parts: it keeps the memory and the time of
//! the parser within bounds.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::multipart::MultipartError;
use bytes::Bytes;
use chat::Error;
use http_body::Frame;
use wire::Refusal;

use super::pace::Pace;

/// The most bytes that the parser may hold: the head of a part, and what it was given at once.
const HELD_BYTES: u64 = 128 * 1_024;

/// The count of a form's bytes.
#[derive(Debug)]
pub(super) struct FormBody {
    pace: Pace,
    /// The bytes that the parser was given.
    received: AtomicU64,
    /// The bytes that it has handed on, at least.
    taken: AtomicU64,
}

/// The body as the parser reads it.
struct Counted {
    body: Body,
    count: Arc<FormBody>,
    /// True if the parser must first look at what it has: it would read all that there is before it does.
    pauses: bool,
}

impl FormBody {
    /// Returns the count of a body, and the body for the parser.
    pub(super) fn new(body: Body) -> (Arc<Self>, Body) {
        let count =
            Arc::new(Self { pace: Pace::begin(), received: AtomicU64::new(0), taken: AtomicU64::new(0) });
        let counted = Counted { body, count: Arc::clone(&count), pauses: false };
        (count, Body::new(counted))
    }

    /// Returns the bytes that were received so far.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Waits for the parser.
    ///
    /// # Errors
    /// [`Refusal::RequestSlow`]; [`Refusal::RequestBad`] if the form ends too early or is none.
    pub(super) async fn wait<T>(
        &self,
        parsed: impl Future<Output = Result<T, MultipartError>>,
    ) -> Result<T, Error> {
        let mut parsed = std::pin::pin!(parsed);
        loop {
            // A part takes many reads at a slow pace: each that brings bytes is progress.
            let before = self.received();
            match self.pace.wait(before, &mut parsed).await {
                Ok(parsed) => return parsed.map_err(|_| Refusal::RequestBad.into()),
                Err(slow) if self.received() == before => return Err(slow.into()),
                Err(_) => {}
            }
        }
    }

    /// Notes that the parser has handed on some bytes.
    pub(super) fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Notes that the parser has read the head of a part, so that what it holds is at most one read.
    pub(super) fn is_taken_up(&self) {
        self.taken.store(self.received(), Ordering::Relaxed);
    }
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let held = self.count.received().saturating_sub(self.count.taken.load(Ordering::Relaxed));
        if held > HELD_BYTES {
            return Poll::Ready(Some(Err(axum::Error::new("the head of a part is too long"))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.count.received.fetch_add(bytes as u64, Ordering::Relaxed);
            self.pauses = true;
        }
        polled
    }
}
