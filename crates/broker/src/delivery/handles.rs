//! Handles to close a connection or wake its task from elsewhere.

use std::sync::Arc;

use crate::delivery::Outbound;

/// Ends all delivery to a connection, for good: nothing that is published after the close goes out.
#[derive(Clone, Debug)]
pub struct CloseHandle(pub(crate) Arc<Outbound>);

/// Wakes a connection's own task.
#[derive(Clone, Debug)]
pub struct WakeHandle(pub(crate) Arc<Outbound>);

impl CloseHandle {
    /// Closes the connection for deliveries and wakes its task. Call it before anything later is published.
    pub fn close(&self) {
        self.0.close();
        self.0.wake.notify_one();
    }

    /// Returns true if it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl WakeHandle {
    /// Wakes the task: its next [`OutboundConnection::woken`](crate::OutboundConnection::woken) returns at once.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }
}
