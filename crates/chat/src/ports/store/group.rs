use wire::{
    Description, GroupId, GroupSummary, Invite, InviteId, Member, Person, Role, Seq, Settings, Timestamp,
    UserId,
};

use super::Draft;

/// A group as a list of groups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// Which.
    pub group: GroupSummary,
    /// What it is about.
    pub description: Description,
    /// The number of members.
    pub members: u32,
}

/// A change of a group, decided on the [`Roster`] that had `version`.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupChange {
    /// Which group.
    pub group: GroupId,
    /// The version that was looked at; none if the group must not exist yet.
    pub version: Option<Version>,
    /// What becomes true.
    pub facts: Vec<Fact>,
    /// What is told of it, in this order. The drafts need no right.
    pub news: Vec<Draft>,
}

/// What can become true of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It exists.
    Created {
        /// What is set.
        settings: Settings,
        /// Since when.
        at: Timestamp,
    },
    /// This is set now.
    Settled(Settings),
    /// It does not exist any more, nor does its log or its audit log.
    Deleted,
    /// Somebody has a seat.
    Seated(Member),
    /// The seat that somebody has was given to them by another.
    Given {
        /// The member.
        to: UserId,
        /// The user who added the member.
        by: UserId,
    },
    /// Somebody has none.
    Unseated(UserId),
    /// Somebody may do more, or less.
    Ranked(UserId, Role),
    /// Somebody has no word until then, or has it again.
    Muted(UserId, Option<Timestamp>),
    /// Somebody may not join.
    Banned(Person),
    /// Somebody may join again.
    Unbanned(UserId),
    /// There is an invite.
    Invited(Invite),
    /// One more has used an invite; it may be one of any number of uses.
    InviteUsed(InviteId),
    /// An invite no longer works.
    InviteGone(InviteId),
}

/// Counts the changes of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// Settings, members and version of a group: what the rules look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// Which group.
    pub id: GroupId,
    /// What its admins have set.
    pub settings: Settings,
    /// The seats, the longest there first.
    pub members: Vec<Member>,
    /// Who may not join.
    pub bans: Vec<Person>,
    /// The invites, the oldest first; some may be over.
    pub invites: Vec<Invite>,
    /// Counts its changes.
    pub version: Version,
    /// The head of the group's log when this was read.
    pub head: Seq,
}

/// A group as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOverview {
    /// What its admins have set.
    pub settings: Settings,
    /// Some of its members, the longest there first.
    pub members: Vec<Member>,
    /// The total.
    pub count: u32,
    /// The head of the group's log when this was read.
    pub head: Seq,
}

impl Roster {
    /// The group as a list shows it.
    #[must_use]
    pub fn summary(&self) -> GroupSummary {
        GroupSummary { id: self.id, name: self.settings.name.clone() }
    }

    /// Whether somebody may not join.
    #[must_use]
    pub fn is_banned(&self, user: UserId) -> bool {
        self.bans.iter().any(|banned| banned.id == user)
    }

    /// Whether somebody is the only admin.
    #[must_use]
    pub fn is_last_admin(&self, user: UserId) -> bool {
        let mut admins = self.members.iter().filter(|member| member.role == Role::Admin);
        admins.next().is_some_and(|admin| admin.person.id == user) && admins.next().is_none()
    }

    /// A user's seat.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.person.id == user)
    }
}
