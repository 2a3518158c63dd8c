//! A batch of frames: the next ones after a cursor, contiguous in memory.

use wire::Seq;

use crate::websocket::Frame;

/// The next frames of a topic after a cursor, contiguous in memory, so that one write takes them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameBatch {
    /// The Seq before the first frame.
    cursor: Seq,
    bytes: Vec<u8>,
    /// The end offset of each frame in `bytes`.
    ends: Vec<usize>,
}

/// The result of writing a part of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WriteProgress<'a> {
    /// The last frame of which anything was written.
    pub(crate) last: Seq,
    /// The unwritten rest of that frame, which must go out before everything else.
    pub(crate) rest: &'a [u8],
}

impl FrameBatch {
    /// Creates a batch of frames that follow `cursor` without a hole: at least one, and then as many as fit in
    /// `max_bytes`.
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

    /// Returns the bytes of memory that it takes.
    pub(crate) const fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Iterates over the frames.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
    }

    /// Returns true if there is no frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the Seq of the last frame.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq(self.cursor.0 + self.ends.len() as u64)
    }

    /// Returns the bytes of the frames up to a Seq.
    pub(crate) fn up_to(&self, until: Seq) -> &[u8] {
        let frames = usize::try_from(until.0.saturating_sub(self.cursor.0)).unwrap_or(usize::MAX);
        match frames.min(self.ends.len()).checked_sub(1) {
            Some(last) => &self.bytes[..self.ends[last]],
            None => &[],
        }
    }

    /// Returns the first bytes, as many as [`FrameBatch::up_to`] returned.
    pub(crate) fn first(&self, bytes: usize) -> &[u8] {
        &self.bytes[..bytes]
    }

    /// Returns the progress after writing this many bytes, at least one.
    pub(crate) fn written(&self, bytes: usize) -> WriteProgress<'_> {
        let frame = self.ends.partition_point(|end| *end < bytes);
        let rest = self.ends.get(frame).map_or(&[][..], |end| &self.bytes[bytes..*end]);
        WriteProgress { last: Seq(self.cursor.0 + frame as u64 + 1), rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> FrameBatch {
        let frames: Vec<Frame> = ["a", "bcd", "ef"].map(Frame::text).into();
        FrameBatch::of(Seq(7), &frames, usize::MAX)
    }

    #[test]
    fn a_batch_is_cut_at_the_seq_up_to_which_it_may_be_delivered() {
        let batch = batch();
        assert_eq!(batch.last(), Seq(10));
        let lengths = [0, 6, 7, 8, 9, 10, 11].map(|until| batch.up_to(Seq(until)).len());
        assert_eq!(lengths, [0, 0, 0, 3, 8, 12, 12]);
    }

    #[test]
    fn a_partial_write_leaves_the_rest_of_its_last_frame_wherever_it_ends() {
        let batch = batch();
        for bytes in 1..=12 {
            let WriteProgress { last, rest } = batch.written(bytes);
            let whole = batch.up_to(last);
            assert_eq!([&whole[..bytes], rest].concat(), whole);
            assert!(batch.up_to(Seq(last.0 - 1)).len() < bytes, "{bytes}");
        }
    }

    #[test]
    fn a_batch_has_at_least_one_frame_however_long() {
        let frames = [Frame::text("0123456789"), Frame::text("x")];
        assert_eq!(FrameBatch::of(Seq(0), &frames, 5).last(), Seq(1));
        assert_eq!(FrameBatch::of(Seq(0), &frames, 15).last(), Seq(2));
        assert!(FrameBatch::of(Seq(0), [], 15).is_empty());
    }
}
