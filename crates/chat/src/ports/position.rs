//! The position of an entry: its place in the order of all commits.

/// The place of an entry among all entries of the store, in the order in which they were committed. Never reused; there
/// may be gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);
