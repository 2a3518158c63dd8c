//! The progress of the search index: its distance to the store, for answers and metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::ports::position::Position;

/// The progress of the indexer of this node.
#[derive(Debug, Default)]
pub struct IndexProgress {
    /// True once the index has been up to date, until it is built again.
    is_complete: AtomicBool,
    /// The last position of the index.
    index: AtomicU64,
    lag: AtomicU64,
}

/// An index that is so far behind was lost and is being built again, or could not be written for a while.
const FAR_BEHIND: u64 = 10_000;

impl IndexProgress {
    /// Notes the position of the index, and that of the newest entry.
    pub(super) fn note(&self, index: Position, head: Position) {
        let lag = head.0.saturating_sub(index.0);
        self.lag.store(lag, Ordering::Relaxed);
        let is_anew = self.index.swap(index.0, Ordering::Relaxed) > index.0;
        if lag == 0 || lag > FAR_BEHIND || is_anew {
            self.is_complete.store(lag == 0, Ordering::Relaxed);
        }
    }

    /// Returns true if searches find everything but what was sent in the last moments.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Relaxed)
    }

    /// Returns the number of entries between the index and the newest one.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.lag.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_complete_from_the_first_time_it_is_up_to_date() {
        let progress = IndexProgress::default();
        for (index, head, complete) in [
            (0, 5, false),
            (4, 5, false),
            (5, 5, true),
            (5, 900, true),
            (900, 50_000, false),
            (50_000, 50_000, true),
            (512, 600, false),
            (600, 600, true),
        ] {
            progress.note(Position(index), Position(head));
            assert_eq!((progress.is_complete(), progress.lag()), (complete, head - index));
        }
    }
}
