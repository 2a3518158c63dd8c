//! Acks of sends that are not committed yet, in order.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wire::ServerFrame;

/// Sends in flight and their acks, in order of arrival. Commits do not depend on a waiting task; only the next ack is
/// awaited.
#[derive(Default)]
pub(super) struct PendingAcks(VecDeque<Pin<Box<dyn Future<Output = ServerFrame> + Send>>>);

impl PendingAcks {
    pub(super) fn push(&mut self, send: impl Future<Output = ServerFrame> + Send + 'static) {
        self.0.push_back(Box::pin(send));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits for the next ack; for ever if nothing is in flight. Cancel-safe.
    pub(super) async fn next(&mut self) -> ServerFrame {
        poll_fn(|context| self.poll(context)).await
    }

    /// Returns the next ack if it is ready: acks of one commit are written together.
    pub(super) fn ready(&mut self) -> Option<ServerFrame> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            // The task that waits polls again and registers its own waker.
            Poll::Pending => None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ServerFrame> {
        let Some(first) = self.0.front_mut() else { return Poll::Pending };
        let answered = first.as_mut().poll(context);
        if answered.is_ready() {
            self.0.pop_front();
        }
        if self.0.is_empty() {
            // An idle connection keeps no memory.
            self.0 = VecDeque::new();
        }
        answered
    }
}
