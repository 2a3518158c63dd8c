//! The outcomes that the writes of several areas have in common.

/// The outcome of a write that is always done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done;

/// The outcome of a write that is done only if that on which it was decided still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The write is done.
    Done,
    /// The state that it was decided on has changed or is gone: decide again. Nothing was written.
    Stale,
}
