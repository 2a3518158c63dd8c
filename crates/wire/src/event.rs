//! Events: the data of the entries of conversations and users.

use serde::{Deserialize, Deserializer, Serialize};

use crate::attachment::{Attachment, FileSummary};
use crate::emoji::Emoji;
use crate::fields::{Fields, by_fields};
use crate::id::{GroupId, SendId, UserId};
use crate::name::{Description, GroupName, PersonName};
use crate::rich_text::RichText;
use crate::seq::Seq;
use crate::time::Timestamp;
use crate::topic::Topic;
use crate::view::{GroupSummary, JoinPolicy, Member, NotificationLevel, Person, Role};

/// One emoji of a message, and who reacted with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The emoji; a message has at most one reaction with it.
    pub emoji: Emoji,
    /// The users, the first one first.
    pub people: Vec<UserId>,
}

/// The message that a reply answers, or that is pinned, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Its place in the same log.
    pub seq: Seq,
    /// The user who wrote the quoted message.
    pub author: Person,
    /// The beginning of the message, without markup, or the name of its first file if it has no text; empty if it is
    /// deleted.
    pub excerpt: String,
    /// Its files, if it has no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FileSummary>,
}

by_fields!(Reaction { emoji, people });
by_fields!(Quote { seq, author, excerpt; files });

impl Quote {
    /// Returns the quote of a message with this text and these files.
    #[must_use]
    pub fn of(seq: Seq, author: Person, body: &RichText, files: &[Attachment]) -> Self {
        let excerpt = body.excerpt();
        match files.first() {
            // An empty excerpt would be that of a deleted message.
            Some(first) if excerpt.is_empty() => {
                Self { seq, author, excerpt: first.name.clone(), files: FileSummary::of(files) }
            }
            _ => Self { seq, author, excerpt, files: None },
        }
    }

    /// Changes the excerpt: the message has another text now, or none if it is deleted.
    pub fn requote(&mut self, excerpt: &str) {
        excerpt.clone_into(&mut self.excerpt);
        self.files = None;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A setting of a group and its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The name that lists and the group's page show.
    Name(GroupName),
    /// The description below the name; empty to remove it.
    Description(Description),
    /// The most members it may have.
    Limit(u32),
    /// The join policy. Entries of earlier versions call it `door`.
    #[serde(alias = "door")]
    JoinPolicy(JoinPolicy),
    /// True if only admins may post.
    Announcing(bool),
    /// The pause of slow mode, in seconds.
    SlowS(u32),
    /// True if it is closed.
    Archived(bool),
}

/// The change of an incoming webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookChange {
    /// It was created.
    Created,
    /// It posts under another name.
    Renamed,
    /// It has another URL, and the old one no longer works.
    Rotated,
    /// It was deleted.
    Deleted,
}

/// The entry in a user's own log of a broadcast: one text sent to many conversations. No [`Event`], since only
/// the server reads it again: a page passes over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "broadcast")]
pub struct BroadcastRecord {
    /// The typed text.
    pub text: String,
    /// The formatted text.
    pub body: RichText,
    /// The targets, in the sender's order.
    pub to: Vec<Topic>,
    /// The targets that were refused, in records of earlier versions; the reasons in these are not read.
    #[serde(default, skip_serializing)]
    pub refused: Vec<(Topic, serde_json::Value)>,
}

/// An event in a conversation, or for one user: the `data` of entries of `group/…` and `user/…`.
///
/// Names are those of the moment; the id tells who it is. A reader passes over a `type` it does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say it by their names")]
pub enum Event {
    /// The group began. Always its first entry.
    Created {
        /// The creator, who is its first admin.
        by: Person,
        name: GroupName,
    },
    /// Somebody took a seat.
    Joined {
        /// The new member, with the role they begin with.
        member: Member,
    },
    /// Somebody gave up their seat.
    Left { person: Person },
    /// Somebody may do more, or less, than before.
    Ranked { person: Person, role: Role, by: Person },
    /// Somebody lost their seat.
    Removed {
        person: Person,
        by: Person,
        /// True if they are banned too.
        #[serde(default)]
        banned: bool,
    },
    /// An admin gave somebody a seat. In the audit log; the group's log has `joined`.
    Added {
        /// The new member, as the group's `joined` entry has them.
        member: Member,
        by: Person,
    },
    /// A ban is lifted. In the audit log.
    Unbanned { person: Person, by: Person },
    /// The word was taken from somebody, or given back.
    Muted {
        person: Person,
        /// The end of the mute, UTC; none if it is lifted.
        until: Option<Timestamp>,
        by: Person,
    },
    /// A setting is another one now.
    Changed { setting: Setting, by: Person },
    /// There is a new invite. In the audit log.
    Invited {
        /// The expiry, UTC.
        until: Option<Timestamp>,
        /// The number of uses.
        uses: Option<u32>,
        by: Person,
    },
    /// An invite no longer works. In the audit log.
    Uninvited { by: Person },
    /// An incoming webhook was created, changed or deleted. In the audit log.
    Hook {
        change: HookChange,
        /// The name under which it posts.
        hook: PersonName,
        by: Person,
    },
    /// Somebody said something.
    Message {
        author: Person,
        /// The typed text.
        text: String,
        body: RichText,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Quote>,
        /// The time of the author's last edit, UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited: Option<Timestamp>,
        /// The reactions, the first one first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reactions: Vec<Reaction>,
        /// True if admins have pinned it.
        #[serde(default, skip_serializing_if = "is_false")]
        pinned: bool,
        /// The only readers besides the author; empty if every member reads it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recipients: Vec<Person>,
        /// Its files, in the order of the author.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// True if the author is a bot: that of an incoming webhook.
        #[serde(default, skip_serializing_if = "is_false")]
        bot: bool,
    },
    /// Stands in the log of a group where a message is that only some members can read, or a change of one. Page and
    /// counts of others pass over it.
    Restricted,
    /// On a user's own topic: such a message, or a change of one, for its author and its recipients.
    RestrictedMessage {
        /// The group.
        topic: Topic,
        /// Its place in the log of the group, where others have `restricted`.
        seq: Seq,
        /// The author's id for it.
        id: SendId,
        /// The message as it is now, or the change; none if it is no longer kept, or the user has left the group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Box<Event>>,
    },
    /// Stands where a message was that is deleted.
    Tombstone { author: Person, by: Person },
    /// A message says something else now.
    Edited {
        /// The Seq of the edited message, in the same log.
        target: Seq,
        /// The typed text.
        text: String,
        body: RichText,
        /// The author of the message; nobody else may edit it.
        by: Person,
    },
    /// A message is gone; its place has a tombstone.
    Deleted {
        /// The Seq of the deleted message, in the same log.
        target: Seq,
        by: Person,
    },
    /// Somebody reacted to a message, or took it back.
    Reacted {
        /// The Seq of the message, in the same log.
        target: Seq,
        emoji: Emoji,
        /// True if the reaction stands now.
        on: bool,
        by: Person,
    },
    /// A message is pinned, or no longer.
    Pinned {
        /// The Seq of the message, in the same log.
        target: Seq,
        /// True if it is pinned now.
        on: bool,
        by: Person,
    },
    /// On a user's own topic: a group is now theirs.
    GroupAdded {
        /// The group that the user created, joined or was added to.
        group: GroupSummary,
    },
    /// On a user's own topic: a group is no longer theirs.
    GroupGone {
        /// The group that was deleted, or that the user is no longer in.
        id: GroupId,
    },
    /// On a user's own topic: there is something in a direct that was empty before.
    DirectAdded {
        /// The other one.
        person: Person,
    },
    /// On a user's own topic: they want to be told of something else in a conversation, or hide it.
    Preferred {
        /// The group or direct to which the preferences apply.
        topic: Topic,
        notify: NotificationLevel,
        /// True if it is hidden.
        hidden: bool,
    },
    /// Something this version has no word for.
    Unknown,
}

/// The event that these fields are; none if one is missing that it must have, or its type is unknown here.
fn event(mut fields: Fields) -> Option<Event> {
    let kind: String = fields.take("type")?;
    let f = &mut fields;
    Some(match kind.as_str() {
        "created" => Event::Created { by: f.take("by")?, name: f.take("name")? },
        "joined" => Event::Joined { member: f.take("member")? },
        "left" => Event::Left { person: f.take("person")? },
        "ranked" => Event::Ranked { person: f.take("person")?, role: f.take("role")?, by: f.take("by")? },
        "removed" => Event::Removed {
            person: f.take("person")?,
            by: f.take("by")?,
            banned: f.take_or_default("banned")?,
        },
        "added" => Event::Added { member: f.take("member")?, by: f.take("by")? },
        "unbanned" => Event::Unbanned { person: f.take("person")?, by: f.take("by")? },
        "muted" => Event::Muted { person: f.take("person")?, until: f.take("until")?, by: f.take("by")? },
        "changed" => Event::Changed { setting: f.take("setting")?, by: f.take("by")? },
        "invited" => Event::Invited { until: f.take("until")?, uses: f.take("uses")?, by: f.take("by")? },
        "uninvited" => Event::Uninvited { by: f.take("by")? },
        "hook" => Event::Hook { change: f.take("change")?, hook: f.take("hook")?, by: f.take("by")? },
        "message" => Event::Message {
            author: f.take("author")?,
            text: f.take("text")?,
            body: f.take("body")?,
            reply_to: f.take("reply_to")?,
            edited: f.take("edited")?,
            reactions: f.take_or_default("reactions")?,
            pinned: f.take_or_default("pinned")?,
            recipients: f.take_or_default("recipients")?,
            attachments: f.take_or_default("attachments")?,
            bot: f.take_or_default("bot")?,
        },
        "restricted" => Event::Restricted,
        "restricted_message" => Event::RestrictedMessage {
            topic: f.take("topic")?,
            seq: f.take("seq")?,
            id: f.take("id")?,
            message: f.take("message")?,
        },
        "tombstone" => Event::Tombstone { author: f.take("author")?, by: f.take("by")? },
        "edited" => Event::Edited {
            target: f.take("target")?,
            text: f.take("text")?,
            body: f.take("body")?,
            by: f.take("by")?,
        },
        "deleted" => Event::Deleted { target: f.take("target")?, by: f.take("by")? },
        "reacted" => Event::Reacted {
            target: f.take("target")?,
            emoji: f.take("emoji")?,
            on: f.take("on")?,
            by: f.take("by")?,
        },
        "pinned" => Event::Pinned { target: f.take("target")?, on: f.take("on")?, by: f.take("by")? },
        "group_added" => Event::GroupAdded { group: f.take("group")? },
        "group_gone" => Event::GroupGone { id: f.take("id")? },
        "direct_added" => Event::DirectAdded { person: f.take("person")? },
        "preferred" => {
            Event::Preferred { topic: f.take("topic")?, notify: f.take("notify")?, hidden: f.take("hidden")? }
        }
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(event(Fields::deserialize(deserializer)?).unwrap_or(Self::Unknown))
    }
}

impl Event {
    /// A message as it is said: not edited, nobody has reacted yet.
    #[must_use]
    pub const fn message(author: Person, text: String, body: RichText, reply_to: Option<Quote>) -> Self {
        Self::Message {
            author,
            text,
            body,
            reply_to,
            edited: None,
            reactions: Vec::new(),
            pinned: false,
            recipients: Vec::new(),
            attachments: Vec::new(),
            bot: false,
        }
    }

    /// The message that this changes, if it changes one.
    #[must_use]
    pub const fn target(&self) -> Option<Seq> {
        match self {
            Self::Edited { target, .. }
            | Self::Deleted { target, .. }
            | Self::Reacted { target, .. }
            | Self::Pinned { target, .. } => Some(*target),
            _ => None,
        }
    }

    /// Returns true if the event has no row of its own: the message that it changes shows it, or nobody sees it.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        match self {
            Self::Pinned { .. } => false,
            Self::Restricted | Self::RestrictedMessage { .. } => true,
            _ => self.target().is_some(),
        }
    }

    /// The message or the change that is in a copy; any other event as it is.
    #[must_use]
    pub fn carried(self) -> Self {
        match self {
            Self::RestrictedMessage { message: Some(message), .. } => *message,
            other => other,
        }
    }

    /// The message as it is after this change of it. What is no message, or no change, stays as it is. The
    /// same change twice is one change.
    #[must_use]
    pub fn changed_by(mut self, change: &Self, at: Timestamp) -> Self {
        let Self::Message { author, text, body, edited, reactions, pinned, .. } = &mut self else {
            return self;
        };
        match change {
            // The words of an edit are gone once there is a later one, which follows.
            Self::Edited { text: new_text, body: new_body, .. } if !new_text.is_empty() => {
                (*text, *body, *edited) = (new_text.clone(), new_body.clone(), Some(at));
            }
            Self::Deleted { by, .. } => {
                return Self::Tombstone { author: author.clone(), by: by.clone() };
            }
            Self::Reacted { emoji, on, by, .. } => react(reactions, emoji, *on, by.id),
            Self::Pinned { on, .. } => *pinned = *on,
            _ => {}
        }
        self
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &Emoji, on: bool, user: UserId) {
    let known = reactions.iter_mut().find(|reaction| reaction.emoji == *emoji);
    match (known, on) {
        (Some(reaction), true) if !reaction.people.contains(&user) => reaction.people.push(user),
        (Some(reaction), false) => reaction.people.retain(|other| *other != user),
        (None, true) => reactions.push(Reaction { emoji: emoji.clone(), people: vec![user] }),
        _ => {}
    }
    reactions.retain(|reaction| !reaction.people.is_empty());
}

#[cfg(test)]
mod tests;
