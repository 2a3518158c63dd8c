use std::collections::VecDeque;

use bytes::Bytes;
use wire::Seq;

/// The newest entries of one topic as finished frames: contiguous in Seq, bounded in bytes, oldest out first.
#[derive(Debug)]
pub struct Log {
    frames: VecDeque<Bytes>,
    /// The place of the newest entry ever published, whether or not its frame is still here.
    head: Seq,
    bytes: usize,
    max_bytes: usize,
}

/// What a reader finds after its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Nothing: it has everything.
    UpToDate,
    /// Frames were handed out; the cursor is now here.
    Frames(Seq),
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
    pub fn append(&mut self, seq: Seq, frame: Bytes) {
        if seq <= self.head {
            return;
        }
        if seq != self.head.next() {
            self.clear();
        }
        self.head = seq;
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.bytes > self.max_bytes && self.frames.len() > 1 {
            self.bytes -= self.frames.pop_front().map_or(0, |frame| frame.len());
        }
    }

    /// Learns that entries up to `head` exist, without their frames.
    pub fn raise(&mut self, head: Seq) {
        if head > self.head {
            self.clear();
            self.head = head;
        }
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

    /// Hands out the frames after `cursor` and not after `until`, at least one and then as many as stay
    /// within `max_bytes`.
    pub fn read(&self, cursor: Seq, until: Seq, max_bytes: usize, into: &mut Vec<Bytes>) -> Read {
        let until = until.min(self.head);
        if cursor >= until {
            return Read::UpToDate;
        }
        let first = self.head.0 + 1 - self.frames.len() as u64;
        let Some(skip) = cursor.next().0.checked_sub(first) else {
            return Read::Behind;
        };
        let (mut at, mut taken) = (cursor, 0);
        for frame in self.frames.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
            if at >= until || (taken > 0 && taken + frame.len() > max_bytes) {
                break;
            }
            taken += frame.len();
            into.push(frame.clone());
            at = at.next();
        }
        if at == cursor { Read::Behind } else { Read::Frames(at) }
    }

    fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(seq: u64, len: usize) -> Bytes {
        let mut text = seq.to_string().into_bytes();
        text.resize(len.max(text.len()), b'.');
        text.into()
    }

    fn seq_of(frame: &Bytes) -> u64 {
        let text = std::str::from_utf8(frame).unwrap();
        text.trim_end_matches('.').parse().unwrap()
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
                let mut frames = Vec::new();
                match log.read(at, Seq(u64::MAX), take, &mut frames) {
                    Read::UpToDate => {
                        prop_assert!(at >= log.head());
                        break;
                    }
                    Read::Behind => {
                        // Only a frame that was trimmed or never came is missing, never one that is here.
                        prop_assert!(at < log.head());
                        let kept: Vec<u64> = log.frames.iter().map(seq_of).collect();
                        prop_assert!(!kept.contains(&at.next().0), "{} is here: {:?}", at.next(), kept);
                        break;
                    }
                    Read::Frames(now) => {
                        let seqs: Vec<u64> = frames.iter().map(seq_of).collect();
                        prop_assert_eq!(seqs, (at.0 + 1..=now.0).collect::<Vec<_>>());
                        at = now;
                    }
                }
            }
            prop_assert!(log.bytes() <= max_bytes.max(40));
        }
    }

    #[test]
    fn a_frame_that_comes_twice_is_kept_once() {
        let mut log = Log::new(1_000);
        for seq in [1, 2, 2, 1, 3] {
            log.append(Seq(seq), frame(seq, 8));
        }
        let mut frames = Vec::new();
        assert_eq!(log.read(Seq(0), Seq(9), 1_000, &mut frames), Read::Frames(Seq(3)));
        assert_eq!(frames.iter().map(seq_of).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn a_log_that_only_knows_its_head_sends_readers_to_history() {
        let mut log = Log::new(1_000);
        log.raise(Seq(5));
        assert_eq!(log.read(Seq(5), Seq(9), 9, &mut Vec::new()), Read::UpToDate);
        assert_eq!(log.read(Seq(4), Seq(9), 9, &mut Vec::new()), Read::Behind);
    }

    #[test]
    fn nothing_is_read_past_the_given_end() {
        let mut log = Log::new(1_000);
        for seq in 1..=4 {
            log.append(Seq(seq), frame(seq, 8));
        }
        let mut frames = Vec::new();
        assert_eq!(log.read(Seq(1), Seq(2), 1_000, &mut frames), Read::Frames(Seq(2)));
        assert_eq!(log.read(Seq(2), Seq(2), 1_000, &mut frames), Read::UpToDate);
        assert_eq!(frames.len(), 1);
    }
}
