use std::sync::Arc;

use crate::line::Line;

/// Ends all delivery to a connection, for good: what is published after it was closed never goes out.
#[derive(Clone, Debug)]
pub struct Valve(pub(crate) Arc<Line>);

/// Calls a connection's own task.
#[derive(Clone, Debug)]
pub struct Bell(pub(crate) Arc<Line>);

impl Valve {
    /// Closes it, and calls the connection's task. Call it before anything later is published.
    pub fn close(&self) {
        self.0.close();
        self.0.bell.notify_one();
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl Bell {
    /// Rings it: the task's next [`Reader::called`](crate::Reader::called) is over at once.
    pub fn ring(&self) {
        self.0.bell.notify_one();
    }
}
