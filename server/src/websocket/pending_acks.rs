//! Acks of sends that are not committed yet, in order.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tracing::{Instrument, Span};
use wire::ServerFrame;

/// Sends in flight and their acks, in order of arrival. Commits do not depend on a waiting task; only the next ack is
/// awaited.
#[derive(Default)]
pub(super) struct PendingAcks(VecDeque<Pin<Box<dyn Future<Output = ServerFrame> + Send>>>);

impl PendingAcks {
    /// Adds a send. It stays in the span of its action, if there is one: it is polled outside of it.
    pub(super) fn push(&mut self, send: impl Future<Output = ServerFrame> + Send + 'static) {
        let span = Span::current();
        self.0.push_back(if span.is_none() { Box::pin(send) } else { Box::pin(send.instrument(span)) });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_ack_logs_while_it_waits_names_the_action_it_belongs_to() {
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let mut acks = PendingAcks::default();
            let name = || Span::current().metadata().map(tracing::Metadata::name);
            let answer = |within: Option<&'static str>| async move {
                assert_eq!(name(), within);
                ServerFrame::Pong { reference: None }
            };
            tracing::error_span!("action").in_scope(|| acks.push(answer(Some("action"))));
            acks.push(answer(None));
            assert!(acks.ready().is_some() && acks.ready().is_some());
            assert_eq!(acks.len(), 0);
        });
    }
}
