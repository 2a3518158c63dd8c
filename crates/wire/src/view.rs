use serde::{Deserialize, Serialize};

use crate::conversation::{Conversation, Pair};
use crate::entry::{Entry, Page, Rows};
use crate::event::Setting;
use crate::fields::by_fields;
use crate::id::{GroupId, InviteId, SendId, UserId};
use crate::name::{Description, GroupName, PersonName};
use crate::seq::{Cursor, Seq};
use crate::time::Timestamp;
use crate::topic::Topic;

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Person {
    /// Who it is.
    pub id: UserId,
    /// What they are called.
    pub name: PersonName,
}

/// What a user may do in the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppRole {
    /// Has a name only.
    #[default]
    Guest,
    /// Has an account.
    Member,
    /// Manages people.
    Admin,
    /// Manages admins too. The first account of a fresh server.
    Owner,
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

/// Who may take a seat in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// Whoever finds it in the list of groups, or has its link.
    Listed,
    /// Whoever has the group's link.
    #[default]
    Open,
    /// Whoever an admin invites or adds.
    Invite,
}

/// What admins set of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// What it is called.
    pub name: GroupName,
    /// What it is about.
    pub description: Description,
    /// The most members it may have. Who is there already stays when it is lowered.
    pub limit: u32,
    /// Who may join.
    pub door: Door,
    /// Whether only admins write.
    pub announcing: bool,
    /// The pause, in seconds, between two messages of one member who is no admin; 0 for none.
    pub slow_s: u32,
    /// Whether it is closed: readable, but nobody writes or joins.
    pub archived: bool,
}

/// A link that lets people in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The secret part of the link.
    pub id: InviteId,
    /// Who made it.
    pub by: Person,
    /// Until when it works, UTC; none for as long as nobody revokes it.
    pub until: Option<Timestamp>,
    /// How many more people may use it; none for any number.
    pub uses: Option<u32>,
}

/// How far the log of a conversation has come to a member. These marks only move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Whose they are.
    pub user: UserId,
    /// Up to which place a device of theirs has it.
    pub delivered: Seq,
    /// Up to which place they have read it; never past `delivered`.
    pub read: Seq,
}

/// One seat in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The member.
    pub person: Person,
    /// What they may do.
    pub role: Role,
    /// Whether they have an account; a guest has none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub account: bool,
    /// Since when, UTC.
    pub since: Timestamp,
    /// Until when an admin has taken the word from them, UTC; it may be past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Up to which place a device of theirs has the log; a new seat begins with nothing.
    #[serde(skip_serializing_if = "Seq::is_zero")]
    pub delivered: Seq,
    /// Up to which place they have read it.
    #[serde(skip_serializing_if = "Seq::is_zero")]
    pub read: Seq,
}

/// A group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupSummary {
    /// Which group.
    pub id: GroupId,
    /// What it is called.
    pub name: GroupName,
}

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// A group.
    Group(GroupSummary),
    /// A direct.
    Direct {
        /// Both people.
        topic: Topic,
        /// The other one.
        with: Person,
    },
}

/// What a member wants to be told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Only what mentions them.
    Mentions,
    /// Nothing.
    Nothing,
}

/// A conversation of one's own, with what is new in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mine {
    /// The conversation.
    pub what: Summary,
    /// The number of unread messages of others, up to [`UNREAD_MOST`](crate::limits::UNREAD_MOST).
    pub unread: u32,
    /// The number of them that mention the user, up to the same.
    pub mentions: u32,
    /// What one wants to be told of.
    pub notify: Notify,
    /// Whether it stays out of the list until something in it mentions one.
    pub hidden: bool,
    /// The newest entry of its log in this answer.
    pub head: Seq,
    /// When that was, UTC.
    pub at: Timestamp,
}

/// Who is looking, and the conversations they have: what every page begins with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Visit {
    /// The signed-in user.
    pub me: Person,
    /// Their conversations, the one with the newest entry first, at most
    /// [`CONVERSATIONS`](crate::limits::CONVERSATIONS).
    pub mine: Vec<Mine>,
    /// Whether they have more.
    pub more: bool,
    /// Where their own topic stands in this answer.
    pub cursor: Cursor,
}

/// Where a page of a group begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// With what is unread if that is more than a page, else with the newest messages.
    #[default]
    Unread,
    /// With the newest messages.
    Newest,
    /// With those before this place.
    Before(Seq),
    /// With this place in the middle.
    Around(Seq),
    /// With what was said from this moment on.
    From(Timestamp),
}

/// What opening a group's link shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupView {
    /// The caller has a seat.
    Inside(Box<Opened>),
    /// The caller has none yet: the name, and how many are there.
    Outside {
        /// The group.
        group: GroupSummary,
        /// The number of members.
        members: u32,
        /// Why the caller cannot join, in a sentence; none if they can.
        closed: Option<String>,
    },
}

/// What the page of a conversation needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entrance {
    /// Who is looking; none if nobody is signed in.
    pub visit: Option<Visit>,
    /// What there is to see.
    pub view: GroupView,
    /// The group's link, absolute, for giving away; a direct has none.
    pub link: Option<String>,
    /// A fresh id for the composer's form, so that a form sent twice is one message.
    pub form_id: SendId,
}

/// A conversation as its members see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Opened {
    /// The conversation.
    pub what: Summary,
    /// What its admins have set; a direct has no admins.
    pub settings: Option<Settings>,
    /// Whether one of the two has blocked the other.
    pub blocked: bool,
    /// Whether it is the viewer who has.
    pub blocks: bool,
    /// What the viewer wants to be told of.
    pub notify: Notify,
    /// Whether the viewer has hidden it.
    pub hidden: bool,
    /// The viewer and those with a seat, the longest there first; of a large group not all, but
    /// [`PAGE_MEMBERS`](crate::limits::PAGE_MEMBERS) besides the viewer.
    pub members: Vec<Member>,
    /// The number of members.
    pub member_count: u32,
    /// The place up to which `settings` and `members` are true; later entries of the log change them.
    pub members_at: Seq,
    /// How far the viewer has read.
    pub read: Seq,
    /// A part of what was said.
    pub page: Rows,
    /// What admins have pinned, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Entry>,
}

/// A group as its admins manage it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Management {
    /// The group.
    pub id: GroupId,
    /// What they have set.
    pub settings: Settings,
    /// The highest limit the operator allows.
    pub max_limit: u32,
    /// Some of those with a seat, the longest there first.
    pub members: Vec<Member>,
    /// The number of members.
    pub member_count: u32,
    /// Who may not join.
    pub bans: Vec<Person>,
    /// The open invites.
    pub invites: Vec<Invite>,
    /// The newest entries of the audit log.
    pub audit: Page,
}

by_fields!(Person { id, name });
by_fields!(Settings { name, description, limit, door, announcing, slow_s, archived });
by_fields!(Member { person, role, since, muted_until; account, delivered, read });
by_fields!(Marks { user, delivered, read });
by_fields!(GroupSummary { id, name });
by_fields!(Mine { what, unread, mentions, head, at; notify, hidden });
by_fields!(Visit { me, mine, cursor; more });
by_fields!(Entrance { visit, view, link, form_id });
by_fields!(Opened { what, settings, members, member_count, members_at, read, page; blocked, blocks, notify, hidden, pins });

impl Member {
    /// A new seat.
    #[must_use]
    pub const fn new(person: Person, role: Role, since: Timestamp) -> Self {
        Self { person, role, account: false, since, muted_until: None, delivered: Seq::ZERO, read: Seq::ZERO }
    }

    /// How far the log has come to them.
    #[must_use]
    pub const fn marks(&self) -> Marks {
        Marks { user: self.person.id, delivered: self.delivered, read: self.read }
    }
}

impl Summary {
    /// Where its live news go.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::Group(group) => Topic::group(group.id),
            Self::Direct { topic, .. } => topic.clone(),
        }
    }

    /// The direct of these two, as one of them sees it.
    #[must_use]
    pub fn direct(pair: Pair, with: Person) -> Self {
        Self::Direct { topic: Topic::of(Conversation::Direct(pair)), with }
    }

    /// What it is called: the group's name, or the other one's.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Group(group) => group.name.as_str(),
            Self::Direct { with, .. } => with.name.as_str(),
        }
    }

    /// The path of its page.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Group(group) => format!("/g/{}", group.id),
            Self::Direct { with, .. } => format!("/d/{}", with.id),
        }
    }

    /// What its picture is made of.
    #[must_use]
    pub fn avatar(&self) -> String {
        match self {
            Self::Group(group) => group.id.to_string(),
            Self::Direct { with, .. } => with.id.to_string(),
        }
    }
}

impl Settings {
    /// What differs from other settings: the new values.
    #[must_use]
    pub fn changes_from(&self, old: &Self) -> Vec<Setting> {
        let mut changes = Vec::new();
        let mut note = |differs: bool, setting: Setting| {
            if differs {
                changes.push(setting);
            }
        };
        note(self.name != old.name, Setting::Name(self.name.clone()));
        note(self.description != old.description, Setting::Description(self.description.clone()));
        note(self.limit != old.limit, Setting::Limit(self.limit));
        note(self.door != old.door, Setting::Door(self.door));
        note(self.announcing != old.announcing, Setting::Announcing(self.announcing));
        note(self.slow_s != old.slow_s, Setting::SlowS(self.slow_s));
        note(self.archived != old.archived, Setting::Archived(self.archived));
        changes
    }

    /// Takes over one new value.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Name(name) => self.name = name,
            Setting::Description(description) => self.description = description,
            Setting::Limit(limit) => self.limit = limit,
            Setting::Door(door) => self.door = door,
            Setting::Announcing(announcing) => self.announcing = announcing,
            Setting::SlowS(slow_s) => self.slow_s = slow_s,
            Setting::Archived(archived) => self.archived = archived,
        }
    }
}
