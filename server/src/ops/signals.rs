//! Signals that stop the process.

/// SIGTERM and SIGINT (Ctrl-C). From its creation on, they no longer end the process by themselves, and none is lost.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 2],
}

#[cfg(unix)]
impl StopSignals {
    /// Handles the signals from now on. Must be called within a tokio runtime.
    #[must_use]
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // If one cannot be handled, the process is still ended by the other one, or killed.
        Self { signals: [SignalKind::terminate(), SignalKind::interrupt()].map(|kind| signal(kind).ok()) }
    }

    /// Waits for the next signal. Cancel-safe.
    pub async fn next(&mut self) {
        let [terminate, interrupt] = self.signals.each_mut().map(|signal| async move {
            let received = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if received.is_none() {
                std::future::pending::<()>().await;
            }
        });
        tokio::select! {
            () = terminate => {}
            () = interrupt => {}
        }
    }
}

#[cfg(not(unix))]
impl StopSignals {
    /// Handles the signals from now on. Must be called within a tokio runtime.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }

    /// Waits for the next signal. Cancel-safe.
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Default for StopSignals {
    fn default() -> Self {
        Self::new()
    }
}
