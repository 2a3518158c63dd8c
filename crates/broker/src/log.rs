use std::collections::VecDeque;

use wire::Seq;

use crate::frame::Frame;
use crate::helping::Helping;

/// The newest entries of one topic as finished frames: contiguous in Seq, bounded in bytes, oldest out first.
#[derive(Debug)]
pub struct Log {
    frames: VecDeque<Frame>,
    /// The place of the newest entry ever published, whether or not its frame is still here.
    head: Seq,
    bytes: usize,
    max_bytes: usize,
}

/// What a reader finds after its cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Nothing: it has everything.
    UpToDate,
    /// The next frames.
    Frames(Helping),
    /// The next entry is no longer, or not yet, in the log: history has it.
    Behind,
}

impl Log {
    /// An empty log that keeps at most `max_bytes` of frames, but always the newest one.
    #[must_use]
    pub const fn new(max_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), head: Seq::ZERO, bytes: 0, max_bytes }
    }

    /// Adds the frame of the entry at `seq`. A frame that is already here is passed over; after a leap the
    /// older frames go, since a reader must never step over a hole without knowing.
    pub fn append(&mut self, seq: Seq, frame: Frame) {
        if seq <= self.head {
            return;
        }
        if seq != self.head.next() {
            self.shrink();
        }
        self.head = seq;
        self.bytes += frame.bytes().len();
        self.frames.push_back(frame);
        while self.bytes > self.max_bytes && self.frames.len() > 1 {
            self.bytes -= self.frames.pop_front().map_or(0, |frame| frame.bytes().len());
        }
    }

    /// Learns that entries up to `head` exist, without their frames.
    pub fn raise(&mut self, head: Seq) {
        if head > self.head {
            self.shrink();
            self.head = head;
        }
    }

    /// Forgets the frames, and gives their memory back; who lacks them finds them in history.
    pub fn shrink(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }

    /// The place of the newest entry.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.head
    }

    /// The place before the oldest frame that is kept.
    #[must_use]
    pub fn before_first(&self) -> Seq {
        Seq(self.head.0 - self.frames.len() as u64)
    }

    /// How many bytes of frames are kept.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The frames after `cursor`, at least one and then as many as stay within `max_bytes`.
    #[must_use]
    pub fn read(&self, cursor: Seq, max_bytes: usize) -> Read {
        if cursor >= self.head {
            return Read::UpToDate;
        }
        let Some(skip) = cursor.0.checked_sub(self.before_first().0) else {
            return Read::Behind;
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        match Helping::of(cursor, self.frames.iter().skip(skip), max_bytes) {
            helping if helping.is_empty() => Read::Behind,
            helping => Read::Frames(helping),
        }
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

    fn seq_of(frame: &[u8]) -> u64 {
        // The frames here are short: two bytes of header.
        std::str::from_utf8(&frame[2..]).unwrap().trim_end_matches('.').parse().unwrap()
    }

    fn seqs(helping: &Helping) -> Vec<u64> {
        helping.frames().map(seq_of).collect()
    }

    proptest! {
        #[test]
        fn a_reader_gets_every_frame_in_order_or_learns_that_it_is_behind(
            leaps in prop::collection::vec((0u64..3, 1usize..40), 1..80),
            max_bytes in 1usize..200,
            cursor in 0u64..100,
            take in 1usize..120,
        ) {
            let mut log = Log::new(max_bytes);
            for (leap, len) in leaps {
                let seq = log.head().0 + 1 + leap / 2;
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
                        // Only a frame that was trimmed or never came is missing, never one that is here.
                        prop_assert!(at < log.head());
                        let kept: Vec<u64> = log.frames.iter().map(|frame| seq_of(frame.bytes())).collect();
                        prop_assert!(!kept.contains(&at.next().0), "{} is here: {:?}", at.next(), kept);
                        break;
                    }
                    Read::Frames(helping) => {
                        let now = helping.last();
                        prop_assert_eq!(seqs(&helping), (at.0 + 1..=now.0).collect::<Vec<_>>());
                        at = now;
                    }
                }
            }
            prop_assert!(log.bytes() <= max_bytes.max(42));
        }
    }

    #[test]
    fn a_frame_that_comes_twice_is_kept_once() {
        let mut log = Log::new(1_000);
        for seq in [1, 2, 2, 1, 3] {
            log.append(Seq(seq), frame(seq, 8));
        }
        let Read::Frames(helping) = log.read(Seq(0), 1_000) else { panic!("three frames are here") };
        assert_eq!(seqs(&helping), [1, 2, 3]);
    }

    #[test]
    fn a_log_that_only_knows_its_head_sends_readers_to_history() {
        let mut log = Log::new(1_000);
        log.append(Seq(4), frame(4, 8));
        log.raise(Seq(5));
        assert_eq!(log.read(Seq(5), 9), Read::UpToDate);
        assert_eq!(log.read(Seq(4), 9), Read::Behind);
        log.append(Seq(6), frame(6, 8));
        log.shrink();
        assert_eq!((log.read(Seq(5), 9), log.bytes()), (Read::Behind, 0));
        assert_eq!(log.read(Seq(6), 9), Read::UpToDate);
    }
}
