use std::sync::Weak;
use std::time::Duration;

use wire::Timestamp;

use crate::auth::login_throttle::LONGEST_WINDOW_MS;
use crate::chat::Chat;
use crate::ports::store::{Outcome, Write};
use crate::service::error::{Error, Fault};

/// The time between two sweeps.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// The most guests that one write looks at, so that nobody waits long for it.
const GUESTS: usize = 200;
const DAY_MS: i64 = 86_400_000;
/// How long a link or an invite stays once it is over: a clock that is ahead for a week takes none that works.
const LINKS_MS: i64 = 7 * DAY_MS;

/// Removing what is over.
impl Chat {
    /// Removes guests who never did anything and were not here for [`guest_days`](crate::Limits::guest_days), attempts that
    /// count nowhere any more, and links and invites that are over; returns how many guests are gone.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn sweep(&self) -> Result<usize, Error> {
        let days = i64::from(self.limits.guest_days);
        let write = Write::Sweep {
            guests_before: Timestamp(self.session_clock.now().0 - days * DAY_MS),
            guests: GUESTS,
            attempts_before: Timestamp(self.steady.now().0 - LONGEST_WINDOW_MS),
            links_before: Timestamp(self.steady.now().0 - LINKS_MS),
        };
        match self.commit(write).await? {
            Outcome::Swept { guests } => Ok(guests.len()),
            other => Err(Fault::new("sweep", format!("a sweep came to {other:?}")).into()),
        }
    }

    /// Sweeps from time to time, as long as the node is there.
    pub(crate) async fn sweep_on(node: Weak<Self>) {
        loop {
            tokio::time::sleep(PAUSE).await;
            loop {
                let Some(chat) = node.upgrade() else { return };
                // A fault is in the log, and the next sweep is soon enough.
                if chat.sweep().await.unwrap_or_default() == 0 {
                    break;
                }
            }
        }
    }
}
