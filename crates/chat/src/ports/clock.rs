//! The clock: time as an argument of the domain.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use wire::Timestamp;

use super::store::Store;

/// The source of time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time, UTC. It may step in both directions, when somebody sets the machine's clock.
    fn now(&self) -> Timestamp;

    /// Returns the time since a fixed moment, from a monotonic clock: it never steps.
    fn elapsed(&self) -> Duration;
}

/// The clock of a node: that of the store, if nodes share one, so that they all stamp messages and judge the age of
/// sessions and tokens by the same time; else that of the machine.
pub(crate) struct NodeClock {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) machine: Arc<dyn Clock>,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.store.time().unwrap_or_else(|| self.machine.now())
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }
}

/// The clock that measures durations: rate limits, sign-in windows, slow mode, mutes, invites and links.
///
/// It follows the wall clock, but never goes back: if somebody sets the clock back one hour, it goes on by the
/// monotonic clock, so no wait gets longer than it was. If the clock is set forward, waits end early. After a restart
/// it begins at the wall clock; stored moments that are then in the future count as now, or as over.
pub(crate) struct SteadyClock {
    clock: Arc<dyn Clock>,
    /// The latest reading: the monotonic time, and what this clock showed then.
    latest: Mutex<Option<(Duration, i64)>>,
}

impl SteadyClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest: Mutex::new(None) }
    }

    /// Returns the time, for comparison with other times of this clock.
    pub(crate) fn now(&self) -> Timestamp {
        let mut latest = self.latest.lock();
        let (wall, elapsed) = (self.clock.now().0, self.clock.elapsed());
        let monotonic = match *latest {
            Some((at, shown)) => wall.max(shown.saturating_add(millis(elapsed.saturating_sub(at)))),
            None => wall,
        };
        *latest = Some((elapsed, monotonic));
        Timestamp(monotonic)
    }
}

/// The clock that measures the age of sessions, in days.
///
/// It follows the wall clock, also where that was set by less than a day in either direction. A larger step within one
/// run is ignored until the next start: meanwhile it continues by the monotonic clock, so that a clock set to next
/// year signs nobody out, and a clock set to last year makes no session last longer. The monotonic clock may stand
/// still while the machine sleeps; a sleep of less than a day is caught up with.
pub(crate) struct SessionClock {
    clock: Arc<dyn Clock>,
    /// The latest reading: the monotonic time, and what this clock showed then.
    latest: Mutex<Option<(Duration, i64)>>,
}

/// The largest step of the wall clock that sessions follow.
const DAY_MILLIS: i64 = 86_400_000;

impl SessionClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = Self { clock, latest: Mutex::new(None) };
        // From the start on: a step before the first call belongs to this run, too.
        clock.now();
        clock
    }

    /// Returns the time, for comparison with the times of sessions.
    pub(crate) fn now(&self) -> Timestamp {
        let mut latest = self.latest.lock();
        let (wall, elapsed) = (self.clock.now().0, self.clock.elapsed());
        let shown = match *latest {
            Some((at, shown)) => {
                let expected = shown.saturating_add(millis(elapsed.saturating_sub(at)));
                if wall.abs_diff(expected) < DAY_MILLIS.unsigned_abs() { wall } else { expected }
            }
            None => wall,
        };
        *latest = Some((elapsed, shown));
        Timestamp(shown)
    }
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where time comes in")]
    fn elapsed(&self) -> Duration {
        static BEGAN: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        BEGAN.elapsed()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    #[test]
    fn a_length_of_time_is_the_same_however_the_clock_steps_back() {
        let clock = Arc::new(ManualClock::default());
        let monotonic = SteadyClock::new(clock.clone());
        let begin = monotonic.now();
        let since = || monotonic.now().0 - begin.0;
        clock.advance(1_000);
        assert_eq!(since(), 1_000);
        clock.step(-3_600_000);
        assert_eq!(since(), 1_000);
        clock.advance(500);
        assert_eq!(since(), 1_500);
        clock.step(2 * 3_600_000);
        assert_eq!(since(), 3_600_000 + 1_500, "it follows a step forward");
        clock.step(-3_600_000);
        clock.advance(1);
        assert_eq!(since(), 3_600_000 + 1_501);
    }

    #[test]
    fn sessions_follow_small_steps_of_the_clock_and_no_large_ones() {
        let clock = Arc::new(ManualClock::default());
        let sessions = SessionClock::new(clock.clone());
        let begin = sessions.now();
        let since = || sessions.now().0 - begin.0;
        clock.step(3_600_000);
        assert_eq!(since(), 3_600_000);
        clock.step(-2 * 3_600_000);
        assert_eq!(since(), -3_600_000);
        for years in [1, -2, 30] {
            clock.step(years * 365 * DAY_MILLIS);
            clock.advance(1_000);
        }
        assert_eq!(since(), -3_600_000 + 3_000);
        clock.step(-29 * 365 * DAY_MILLIS);
        assert_eq!(since(), -3_600_000 + 3_000, "the clock is right again");
    }
}
