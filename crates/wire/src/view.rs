use serde::{Deserialize, Serialize};

use crate::entry::Page;
use crate::id::{GroupId, SendId, UserId};
use crate::name::{GroupName, PersonName};
use crate::seq::{Cursor, Seq};
use crate::time::Timestamp;

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Who it is.
    pub id: UserId,
    /// What they are called.
    pub name: PersonName,
}

/// What a member may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May change the group and its members.
    Admin,
    /// May read and write.
    Member,
}

/// One seat in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whose seat it is.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Since when, UTC.
    pub since: Timestamp,
}

/// A group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// Which group.
    pub id: GroupId,
    /// What it is called.
    pub name: GroupName,
}

/// Who is looking, and the groups they have: what every page begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The signed-in user.
    pub me: Person,
    /// Their groups, the one they joined last first.
    pub groups: Vec<GroupSummary>,
    /// Where their own topic stands in this answer.
    pub cursor: Cursor,
}

/// What opening a group's link shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupView {
    /// The caller has a seat.
    Inside(Box<GroupPage>),
    /// The caller has none yet: the name, and how many are there.
    Outside {
        /// The group.
        group: GroupSummary,
        /// How many members it has.
        members: u32,
    },
}

/// What a group's page needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entrance {
    /// Who is looking; none if nobody is signed in.
    pub visit: Option<Visit>,
    /// What there is to see.
    pub view: GroupView,
    /// The group's link, absolute, for giving away.
    pub link: String,
    /// A fresh id for the composer's form, so that a form sent twice is one message.
    pub form_id: SendId,
}

/// A group as its members see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupPage {
    /// The group.
    pub group: GroupSummary,
    /// Everyone with a seat, the longest there first.
    pub members: Vec<Member>,
    /// The place up to which `members` is true; later entries of the log change it.
    pub members_at: Seq,
    /// A slice of the log.
    pub page: Page,
}
