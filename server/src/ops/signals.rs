//! Signals that stop the process.

/// Waits for SIGTERM, SIGHUP or Ctrl-C. A terminal that closes sends SIGHUP: the server finishes what it accepted.
pub async fn until_told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without this signal the process can still be ended by the others, or killed.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let others = {
        use tokio::signal::unix::SignalKind;
        async {
            tokio::select! {
                () = received(SignalKind::terminate()) => {}
                () = received(SignalKind::hangup()) => {}
            }
        }
    };
    #[cfg(not(unix))]
    let others = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = others => {}
    }
}

#[cfg(unix)]
async fn received(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
