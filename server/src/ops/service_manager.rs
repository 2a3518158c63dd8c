//! Notifications to the service manager, such as systemd. Without one they do nothing.

#[cfg(unix)]
use sd_notify::NotifyState;
use tokio_util::task::AbortOnDropHandle;

/// Notifies the service manager that the server is ready. If the manager has a watchdog, it gets two notifications per
/// period for as long as the server runs its tasks and timers, until the handle is dropped.
#[cfg(unix)]
pub fn notify_ready() -> Option<AbortOnDropHandle<()>> {
    notify(NotifyState::Ready);
    let period = sd_notify::watchdog_enabled().filter(|period| !period.is_zero())?;
    Some(AbortOnDropHandle::new(tokio::spawn(async move {
        let mut ticks = tokio::time::interval(period / 2);
        loop {
            ticks.tick().await;
            notify(NotifyState::Watchdog);
        }
    })))
}

/// Notifies the service manager that the server is stopping.
#[cfg(unix)]
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

#[cfg(unix)]
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be reached");
    }
}

#[cfg(not(unix))]
pub fn notify_ready() -> Option<AbortOnDropHandle<()>> {
    None
}

#[cfg(not(unix))]
pub fn notify_stopping() {}
