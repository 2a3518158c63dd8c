//! The reporter: tells a shared store every second that this node is alive, and learns what was revoked elsewhere. A node
//! that learns nothing for long is stale and serves nobody, since it cannot know who has lost a right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::revocations::Revocations;
use crate::ports::bus::Bus;
use crate::ports::clock::Clock;
use crate::ports::store::{NodeReport, ReportAnswer, Store};
use crate::service::error::Fault;

/// The freshness of what this node knows of revocations. With a store that only this node has open it is always fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The last report succeeded a moment ago.
    Fresh,
    /// None has succeeded for two seconds: others should serve new callers.
    Late,
    /// None has succeeded for ten seconds, or the store is no longer the same: nobody is served.
    Stale,
}

/// The state of the reports, and the task that sends them.
pub(crate) struct Reporter {
    /// False if only this node has the store open.
    is_shared: bool,
    revocations: Arc<Revocations>,
    clock: Arc<dyn Clock>,
    /// The beginning of the last report that succeeded, in milliseconds of the monotonic clock.
    latest: AtomicU64,
    /// True once the store was found to have other data.
    is_replaced: AtomicBool,
    replaced: Notify,
    /// The open sockets, for the report.
    sockets: AtomicU64,
    is_stopping: AtomicBool,
}

/// The time between two reports.
const EVERY: Duration = Duration::from_secs(1);
/// The ages of the last report from which on the node is late, and stale.
const LATE: Duration = Duration::from_secs(2);
const STALE: Duration = Duration::from_secs(10);

impl Reporter {
    /// Counts as fresh at first: the store was opened just now.
    pub(crate) fn new(is_shared: bool, revocations: Arc<Revocations>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let latest = AtomicU64::new(millis(clock.elapsed()));
        Arc::new(Self {
            is_shared,
            revocations,
            clock,
            latest,
            is_replaced: AtomicBool::new(false),
            replaced: Notify::new(),
            sockets: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
        })
    }

    /// Reports every second, as long as it is polled; at once after a pause of the process.
    /// The bus hears which nodes there are.
    pub(crate) async fn run(self: Arc<Self>, store: Arc<dyn Store>, bus: Arc<dyn Bus>) {
        if !self.is_shared {
            return;
        }
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Everything that was revoked before it is in the answer; of later it says nothing.
            let begun = self.clock.elapsed();
            let answer = store.report(self.next_report()).await;
            self.learn(begun, answer);
            if let Some(nodes) = store.known_nodes() {
                bus.know_nodes(&nodes);
            }
        }
    }

    fn next_report(&self) -> NodeReport {
        NodeReport {
            sockets: self.sockets.load(Ordering::Relaxed),
            is_stopping: self.is_stopping.load(Ordering::Relaxed),
            revocations_after: self.revocations.position(),
        }
    }

    fn learn(&self, begun: Duration, answer: Result<ReportAnswer, Fault>) {
        match answer {
            Ok(ReportAnswer::Current(revocations)) => {
                self.revocations.apply(&revocations);
                self.latest.store(millis(begun), Ordering::Release);
            }
            Ok(ReportAnswer::Replaced) => {
                self.is_replaced.store(true, Ordering::Release);
                self.replaced.notify_waiters();
            }
            // The fault is in the log; the last report ages.
            Err(_) => {}
        }
    }

    /// Returns the freshness as of now.
    pub(crate) fn freshness(&self) -> Freshness {
        match self.age() {
            None => Freshness::Fresh,
            Some(_) if self.is_replaced.load(Ordering::Acquire) => Freshness::Stale,
            Some(age) if age < LATE => Freshness::Fresh,
            Some(age) if age < STALE => Freshness::Late,
            Some(_) => Freshness::Stale,
        }
    }

    /// Returns the time since the last report that succeeded; none if the store is not shared.
    pub(crate) fn age(&self) -> Option<Duration> {
        let latest = Duration::from_millis(self.latest.load(Ordering::Acquire));
        self.is_shared.then(|| self.clock.elapsed().saturating_sub(latest))
    }

    /// Waits until the store has other data than at the start; for ever if that does not happen. Cancel-safe.
    pub(crate) async fn replaced(&self) {
        // From now on none is missed.
        let replaced = self.replaced.notified();
        if !self.is_replaced.load(Ordering::Acquire) {
            replaced.await;
        }
    }

    /// Sets the number of open sockets for the next reports.
    pub(crate) fn set_sockets(&self, sockets: u64) {
        self.sockets.store(sockets, Ordering::Relaxed);
    }

    /// Lets the next reports say that the node is about to stop.
    pub(crate) fn set_stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::ports::store::RevocationSlice;
    use crate::testing::ManualClock;

    fn reporter(is_shared: bool) -> (Arc<Reporter>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (Reporter::new(is_shared, Arc::new(Revocations::default()), clock.clone()), clock)
    }

    fn current() -> Result<ReportAnswer, Fault> {
        Ok(ReportAnswer::Current(RevocationSlice::default()))
    }

    #[test]
    fn a_node_is_late_after_two_seconds_and_stale_after_ten_until_a_report_succeeds() {
        let (reporter, clock) = reporter(true);
        for (wait, state) in [
            (0, Freshness::Fresh),
            (1_999, Freshness::Fresh),
            (1, Freshness::Late),
            (7_999, Freshness::Late),
            (1, Freshness::Stale),
            (3_600_000, Freshness::Stale),
        ] {
            clock.advance(wait);
            reporter.learn(clock.elapsed(), Err(Fault::unlogged("no answer")));
            assert_eq!(reporter.freshness(), state, "after another {wait} ms");
        }
        reporter.learn(clock.elapsed(), current());
        assert_eq!((reporter.freshness(), reporter.age()), (Freshness::Fresh, Some(Duration::ZERO)));
    }

    #[test]
    fn an_answer_says_nothing_about_the_time_since_the_report_was_sent() {
        let (reporter, clock) = reporter(true);
        let begun = clock.elapsed();
        clock.advance(9_000);
        reporter.learn(begun, current());
        assert_eq!((reporter.freshness(), reporter.age()), (Freshness::Late, Some(Duration::from_secs(9))));
    }

    #[tokio::test]
    async fn a_node_whose_store_has_other_data_is_stale_for_good() {
        let (reporter, clock) = reporter(true);
        reporter.learn(clock.elapsed(), Ok(ReportAnswer::Replaced));
        reporter.replaced().await;
        reporter.learn(clock.elapsed(), current());
        assert_eq!(reporter.freshness(), Freshness::Stale);
    }

    #[test]
    fn the_only_node_of_a_store_is_always_fresh() {
        let (reporter, clock) = reporter(false);
        clock.advance(3_600_000);
        assert_eq!((reporter.freshness(), reporter.age()), (Freshness::Fresh, None));
    }
}
