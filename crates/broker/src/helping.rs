use std::collections::HashMap;
use std::sync::Arc;

use wire::Seq;

use crate::frame::Frame;
use crate::log::Read;
use crate::topic::TopicLog;

/// The next frames of a topic after a cursor, in one piece, so that one write takes them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helping {
    /// The place before the first frame.
    cursor: Seq,
    bytes: Vec<u8>,
    /// Where each frame ends in `bytes`.
    ends: Vec<usize>,
}

/// What a write of a part of a helping has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    /// The last frame of which anything was written.
    pub(crate) last: Seq,
    /// What of it was not: it must come before everything else.
    pub(crate) rest: &'a [u8],
}

impl Helping {
    /// Frames that follow `cursor` without a hole, at least one and then as many as stay within `max_bytes`.
    #[must_use]
    pub fn of<'a>(cursor: Seq, frames: impl IntoIterator<Item = &'a Frame>, max_bytes: usize) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for frame in frames {
            let frame = frame.bytes();
            if !ends.is_empty() && bytes.len() + frame.len() > max_bytes {
                break;
            }
            bytes.extend_from_slice(frame);
            ends.push(bytes.len());
        }
        Self { cursor, bytes, ends }
    }

    /// The frames, one by one.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The place of the last frame.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq(self.cursor.0 + self.ends.len() as u64)
    }

    /// The frames up to a place.
    pub(crate) fn up_to(&self, until: Seq) -> &[u8] {
        let frames = usize::try_from(until.0.saturating_sub(self.cursor.0)).unwrap_or(usize::MAX);
        match frames.min(self.ends.len()).checked_sub(1) {
            Some(last) => &self.bytes[..self.ends[last]],
            None => &[],
        }
    }

    /// The first bytes, as many as [`Helping::up_to`] gave.
    pub(crate) fn first(&self, bytes: usize) -> &[u8] {
        &self.bytes[..bytes]
    }

    /// What has come of writing this many bytes, at least one.
    pub(crate) fn written(&self, bytes: usize) -> Written<'_> {
        let frame = self.ends.partition_point(|end| *end < bytes);
        let rest = self.ends.get(frame).map_or(&[][..], |end| &self.bytes[bytes..*end]);
        Written { last: Seq(self.cursor.0 + frame as u64 + 1), rest }
    }
}

/// The helpings of one pass: those who stand at the same place of a topic share one, made once.
#[derive(Debug, Default)]
pub(crate) struct Helpings {
    made: HashMap<(u64, Kind, Seq), Look>,
    bytes: usize,
}

/// Which of a topic's two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Its entries.
    Entries,
    /// What is told in passing.
    Signals,
}

/// What a topic has after a cursor.
#[derive(Clone, Debug)]
pub(crate) enum Look {
    Nothing,
    Behind,
    Frames(Arc<Helping>),
}

/// About how much is written to one connection at once.
pub(crate) const HELPING_BYTES: usize = 64 * 1_024;
/// How much is kept for others in one pass. Where many stand at different places, sharing gains little.
const SHARED_BYTES: usize = 1_024 * 1_024;

impl Helpings {
    /// What the topic has after a cursor; at least what it had when somebody first asked in this pass.
    pub(crate) fn of(&mut self, topic: &TopicLog, kind: Kind, cursor: Seq) -> Look {
        let key = (topic.number, kind, cursor);
        if let Some(look) = self.made.get(&key) {
            return look.clone();
        }
        let read = match kind {
            Kind::Entries => topic.log().read(cursor, HELPING_BYTES),
            Kind::Signals => {
                let signals = topic.signals();
                // What is no longer kept is lost, and nothing else.
                signals.read(cursor.max(signals.before_first()), HELPING_BYTES)
            }
        };
        let look = match read {
            Read::UpToDate => Look::Nothing,
            Read::Behind => Look::Behind,
            Read::Frames(helping) => Look::Frames(Arc::new(helping)),
        };
        if let Look::Frames(helping) = &look {
            self.bytes += helping.bytes.capacity();
        }
        if self.bytes > SHARED_BYTES {
            self.clear();
        } else {
            self.made.insert(key, look.clone());
        }
        look
    }

    /// Forgets everything: the pass is over.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helping() -> Helping {
        let frames: Vec<Frame> = ["a", "bcd", "ef"].map(Frame::text).into();
        Helping::of(Seq(7), &frames, usize::MAX)
    }

    #[test]
    fn it_ends_where_it_may_be_read_to() {
        let helping = helping();
        assert_eq!(helping.last(), Seq(10));
        let lengths = [0, 6, 7, 8, 9, 10, 11].map(|until| helping.up_to(Seq(until)).len());
        assert_eq!(lengths, [0, 0, 0, 3, 8, 12, 12]);
    }

    #[test]
    fn what_is_left_of_a_frame_is_known_wherever_a_write_ends() {
        let helping = helping();
        for bytes in 1..=12 {
            let Written { last, rest } = helping.written(bytes);
            let whole = helping.up_to(last);
            assert_eq!([&whole[..bytes], rest].concat(), whole);
            assert!(helping.up_to(Seq(last.0 - 1)).len() < bytes, "{bytes}");
        }
    }

    #[test]
    fn at_least_one_frame_is_handed_out_however_long_it_is() {
        let frames = [Frame::text("0123456789"), Frame::text("x")];
        assert_eq!(Helping::of(Seq(0), &frames, 5).last(), Seq(1));
        assert_eq!(Helping::of(Seq(0), &frames, 15).last(), Seq(2));
        assert!(Helping::of(Seq(0), [], 15).is_empty());
    }
}
