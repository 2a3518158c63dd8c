//! The frame of an appended entry, which is encoded when somebody needs it first.

use std::cell::OnceCell;

use broker::Frame;

use crate::ports::store::Appended;

/// An appended entry with its frame: shared by subscribers and recent entries, and never encoded for a log that nobody
/// reads.
#[derive(Debug)]
pub(crate) struct AppendedFrame<'a> {
    pub(crate) appended: &'a Appended,
    frame: OnceCell<Frame>,
}

impl<'a> AppendedFrame<'a> {
    pub(crate) const fn of(appended: &'a Appended) -> Self {
        Self { appended, frame: OnceCell::new() }
    }

    pub(crate) fn frame(&self) -> Frame {
        self.frame.get_or_init(|| Frame::text(&self.appended.entry.encode())).clone()
    }
}
