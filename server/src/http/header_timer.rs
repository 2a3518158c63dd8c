//! The timeout of request headers, and that of idle connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use tokio_util::io::InspectReader;

use crate::config::Timeouts;

/// A stream whose received bytes the timer notices.
pub(crate) type Noticed<S> = InspectReader<S, Box<dyn FnMut(&[u8]) + Send>>;

/// The timer of one connection. hyper has one timeout for the header of a request, and starts it as soon as the
/// previous request is answered, so the time between requests would count too. This timer waits longer until the first
/// byte of a request is received, and from then on for the rest of the header. A new connection owes its first request
/// at once.
///
/// Bytes that were received together with the end of the previous request are not noticed: a header that begins with
/// them has as long as an idle connection.
#[derive(Clone)]
pub(crate) struct HeaderTimer {
    timeouts: Timeouts,
    /// True if the connection has had a request.
    reused: Arc<AtomicBool>,
    /// True if bytes were received since hyper began to wait for a request.
    begun: Arc<AtomicBool>,
}

/// The wait for one header.
struct HeaderSleep {
    sleep: Pin<Box<tokio::time::Sleep>>,
    /// The timeout from the first byte on, until it begins.
    header: Option<Duration>,
    begun: Arc<AtomicBool>,
}

impl HeaderTimer {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, reused: Arc::default(), begun: Arc::default() }
    }

    /// Makes a stream tell this timer when bytes are received.
    pub(crate) fn notice<S: tokio::io::AsyncRead>(&self, stream: S) -> Noticed<S> {
        let begun = Arc::clone(&self.begun);
        InspectReader::new(
            stream,
            Box::new(move |bytes: &[u8]| {
                if !bytes.is_empty() {
                    begun.store(true, Ordering::Relaxed);
                }
            }),
        )
    }
}

impl Timer for HeaderTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.begun.store(false, Ordering::Relaxed);
        let is_idle = self.reused.swap(true, Ordering::Relaxed);
        let (deadline, header) = if is_idle {
            (self.now() + self.timeouts.idle, Some(self.timeouts.header))
        } else {
            (deadline, None)
        };
        let sleep = Box::pin(tokio::time::sleep_until(deadline.into()));
        Box::pin(HeaderSleep { sleep, header, begun: Arc::clone(&self.begun) })
    }

    fn now(&self) -> Instant {
        TokioTimer::new().now()
    }
}

impl Future for HeaderSleep {
    type Output = ();

    /// hyper polls this after every read that leaves the header incomplete.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.begun.load(Ordering::Relaxed)
            && let Some(header) = self.header.take()
        {
            self.sleep.as_mut().reset(tokio::time::Instant::now() + header);
        }
        self.sleep.as_mut().poll(context)
    }
}

impl Sleep for HeaderSleep {}
