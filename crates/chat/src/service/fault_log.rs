//! The fault log: each fault is written once and then counted, until it is over.

use std::sync::atomic::{AtomicBool, Ordering};

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

/// The faults of this process that are not over.
pub(crate) static FAULTS: FaultLog = FaultLog::new();

/// The faults that are not over, each with its count.
pub(crate) struct FaultLog {
    open: Mutex<Vec<Open>>,
    /// True if there is one, so that a check costs nothing without any.
    is_any: AtomicBool,
}

/// A fault that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) place: &'static str,
    pub(crate) what: String,
    /// The number of occurrences.
    pub(crate) count: u64,
    last: Instant,
}

/// The time after which a fault that has not happened again is over.
const QUIET: Duration = Duration::from_secs(60);
/// The most distinct faults; beyond it they count as the first one of their place.
const KINDS: usize = 64;

impl FaultLog {
    const fn new() -> Self {
        Self { open: Mutex::new(Vec::new()), is_any: AtomicBool::new(false) }
    }

    /// Counts a fault; returns the text under which it is counted, and true if it should be written to the log.
    pub(crate) fn count(&self, place: &'static str, what: &str, now: Instant) -> (String, bool) {
        let mut open = self.open();
        let same = open.iter().position(|open| open.place == place && open.what == what);
        let near = || open.iter().position(|open| open.place == place).filter(|_| open.len() >= KINDS);
        if let Some(known) = same.or_else(near).and_then(|known| open.get_mut(known)) {
            known.count += 1;
            known.last = now;
            return (known.what.clone(), false);
        }
        if open.len() < KINDS {
            open.push(Open { place, what: what.to_owned(), count: 1, last: now });
            self.is_any.store(true, Ordering::Release);
        }
        (what.to_owned(), true)
    }

    /// Removes and returns the faults of a place, which works again.
    pub(crate) fn over(&self, place: &'static str) -> Vec<Open> {
        self.take(|open| open.place == place)
    }

    /// Removes and returns the faults that have not happened for a while.
    pub(crate) fn quiet(&self, now: Instant) -> Vec<Open> {
        self.take(|open| now >= open.last + QUIET)
    }

    fn take(&self, is_over: impl FnMut(&mut Open) -> bool) -> Vec<Open> {
        if !self.is_any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut open = self.open();
        let over = open.extract_if(.., is_over).collect();
        self.is_any.store(!open.is_empty(), Ordering::Release);
        over
    }

    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_repeats_is_written_once_and_counted_until_it_is_over() {
        let (log, now) = (FaultLog::new(), Instant::now());
        let written =
            (0..1_478).filter(|_| log.count("store.commit", "database or disk is full", now).1).count();
        assert_eq!(written, 1);
        assert!(
            log.count("store.commit", "disk I/O error", now).1,
            "another fault of the same place is another one"
        );
        assert!(log.count("store.checkpoint", "database or disk is full", now).1);
        let counts = log.over("store.commit").into_iter().map(|open| (open.what, open.count));
        let expected = [("database or disk is full".to_owned(), 1_478), ("disk I/O error".to_owned(), 1)];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
        assert_eq!(log.over("store.commit"), []);
        assert!(log.count("store.commit", "database or disk is full", now).1, "it begins anew");
    }

    #[test]
    fn a_fault_that_nobody_sees_the_end_of_is_over_after_a_quiet_minute() {
        let (log, now) = (FaultLog::new(), Instant::now());
        assert!(log.count("page", "malformed", now).1);
        assert!(!log.count("page", "malformed", now + QUIET / 2).1);
        assert_eq!(log.quiet(now + QUIET), []);
        let over = log.quiet(now + QUIET * 3 / 2);
        assert_eq!(over.iter().map(|open| open.count).collect::<Vec<_>>(), [2]);
        assert!(log.count("page", "malformed", now + QUIET * 2).1);
    }

    #[test]
    fn faults_that_are_all_different_take_no_memory_without_end() {
        let (log, now) = (FaultLog::new(), Instant::now());
        let written = (0..1_000).filter(|number| log.count("page", &format!("row {number}"), now).1).count();
        assert_eq!((written, log.open().len()), (KINDS, KINDS));
        let (counted, _) = log.count("page", "one more", now);
        assert_eq!(counted, "row 0", "the log has the text under which it is counted");
    }
}
