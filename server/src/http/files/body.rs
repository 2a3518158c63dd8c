//! Bodies of files: a request's body as a source of bytes, and a source as the body of an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use chat::{ByteSource, Error};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use wire::Refusal;

use super::pace::Pace;

/// The body of an upload. A sender that is too slow is refused.
pub(super) struct UploadBody {
    body: Body,
    pace: Pace,
    read: usize,
    is_at_end: bool,
}

impl UploadBody {
    pub(super) fn new(body: Body) -> Self {
        Self { body, pace: Pace::begin(), read: 0, is_at_end: false }
    }

    /// Reads what is left and drops it, up to a number of bytes: a browser shows no answer before it has sent
    /// everything.
    pub(super) async fn discard(&mut self, most: usize) {
        let end = self.read.saturating_add(most);
        while self.read < end {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }
}

#[async_trait]
impl ByteSource for UploadBody {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.is_at_end {
            let Some(frame) = self.pace.wait(self.read as u64, self.body.frame()).await? else { break };
            // An error is a body that ends too early or is encoded incorrectly.
            let frame = frame.map_err(|_| Refusal::RequestBad)?;
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                self.read += data.len();
                return Ok(Some(data));
            }
        }
        self.is_at_end = true;
        Ok(None)
    }
}

/// The next chunk of a source, with the source itself.
type Reading = Pin<Box<dyn Future<Output = (Box<dyn ByteSource>, Result<Option<Bytes>, Error>)> + Send>>;

/// A file, or a part of it, as a body of known length. Nothing is read before the client takes it.
pub(super) struct FileBody {
    left: u64,
    state: State,
}

enum State {
    Idle(Box<dyn ByteSource>),
    Reading(Reading),
    Ended,
}

impl FileBody {
    pub(super) const fn new(content: Box<dyn ByteSource>, bytes: u64) -> Self {
        Self { left: bytes, state: State::Idle(content) }
    }
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            self.state = State::Ended;
        }
        let mut reading = match std::mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::Reading(reading) => reading,
            State::Idle(mut content) => Box::pin(async move {
                let chunk = content.next().await;
                (content, chunk)
            }),
        };
        let Poll::Ready((content, chunk)) = reading.as_mut().poll(context) else {
            self.state = State::Reading(reading);
            return Poll::Pending;
        };
        match chunk {
            Ok(Some(chunk)) => {
                self.left = self.left.saturating_sub(chunk.len() as u64);
                self.state = State::Idle(content);
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            // The length was sent, so the client notices that the rest is missing.
            Ok(None) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            // It is logged already, and closes the connection.
            Err(_) => Poll::Ready(Some(Err(io::ErrorKind::Other.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
