//! Membership over time: the users that are members at each Seq of a log.

use std::collections::HashMap;

use wire::{Seq, UserId};

use crate::record::{Line, MembershipChange};

/// The beginnings and ends of each user's membership, in the order of the log.
#[derive(Debug)]
pub(super) struct Memberships(HashMap<UserId, Vec<(Seq, bool)>>);

impl Memberships {
    pub(super) fn of(log: &[Line]) -> Self {
        let mut memberships: HashMap<UserId, Vec<_>> = HashMap::new();
        for line in log {
            if let Some(MembershipChange { user, is_member }) = line.membership {
                memberships.entry(user).or_default().push((line.seq, is_member));
            }
        }
        Self(memberships)
    }

    /// Returns true if a user is a member after the entry with this Seq; none if the log says nothing of them.
    pub(super) fn is_member(&self, user: UserId, seq: Seq) -> Option<bool> {
        let changes = self.0.get(&user)?;
        let later = changes.partition_point(|(at, _)| *at <= seq);
        Some(later > 0 && changes[later - 1].1)
    }

    /// Returns the first entry after a Seq that ends a user's membership.
    pub(super) fn end_after(&self, user: UserId, seq: Seq) -> Option<Seq> {
        let changes = self.0.get(&user)?.iter();
        changes.filter(|(at, is_member)| *at > seq && !is_member).map(|(at, _)| *at).next()
    }
}
