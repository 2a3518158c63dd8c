//! Cancellation of a benchmark by signals.

use std::io;

use tokio::signal;

/// Ends a measurement early: Ctrl-C, SIGTERM, or a closed terminal. Signals count from the moment it listens.
pub(super) struct Cancel {
    #[cfg(unix)]
    signals: [signal::unix::Signal; 3],
}

impl Cancel {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        let listen = |kind: fn() -> SignalKind| signal(kind());
        Ok(Self {
            signals: [
                listen(SignalKind::interrupt)?,
                listen(SignalKind::terminate)?,
                listen(SignalKind::hangup)?,
            ],
        })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    pub(super) async fn told(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn told(&mut self) {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
