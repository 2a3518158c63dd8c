use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends all delivery to a connection, for good: what is published after it was closed never goes out.
#[derive(Clone, Debug, Default)]
pub struct Valve(Arc<AtomicBool>);

impl Valve {
    /// Closes it. Call it before anything later is published.
    pub fn close(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is closed. What was read from a log before this said no was published before the end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
