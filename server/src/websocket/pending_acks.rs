use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wire::ServerFrame;

/// What somebody sent that is not answered yet, in order. What is committed needs nobody to wait for it; only the answer
/// that comes next is waited for.
#[derive(Default)]
pub(super) struct PendingAcks(VecDeque<Pin<Box<dyn Future<Output = ServerFrame> + Send>>>);

impl PendingAcks {
    pub(super) fn push(&mut self, send: impl Future<Output = ServerFrame> + Send + 'static) {
        self.0.push_back(Box::pin(send));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits for the next answer; for ever if nothing is under way. Cancel-safe.
    pub(super) async fn next(&mut self) -> ServerFrame {
        poll_fn(|context| self.poll(context)).await
    }

    /// The next answer, if it is there already: those that were committed together go out together.
    pub(super) fn ready(&mut self) -> Option<ServerFrame> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            // Whoever waits for it asks again and leaves their own waker.
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
