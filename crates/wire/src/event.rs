use serde::{Deserialize, Serialize};

use crate::id::GroupId;
use crate::name::{Description, GroupName};
use crate::rich::RichText;
use crate::time::Timestamp;
use crate::view::{Door, GroupSummary, Member, Person, Role};

/// A setting of a group and its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// What it is called.
    Name(GroupName),
    /// What it is about.
    Description(Description),
    /// The most members it may have.
    Limit(u32),
    /// Who may join.
    Door(Door),
    /// Whether only admins write.
    Announcing(bool),
    /// The pause of slow mode, in seconds.
    SlowS(u32),
    /// Whether it is closed.
    Archived(bool),
}

/// What happened in a conversation, or to one user: the `data` of the entries of `group/…` and `user/…`.
///
/// Names are those of the moment; the id tells who it is. A reader passes over a `type` it does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The group began. Always its first entry.
    Created {
        /// Who made it, and is its first admin.
        by: Person,
        /// What it was called.
        name: GroupName,
    },
    /// Somebody took a seat.
    Joined {
        /// The seat.
        member: Member,
    },
    /// Somebody gave up their seat.
    Left {
        /// Who it was.
        person: Person,
    },
    /// Somebody may do more, or less, than before.
    Ranked {
        /// Who it was about.
        person: Person,
        /// What they may do now.
        role: Role,
        /// Who decided it.
        by: Person,
    },
    /// Somebody lost their seat.
    Removed {
        /// Who it was.
        person: Person,
        /// Who decided it.
        by: Person,
        /// Whether they may not come back.
        #[serde(default)]
        banned: bool,
    },
    /// An admin gave somebody a seat. In the audit log; the group's log has `joined`.
    Added {
        /// The seat.
        member: Member,
        /// Who decided it.
        by: Person,
    },
    /// A ban is lifted. In the audit log.
    Unbanned {
        /// Whose it was.
        person: Person,
        /// Who decided it.
        by: Person,
    },
    /// The word was taken from somebody, or given back.
    Muted {
        /// Who it is about.
        person: Person,
        /// Until when, UTC; none if it is given back.
        until: Option<Timestamp>,
        /// Who decided it.
        by: Person,
    },
    /// A setting is another one now.
    Changed {
        /// What is true now.
        setting: Setting,
        /// Who decided it.
        by: Person,
    },
    /// There is a new invite. In the audit log.
    Invited {
        /// Until when it works, UTC.
        until: Option<Timestamp>,
        /// How many people may use it.
        uses: Option<u32>,
        /// Who made it.
        by: Person,
    },
    /// An invite no longer works. In the audit log.
    Uninvited {
        /// Who revoked it.
        by: Person,
    },
    /// Somebody said something.
    Message {
        /// Who said it.
        author: Person,
        /// What was typed.
        text: String,
        /// What it means.
        body: RichText,
    },
    /// On a user's own topic: a group is now theirs.
    GroupAdded {
        /// The group.
        group: GroupSummary,
    },
    /// On a user's own topic: a group is no longer theirs.
    GroupGone {
        /// The group.
        group: GroupId,
    },
    /// Something this version has no word for.
    #[serde(other)]
    Unknown,
}
