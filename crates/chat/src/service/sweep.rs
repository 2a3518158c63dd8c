//! The sweep: regular removal of expired rows.

use std::sync::Weak;
use std::time::Duration;

use wire::Timestamp;

use crate::auth::caller::Caller;
use crate::auth::login_throttle::LONGEST_WINDOW_MS;
use crate::chat::Chat;
use crate::ports::store::{Outcome, Write};
use crate::service::error::{Error, Fault};

/// The time between two sweeps.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// The most guests that one write reads, so that it blocks others only briefly.
const GUESTS: usize = 200;
const DAY_MS: i64 = 86_400_000;
/// The time for which an expired link or invite is kept: a clock that is a week ahead removes none that works.
const LINKS_MS: i64 = 7 * DAY_MS;

/// Removing expired rows.
impl Chat {
    /// Removes guests who never did anything and were not here for [`guest_days`](crate::Limits::guest_days), attempts
    /// that no longer count, and links and invites that have expired; returns the number of removed guests.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn sweep(&self) -> Result<usize, Error> {
        let days = i64::from(self.limits.guest_days);
        let write = Write::Sweep {
            guests_before: Timestamp(self.session_clock.now().0 - days * DAY_MS),
            guests: GUESTS,
            attempts_before: Timestamp(self.monotonic.now().0 - LONGEST_WINDOW_MS),
            links_before: Timestamp(self.monotonic.now().0 - LINKS_MS),
        };
        match self.commit(&Caller::operator(), write).await? {
            Outcome::Swept { guests } => Ok(guests.len()),
            other => Err(Fault::new("sweep", format!("a sweep came to {other:?}")).into()),
        }
    }

    /// Sweeps periodically, as long as the node is there.
    pub(crate) async fn sweep_on(node: Weak<Self>) {
        loop {
            tokio::time::sleep(PAUSE).await;
            loop {
                let Some(chat) = node.upgrade() else { return };
                // A fault is in the log, and the next sweep retries.
                if chat.sweep().await.unwrap_or_default() == 0 {
                    break;
                }
            }
        }
    }
}
