//! The sweep: retention by the hourly removal of expired rows.

use wire::{ApplicationId, Timestamp};

use crate::auth::login_throttle::LONGEST_WINDOW_MS;
use crate::chat::Chat;
use crate::ports::store::Sweep;
use crate::service::error::Error;

/// The most guests that one write reads, so that it blocks others only briefly.
const GUESTS: usize = 200;
/// The number of applications that are read at once.
const APPLICATIONS: usize = 100;
const DAY_MS: i64 = 86_400_000;
/// The time for which expired links, invites and sessions are kept: a clock that is a week ahead removes none that
/// works.
const EXPIRED_MS: i64 = 7 * DAY_MS;

/// Removing expired rows.
impl Chat {
    /// Removes guests who never did anything and were not here for [`guest_days`](crate::Limits::guest_days), attempts
    /// that no longer count, links, invites and sessions that have expired, and revocations after a day, in all
    /// applications; returns the number of removed guests.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn sweep(&self) -> Result<usize, Error> {
        let days = i64::from(self.limits.guest_days);
        let before =
            |days: u32| Timestamp(self.session_clock.now().0 - i64::from(days) * DAY_MS - EXPIRED_MS);
        let sweep = Sweep {
            guests_before: Timestamp(self.session_clock.now().0 - days * DAY_MS),
            guests: GUESTS,
            attempts_before: Timestamp(self.monotonic.now().0 - LONGEST_WINDOW_MS),
            links_before: Timestamp(self.monotonic.now().0 - EXPIRED_MS),
            sessions_seen_before: before(self.limits.session_idle_days),
            sessions_begun_before: before(self.limits.session_days),
            revocations_before: Timestamp(self.session_clock.now().0 - DAY_MS),
            at: self.session_clock.now(),
        };
        let (mut removed, mut after) = (0, ApplicationId::SERVER);
        loop {
            let part = self.store.applications(after, APPLICATIONS).await?;
            let Some(last) = part.last() else { return Ok(removed) };
            after = last.id;
            // The data of a deleted one is removed by its own job.
            for application in part.iter().filter(|application| application.is_alive()) {
                removed += self.commit_in(application.id, sweep).await?.guests.len();
            }
        }
    }
}
