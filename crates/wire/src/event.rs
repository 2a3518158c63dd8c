use serde::{Deserialize, Serialize};

use crate::id::GroupId;
use crate::name::GroupName;
use crate::rich::RichText;
use crate::view::{GroupSummary, Member, Person, Role};

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
