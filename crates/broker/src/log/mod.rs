//! The in-memory log of a topic: its newest entries as finished frames.

mod frame_batch;
pub(crate) mod sync;

use std::collections::VecDeque;
use std::sync::Arc;
// Not those of the schedule search: no order depends on them.
use std::sync::atomic::{AtomicUsize, Ordering};

use wire::Seq;

use crate::websocket::Frame;

pub use frame_batch::FrameBatch;
pub(crate) use frame_batch::WriteProgress;

/// The memory budget that all logs of a broker share.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    taken: AtomicUsize,
}

/// The newest entries of one topic as finished frames: contiguous in Seq, bounded in bytes, the oldest dropped first.
#[derive(Debug)]
pub struct Log {
    frames: VecDeque<Frame>,
    /// The Seq of the newest entry, whether or not its frame is still here.
    head: Seq,
    bytes: usize,
    max_bytes: usize,
    budget: Arc<Budget>,
}

/// The result of reading after a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// There is nothing newer.
    UpToDate,
    /// The next frames.
    Frames(FrameBatch),
    /// The next entry is not in the log, any more or yet: history has it.
    Behind,
}

/// The bytes that a log keeps even over the budget: entries of one commit must reach the subscribers.
const LEAST_BYTES: usize = 4 * 1_024;

impl Budget {
    /// Creates a budget of so many bytes of frames; over it, each log still keeps up to 4 KiB.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: AtomicUsize::new(0) })
    }

    /// Returns the bytes that are kept.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Log {
    /// Creates a log that keeps at most `max_bytes` of frames within the budget, and always the newest one.
    #[must_use]
    pub const fn new(max_bytes: usize, budget: Arc<Budget>) -> Self {
        Self { frames: VecDeque::new(), head: Seq::ZERO, bytes: 0, max_bytes, budget }
    }

    /// Appends the frame of the entry at `seq`. A Seq at or before the head is ignored; after a gap the older frames
    /// are dropped, since a subscriber must never skip a hole silently.
    pub fn append(&mut self, seq: Seq, frame: Frame) {
        if seq <= self.head {
            return;
        }
        if seq != self.head.next() {
            self.shrink();
        }
        self.head = seq;
        let length = frame.bytes().len();
        self.bytes += length;
        self.budget.taken.fetch_add(length, Ordering::Relaxed);
        self.frames.push_back(frame);
        // Over the budget, the busiest topics make room.
        while self.frames.len() > 1 && self.bytes > self.may_keep() {
            let length = self.frames.pop_front().map_or(0, |frame| frame.bytes().len());
            self.bytes -= length;
            self.budget.taken.fetch_sub(length, Ordering::Relaxed);
        }
    }

    fn may_keep(&self) -> usize {
        if self.budget.taken() > self.budget.most { self.max_bytes.min(LEAST_BYTES) } else { self.max_bytes }
    }

    /// Advances the head to entries whose frames are not here.
    pub fn advance_head(&mut self, head: Seq) {
        if head > self.head {
            self.shrink();
            self.head = head;
        }
    }

    /// Begins anew after an entry, without frames.
    pub(crate) fn restart(&mut self, head: Seq) {
        self.shrink();
        self.head = head;
    }

    /// Drops the frames and frees their memory; subscribers that lack them read history.
    pub fn shrink(&mut self) {
        self.frames = VecDeque::new();
        self.budget.taken.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }

    /// Returns the Seq of the newest entry.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.head
    }

    /// Returns the Seq before the oldest frame that is kept.
    #[must_use]
    pub fn before_first(&self) -> Seq {
        Seq(self.head.0 - self.frames.len() as u64)
    }

    /// Returns the bytes of frames that are kept.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the frames after `cursor`: at least one, and then as many as fit in `max_bytes`.
    #[must_use]
    pub fn read(&self, cursor: Seq, max_bytes: usize) -> Read {
        if cursor >= self.head {
            return Read::UpToDate;
        }
        let Some(skip) = cursor.0.checked_sub(self.before_first().0) else {
            return Read::Behind;
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        match FrameBatch::of(cursor, self.frames.iter().skip(skip), max_bytes) {
            batch if batch.is_empty() => Read::Behind,
            batch => Read::Frames(batch),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shrink();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(seq: u64, len: usize) -> Frame {
        let mut text = seq.to_string();
        while text.len() < len {
            text.push('.');
        }
        Frame::text(&text)
    }

    fn log(max_bytes: usize) -> Log {
        Log::new(max_bytes, Budget::new(usize::MAX))
    }

    fn seq_of(frame: &[u8]) -> u64 {
        // The frames here are short: two bytes of header.
        std::str::from_utf8(&frame[2..]).unwrap().trim_end_matches('.').parse().unwrap()
    }

    fn seqs(batch: &FrameBatch) -> Vec<u64> {
        batch.frames().map(seq_of).collect()
    }

    proptest! {
        #[test]
        fn a_subscriber_reads_every_frame_in_order_or_learns_that_it_is_behind(
            steps in prop::collection::vec((0u64..3, 1usize..40), 1..80),
            max_bytes in 1usize..200,
            cursor in 0u64..100,
            take in 1usize..120,
        ) {
            let mut log = log(max_bytes);
            for (step, len) in steps {
                // One step in three leaves a gap.
                let seq = log.head().0 + 1 + step / 2;
                log.append(Seq(seq), frame(seq, len));
            }
            let mut at = Seq(cursor);
            loop {
                match log.read(at, take) {
                    Read::UpToDate => {
                        prop_assert!(at >= log.head());
                        break;
                    }
                    Read::Behind => {
                        // The next frame was dropped or is in a gap; the log does not have it.
                        prop_assert!(at < log.head());
                        let kept: Vec<u64> = log.frames.iter().map(|frame| seq_of(frame.bytes())).collect();
                        prop_assert!(!kept.contains(&at.next().0), "{} is in the log: {:?}", at.next(), kept);
                        break;
                    }
                    Read::Frames(batch) => {
                        let now = batch.last();
                        prop_assert_eq!(seqs(&batch), (at.0 + 1..=now.0).collect::<Vec<_>>());
                        at = now;
                    }
                }
            }
            prop_assert!(log.bytes() <= max_bytes.max(42));
        }
    }

    #[test]
    fn all_logs_together_are_bounded_and_return_dropped_bytes_to_the_budget() {
        let budget = Budget::new(30_000);
        let mut logs: Vec<Log> = (0..10).map(|_| Log::new(20_000, Arc::clone(&budget))).collect();
        for seq in 1..=200 {
            for log in &mut logs {
                log.append(Seq(seq), frame(seq, 500));
            }
            let kept: usize = logs.iter().map(Log::bytes).sum();
            assert_eq!(budget.taken(), kept);
            assert!(kept <= 30_000 + 10 * LEAST_BYTES, "{kept}");
        }
        assert!(budget.taken() > 30_000, "the logs are over the budget");
        for log in &mut logs {
            (201..=205).for_each(|seq| log.append(Seq(seq), frame(seq, 500)));
            assert!(
                matches!(log.read(Seq(200), 10_000), Read::Frames(_)),
                "the log keeps the entries of one commit"
            );
        }
        logs[0].shrink();
        logs.truncate(5);
        assert_eq!(budget.taken(), logs.iter().map(Log::bytes).sum::<usize>());
        drop(logs);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn an_entry_that_is_appended_twice_is_kept_once() {
        let mut log = log(1_000);
        for seq in [1, 2, 2, 1, 3] {
            log.append(Seq(seq), frame(seq, 8));
        }
        let Read::Frames(batch) = log.read(Seq(0), 1_000) else { panic!("the log has three frames") };
        assert_eq!(seqs(&batch), [1, 2, 3]);
    }

    #[test]
    fn a_log_without_frames_up_to_its_head_sends_subscribers_to_history() {
        let mut log = log(1_000);
        log.append(Seq(4), frame(4, 8));
        log.advance_head(Seq(5));
        assert_eq!(log.read(Seq(5), 9), Read::UpToDate);
        assert_eq!(log.read(Seq(4), 9), Read::Behind);
        log.append(Seq(6), frame(6, 8));
        log.shrink();
        assert_eq!((log.read(Seq(5), 9), log.bytes()), (Read::Behind, 0));
        assert_eq!(log.read(Seq(6), 9), Read::UpToDate);
    }
}
