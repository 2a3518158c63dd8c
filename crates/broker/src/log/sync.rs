//! The locks and atomics of this crate: those of the standard library, or those of a scheduler that picks the next thread
//! at each of them, so that `tests/schedules` can search through the orders. `Notify` stays tokio's: it is only notified
//! and polled, never waited for by a thread, so each is one step to the scheduler.

#[cfg(feature = "schedules")]
pub(crate) use self::scheduled::{LONG_PASS, guard, rest};
#[cfg(not(feature = "schedules"))]
pub(crate) use self::timed::{LONG_PASS, guard, rest};
#[cfg(feature = "schedules")]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(feature = "schedules"))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use std::sync::PoisonError;

/// Locks, and ignores poisoning: the locks here guard plain data that is consistent between any two statements.
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(feature = "schedules"))]
mod timed {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    /// The duration from which a pass is followed by a rest: some hundred writes.
    pub(crate) const LONG_PASS: Duration = Duration::from_millis(1);
    /// The longest rest. On a machine where a pass takes longer, most of it is waiting for a core.
    const LONGEST_REST: Duration = Duration::from_millis(4);

    /// Rests after a pass of this duration.
    pub(crate) async fn rest(took: Duration) {
        tokio::time::sleep((took / 2).min(LONGEST_REST)).await;
    }

    /// Calls a function; none if it panics, and then the panic is in the log.
    pub(crate) fn guard<T>(something: impl FnOnce() -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(something)).ok()
    }
}

/// For the search through orders, which knows no time: every pass may be long, a rest yields, and a panic is a finding.
#[cfg(feature = "schedules")]
mod scheduled {
    use std::time::Duration;

    pub(crate) const LONG_PASS: Duration = Duration::ZERO;

    pub(crate) async fn rest(_: Duration) {
        tokio::task::yield_now().await;
    }

    #[expect(clippy::unnecessary_wraps, reason = "as its counterpart")]
    pub(crate) fn guard<T>(something: impl FnOnce() -> T) -> Option<T> {
        Some(something())
    }
}
