//! A subscriber of a topic: how far it may read.

use std::sync::Arc;

use wire::Seq;

use crate::log::sync::{AtomicBool, AtomicU64, Ordering};

/// A topic's view of one subscription. Everything but the last delivered Seq changes under the lock of the topic's log.
#[derive(Debug)]
pub(crate) struct Subscriber<C> {
    pub(crate) connection: Arc<C>,
    /// The last Seq that may be delivered. Before the activation, the first cutoff.
    until: AtomicU64,
    /// The head of the snapshot on which the right was checked: it is newer than any earlier cutoff. Before the
    /// activation, the last cutoff.
    checked: AtomicU64,
    /// The last Seq that was delivered, for the metrics.
    given: AtomicU64,
    /// True if it is active: the permission was checked.
    reads: AtomicBool,
    /// True if the log is gone, so that no snapshot makes it readable.
    is_closed: AtomicBool,
    /// True if this node has lost entries, so that the right must be checked again.
    is_outdated: AtomicBool,
}

/// The value of `until` before any end.
const NEVER: u64 = u64::MAX;

impl<C> Subscriber<C> {
    pub(super) const fn new(connection: Arc<C>) -> Self {
        Self {
            connection,
            until: AtomicU64::new(NEVER),
            checked: AtomicU64::new(0),
            given: AtomicU64::new(0),
            reads: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            is_outdated: AtomicBool::new(false),
        }
    }

    /// Returns the last Seq that was delivered.
    pub(crate) fn given(&self) -> Seq {
        Seq(self.given.load(Ordering::Relaxed))
    }

    pub(crate) fn note_given(&self, last: Seq) {
        self.given.store(last.0, Ordering::Relaxed);
    }

    /// Returns the last Seq that may be delivered; the largest there is before any end.
    pub(crate) fn until(&self) -> Seq {
        Seq(self.until.load(Ordering::Acquire))
    }

    /// Returns true if the permission has ended, at whatever Seq.
    pub(crate) fn has_ended(&self) -> bool {
        self.until().0 != NEVER
    }

    /// Returns true if the right must be checked again.
    pub(crate) fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Acquire)
    }

    /// Ends the right to read with the entry at a Seq. Cutoffs come in the order of their Seqs. One at or before the
    /// head at which the right was checked is void.
    pub(super) fn cut(&self, seq: Seq) {
        if !self.reads.load(Ordering::Acquire) {
            self.until.fetch_min(seq.0, Ordering::AcqRel);
            self.checked.store(seq.0, Ordering::Release);
        } else if seq.0 > self.checked.load(Ordering::Acquire) {
            self.until.fetch_min(seq.0, Ordering::AcqRel);
        }
    }

    /// Ends it at once.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.until.store(0, Ordering::Release);
    }

    /// Ends it at once, to be checked again.
    pub(super) fn outdate(&self) {
        self.is_outdated.store(true, Ordering::Release);
        self.until.store(0, Ordering::Release);
    }

    /// Activates it, after the permission was checked on a snapshot with this head. Returns false if the snapshot is
    /// too old to tell what the cutoffs since then mean.
    pub(super) fn activate(&self, head: Seq) -> bool {
        let (first, last) = (self.until().0, self.checked.load(Ordering::Acquire));
        if !self.is_closed.load(Ordering::Acquire) && first != NEVER {
            if last <= head.0 {
                self.until.store(NEVER, Ordering::Release);
            } else if first <= head.0 {
                // Which of the cutoffs in between comes first after the snapshot is not known.
                return false;
            }
        }
        self.checked.store(head.0, Ordering::Release);
        self.reads.store(true, Ordering::Release);
        true
    }

    /// Returns true if it is active and has not ended.
    pub(crate) fn reads(&self) -> bool {
        self.reads.load(Ordering::Acquire) && !self.has_ended()
    }
}
