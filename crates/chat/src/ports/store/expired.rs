//! Removal of expired rows.

use wire::{Timestamp, UserId};

/// Removes expired rows: what is newer than each bound stays. A guest who did something has an account, a membership, a
/// direct, a block or a log of their own, or has sent anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Guests who never did anything and were seen last before this time go.
    pub guests_before: Timestamp,
    /// The most guests to look at, those created longest ago first.
    pub guests: usize,
    /// Attempts from before this time go.
    pub attempts_before: Timestamp,
    /// Links and invites that expired before this time go; so do invites that are used up, and what is kept of the keys
    /// of users who were deleted before it.
    pub links_before: Timestamp,
    /// Sessions that were seen last before this time go.
    pub sessions_seen_before: Timestamp,
    /// Sessions that began before this time go.
    pub sessions_begun_before: Timestamp,
    /// Revocations from before this time go, but the newest.
    pub revocations_before: Timestamp,
    /// The time of the sweep: the sessions that it removes end then.
    pub at: Timestamp,
}

/// The outcome of a [`Sweep`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The guests who were removed.
    pub guests: Vec<UserId>,
}
