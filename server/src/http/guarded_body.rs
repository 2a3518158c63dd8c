//! A body with a guard, which is dropped once the body was sent or its connection has ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// The body of an answer, and something that ends with it.
struct GuardedBody<G> {
    body: Body,
    _guard: G,
}

/// Returns the same body, which keeps the guard.
pub(crate) fn guarded(body: Body, guard: impl Unpin + Send + 'static) -> Body {
    Body::new(GuardedBody { body, _guard: guard })
}

impl<G: Unpin> http_body::Body for GuardedBody<G> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
