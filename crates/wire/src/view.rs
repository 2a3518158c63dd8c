//! Page data: the answers of server functions.

use serde::{Deserialize, Serialize};

use crate::conversation::{Conversation, Pair};
use crate::entry::{Entry, Page, Rows};
use crate::event::Setting;
use crate::fields::by_fields;
use crate::id::{GroupId, InviteId, SendId, UserId};
use crate::name::{Description, GroupName, PersonName};
use crate::refusal::Refused;
use crate::seq::{Cursor, Seq};
use crate::time::Timestamp;
use crate::topic::Topic;

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Person {
    /// The user's id.
    pub id: UserId,
    /// The display name.
    pub name: PersonName,
}

/// A user's role in the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppRole {
    /// Has a name only.
    #[default]
    Guest,
    /// Has an account.
    Member,
    /// Manages accounts, and may broadcast to everyone.
    Admin,
    /// Manages admins too. The first account of a fresh server.
    Owner,
}

/// A member's role in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May change the group and its members.
    Admin,
    /// May read and write.
    Member,
}

/// The rule by which people join a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// For everyone: the list of groups shows it, and its link lets people in.
    Listed,
    /// For everyone who has the group's link.
    #[default]
    Open,
    /// For people with an invite, and those whom an admin adds.
    Invite,
}

/// The settings of a group, which admins change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// The name that lists and the group's page show.
    pub name: GroupName,
    /// The description below the name; empty if there is none.
    pub description: Description,
    /// The most members it may have. Who is there already stays when it is lowered.
    pub limit: u32,
    /// The rule by which people join.
    pub join_policy: JoinPolicy,
    /// True if only admins may post.
    pub announcing: bool,
    /// The pause, in seconds, between two messages of one member who is no admin; 0 for none.
    pub slow_s: u32,
    /// True if it is archived: readable, but nobody may post or join.
    pub archived: bool,
}

/// A link that lets people in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The secret part of the link.
    pub id: InviteId,
    /// The admin who created it.
    pub by: Person,
    /// Its expiry, UTC; none until it is revoked.
    pub until: Option<Timestamp>,
    /// The remaining uses; none for any number.
    pub uses: Option<u32>,
}

/// A member's read state of a conversation: delivered and read Seqs. Both only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReadState {
    /// The member whose progress this is.
    pub user: UserId,
    /// The last Seq that a device of theirs has.
    pub delivered: Seq,
    /// The last Seq they have read; never past `delivered`.
    pub read: Seq,
}

/// The receipt of one recipient of a message. It only advances while they are a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The recipient.
    pub user: UserId,
    /// Their progress.
    pub state: DeliveryState,
}

/// The progress of a message towards one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The server has it.
    Sent,
    /// A device of theirs has it.
    Delivered,
    /// They have read it.
    Read,
}

/// One seat in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The user who has the seat, with their current name.
    pub person: Person,
    /// Their role in this group, not in the application.
    pub role: Role,
    /// True if they have an account, or the application names them by a key; a guest has neither.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub account: bool,
    /// The time they joined, UTC.
    pub since: Timestamp,
    /// The end of a mute, UTC; it may be past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// The last Seq that a device of theirs has; zero for a new member.
    #[serde(skip_serializing_if = "Seq::is_zero")]
    pub delivered: Seq,
    /// The last Seq they have read.
    #[serde(skip_serializing_if = "Seq::is_zero")]
    pub read: Seq,
}

/// A group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupSummary {
    /// The group's id.
    pub id: GroupId,
    /// The group's current name, as its admins have set it.
    pub name: GroupName,
}

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationSummary {
    /// A group, by its id and name.
    Group(GroupSummary),
    /// A direct, by its topic and its other user.
    Direct {
        /// The topic of the direct, which names both users.
        topic: Topic,
        /// The other one.
        with: Person,
    },
}

/// The messages of a conversation that notify a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationLevel {
    /// Every message of the conversation; the default.
    #[default]
    All,
    /// Only what mentions them.
    Mentions,
    /// No message, not even one that mentions them.
    Nothing,
}

/// A conversation of one's own, with what is new in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConversationItem {
    /// The group or direct, with the name that lists show.
    pub what: ConversationSummary,
    /// The number of unread messages of others, up to [`MAX_UNREAD`](crate::limits::MAX_UNREAD).
    pub unread: u32,
    /// The number of them that mention the user, up to the same.
    pub mentions: u32,
    /// The user's notification level.
    pub notify: NotificationLevel,
    /// True if it is hidden from the sidebar until something in it mentions the user.
    pub hidden: bool,
    /// The newest entry of its log in this answer.
    pub head: Seq,
    /// The time of that entry, UTC.
    pub at: Timestamp,
}

/// The signed-in user and their conversations, which every page shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overview {
    /// The signed-in user.
    pub me: Person,
    /// Their conversations, the one with the newest entry first, at most
    /// [`OVERVIEW_CONVERSATIONS`](crate::limits::OVERVIEW_CONVERSATIONS).
    pub mine: Vec<ConversationItem>,
    /// True if they have more.
    pub more: bool,
    /// The cursor of their own topic in this answer.
    pub cursor: Cursor,
    /// The most bytes of a file that they upload; 0 if the answer does not say.
    pub file_bytes: u64,
}

/// The start of a page of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageStart {
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

/// A conversation as a caller may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupView {
    /// The caller has a seat.
    Inside(Box<ConversationView>),
    /// The caller has none yet: the name, and how many are there.
    Outside {
        /// The id and name, shown before the caller joins.
        group: GroupSummary,
        /// The number of members.
        members: u32,
        /// The reason that the caller cannot join, in a sentence; none if they can.
        closed: Option<Refused>,
    },
}

/// The data of a conversation's page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationPageData {
    /// The signed-in user and their conversations; none if nobody is signed in.
    pub visit: Option<Overview>,
    /// The conversation, in full only for a caller with a seat.
    pub view: GroupView,
    /// The group's link, absolute, for giving away; a direct has none.
    pub link: Option<String>,
    /// A fresh id for the composer's form, so that a form sent twice is one message.
    pub form_id: SendId,
}

/// A conversation as its members see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationView {
    /// The group or direct, with the name that its page shows.
    pub what: ConversationSummary,
    /// The group's settings; none for a direct.
    pub settings: Option<Settings>,
    /// True if one user of a direct has blocked the other.
    pub blocked: bool,
    /// True if it is the viewer who has.
    pub blocks: bool,
    /// The viewer's notification level.
    pub notify: NotificationLevel,
    /// True if the viewer has hidden it.
    pub hidden: bool,
    /// The viewer and those with a seat, the longest there first; of a large group not all, but
    /// [`PAGE_MEMBERS`](crate::limits::PAGE_MEMBERS) besides the viewer.
    pub members: Vec<Member>,
    /// The number of members.
    pub member_count: u32,
    /// The place up to which `settings` and `members` are true; later entries of the log change them.
    pub members_at: Seq,
    /// The viewer's read mark.
    pub read: Seq,
    /// A part of what was said.
    pub page: Rows,
    /// The pinned messages, the oldest pin first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Entry>,
}

/// A group as its admins manage it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupAdminView {
    /// The id of the group, as in its link.
    pub id: GroupId,
    /// The group's settings.
    pub settings: Settings,
    /// The highest limit the operator allows.
    pub max_limit: u32,
    /// Some of those with a seat, the longest there first.
    pub members: Vec<Member>,
    /// The number of members.
    pub member_count: u32,
    /// The banned users.
    pub bans: Vec<Person>,
    /// The open invites.
    pub invites: Vec<Invite>,
    /// The newest entries of the audit log.
    pub audit: Page,
}

by_fields!(Person { id, name });
by_fields!(Settings { name, description, limit, join_policy, announcing, slow_s, archived });
by_fields!(Member { person, role, since, muted_until; account, delivered, read });
by_fields!(ReadState { user, delivered, read });
by_fields!(Receipt { user, state });
by_fields!(GroupSummary { id, name });
by_fields!(ConversationItem { what, unread, mentions, head, at; notify, hidden });
by_fields!(Overview { me, mine, cursor; more, file_bytes });
by_fields!(ConversationPageData { visit, view, link, form_id });
by_fields!(ConversationView { what, settings, members, member_count, members_at, read, page; blocked, blocks, notify, hidden, pins });

impl Member {
    /// A new seat.
    #[must_use]
    pub const fn new(person: Person, role: Role, since: Timestamp) -> Self {
        Self { person, role, account: false, since, muted_until: None, delivered: Seq::ZERO, read: Seq::ZERO }
    }

    /// Returns the member's read state.
    #[must_use]
    pub const fn marks(&self) -> ReadState {
        ReadState { user: self.person.id, delivered: self.delivered, read: self.read }
    }
}

impl ConversationSummary {
    /// Returns its topic.
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

    /// Returns its title: the group's name, or the other user's.
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

    /// Returns the id that its picture is drawn from.
    #[must_use]
    pub fn avatar(&self) -> String {
        match self {
            Self::Group(group) => group.id.to_string(),
            Self::Direct { with, .. } => with.id.to_string(),
        }
    }
}

impl Settings {
    /// Returns the settings that differ from older ones, with the new values.
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
        note(self.join_policy != old.join_policy, Setting::JoinPolicy(self.join_policy));
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
            Setting::JoinPolicy(join_policy) => self.join_policy = join_policy,
            Setting::Announcing(announcing) => self.announcing = announcing,
            Setting::SlowS(slow_s) => self.slow_s = slow_s,
            Setting::Archived(archived) => self.archived = archived,
        }
    }
}
