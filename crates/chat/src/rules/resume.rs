//! The rule for resuming: where live delivery begins after a reconnect.

use wire::limits::REPLAY_ENTRIES;
use wire::{Cursor, Epoch, ResetReason, Seq};

/// The beginning of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Everything after this Seq follows.
    After(Seq),
    /// Delivery begins at the head: the entries in between cannot be replayed.
    Reset(ResetReason),
}

/// Decides how a subscriber whose cursor is `since` resumes in a log that keeps `begins` to `head`.
#[must_use]
pub fn resume(since: Option<Cursor>, epoch: Epoch, begins: Seq, head: Seq) -> Resume {
    match since {
        None => Resume::After(head),
        Some(cursor) if cursor.epoch != epoch => Resume::Reset(ResetReason::EpochChanged),
        Some(cursor) if cursor.seq > head => Resume::Reset(ResetReason::Ahead),
        Some(cursor) if cursor.seq.next() < begins => Resume::Reset(ResetReason::Trimmed),
        Some(cursor) if head.0 - cursor.seq.0 > REPLAY_ENTRIES => Resume::Reset(ResetReason::TooFarBehind),
        Some(cursor) => Resume::After(cursor.seq),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_whole_gap_or_hears_why_not() {
        let epoch = Epoch(7);
        let since = |epoch, seq| Some(Cursor { epoch: Epoch(epoch), seq: Seq(seq) });
        let from = |since| resume(since, epoch, Seq(11), Seq(2_000));
        assert_eq!(from(None), Resume::After(Seq(2_000)));
        assert_eq!(from(since(7, 2_000)), Resume::After(Seq(2_000)));
        assert_eq!(from(since(7, 1_000)), Resume::After(Seq(1_000)));
        assert_eq!(from(since(7, 999)), Resume::Reset(ResetReason::TooFarBehind));
        assert_eq!(from(since(7, 9)), Resume::Reset(ResetReason::Trimmed));
        assert_eq!(from(since(7, 2_001)), Resume::Reset(ResetReason::Ahead));
        assert_eq!(from(since(8, 2_000)), Resume::Reset(ResetReason::EpochChanged));
        assert_eq!(resume(since(7, 10), epoch, Seq(11), Seq(11)), Resume::After(Seq(10)));
    }
}
