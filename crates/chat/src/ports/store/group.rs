//! Groups: listings, the roster that rules decide on, and the changes they decide.

use wire::{
    Description, FileId, GroupId, GroupSummary, Invite, InviteId, Member, Person, Role, Seq, Settings,
    Timestamp, UserId,
};

use super::{Draft, HookFact, LogOutcome, Version};
use crate::names::ExternalKey;

/// A group as a list of groups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// The id and name, which the list links.
    pub group: GroupSummary,
    /// The description below the name; empty if there is none.
    pub description: Description,
    /// The number of members.
    pub members: u32,
}

/// A change of a group, decided on the [`Roster`] that had `version`.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupChange {
    /// The group whose facts change.
    pub group: GroupId,
    /// The version of the roster that the change was decided on; none if the group must not exist yet.
    pub version: Option<Version>,
    /// The facts, in the order in which they apply.
    pub facts: Vec<Fact>,
    /// The entries that announce it, in this order. The drafts need no permission. The change is
    /// [`Checked::Stale`](super::Checked::Stale) if an entry has the id of one of them.
    pub news: Vec<Draft>,
}

/// The creation of a group with its first message: neither is ever there without the other. The change gives the author
/// a seat, if that is a user, and all recipients, so the message needs no permission.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupWithMessage {
    /// The creation of the group.
    pub change: GroupChange,
    /// The message, for the log of the group.
    pub draft: Draft,
    /// The only readers besides the author; none if every member reads it.
    pub recipients: Option<Vec<UserId>>,
    /// The files of the sender that it takes, as [`WithFiles::files`](super::WithFiles::files).
    pub files: Vec<FileId>,
}

/// The outcome of a [`GroupWithMessage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupWithMessageOutcome {
    /// The group cannot be created so, as another one has its key. Nothing was written.
    Stale,
    /// The group is there with the message, or the id of the message was used before, and then nothing was written.
    Message(LogOutcome),
}

/// A change of one part of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The group exists.
    Created {
        /// The first settings, as the creator chose them.
        settings: Settings,
        /// The time of its creation.
        at: Timestamp,
    },
    /// The settings are these.
    SettingsChanged(Settings),
    /// The application names it by a key that no other group has. The change is
    /// [`Checked::Stale`](super::Checked::Stale) if one has it.
    Keyed(ExternalKey),
    /// The application names it by its next number: one more than the greatest number that is, or was, a key of one of
    /// its groups; see [`ExternalKey::number`].
    Numbered,
    /// The group no longer exists, nor do its logs and its incoming webhooks.
    Deleted,
    /// A user is a member.
    MemberAdded(Member),
    /// The member was added by another user.
    AddedBy {
        /// The member, who did not join by themselves.
        to: UserId,
        /// The user who added the member.
        by: UserId,
    },
    /// A user is no longer a member.
    MemberRemoved(UserId),
    /// A member has another role.
    RoleChanged(UserId, Role),
    /// A member is muted until then, or no longer.
    Muted(UserId, Option<Timestamp>),
    /// A user is banned.
    Banned(Person),
    /// A user is no longer banned.
    Unbanned(UserId),
    /// An invite exists.
    Invited(Invite),
    /// An invite was used once more; its number of uses may be unlimited.
    InviteUsed(InviteId),
    /// An invite no longer works.
    InviteRevoked(InviteId),
    /// An incoming webhook is another one now.
    Hook(HookFact),
}

/// Settings, members and version of a group: the input of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// The group whose state this is.
    pub id: GroupId,
    /// Its settings, as the admins have set them.
    pub settings: Settings,
    /// The members, by the time they joined, the first one first.
    pub members: Vec<Member>,
    /// The banned users.
    pub bans: Vec<Person>,
    /// The invites, the oldest first; some may have expired.
    pub invites: Vec<Invite>,
    /// The number of its changes.
    pub version: Version,
    /// The head of the group's log when this was read.
    pub head: Seq,
    /// The author of what the application does, if the application decides: an admin without a membership. A store has
    /// none.
    pub owner: Option<Person>,
}

/// A group as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOverview {
    /// Its settings, as the admins have set them.
    pub settings: Settings,
    /// Some of its members, by the time they joined, the first one first.
    pub members: Vec<Member>,
    /// The number of all its members.
    pub count: u32,
    /// The head of the group's log when this was read.
    pub head: Seq,
}

impl Roster {
    /// Returns the group as a list shows it.
    #[must_use]
    pub fn summary(&self) -> GroupSummary {
        GroupSummary { id: self.id, name: self.settings.name.clone() }
    }

    /// Returns true if a user is banned.
    #[must_use]
    pub fn is_banned(&self, user: UserId) -> bool {
        self.bans.iter().any(|banned| banned.id == user)
    }

    /// Returns true if a user is the only admin. Where the application decides, it is one, too.
    #[must_use]
    pub fn is_last_admin(&self, user: UserId) -> bool {
        if self.owner.is_some() {
            return false;
        }
        let mut admins = self.members.iter().filter(|member| member.role == Role::Admin);
        admins.next().is_some_and(|admin| admin.person.id == user) && admins.next().is_none()
    }

    /// Returns a user's membership.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.person.id == user)
    }
}
