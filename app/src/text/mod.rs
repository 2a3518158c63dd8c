//! Every sentence of the page that is not a refusal, in one place, so that another language is another
//! version of this folder.

#[cfg(feature = "ssr")]
mod still;

#[cfg(feature = "ssr")]
pub(crate) use still::*;
use wire::{Door, Event, Person, Quote, Role, Setting, Summary};

use crate::live::Receipt;

pub(crate) const PRODUCT: &str = "Hubbub";
pub(crate) const SLOGAN: &str = "Group chat that is yours. Give a name and start talking.";
pub(crate) const WELCOME: &str = "Welcome";
pub(crate) const YOUR_NAME: &str = "Your name";
pub(crate) const START: &str = "Start chatting";
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const HAVE_ACCOUNT: &str = "You have a password here?";
pub(crate) const ACCOUNT: &str = "Your account";
pub(crate) const NO_ACCOUNT: &str = "No e-mail, no password. This browser remembers you.";
pub(crate) const CONVERSATIONS: &str = "Conversations";
pub(crate) const PEOPLE: &str = "People";
pub(crate) const FIND_ANY: &str = "Find";
pub(crate) const NOTHING_FOUND: &str = "Nobody and nothing has a name like that.";
pub(crate) const SUGGESTIONS: &str = "Suggestions";
pub(crate) const EMOJI: &str = "Emoji";
pub(crate) const FIND_EMOJI: &str = "Find an emoji";
pub(crate) const KEYS: &str = "Keys";
pub(crate) const KEY_LIST: [(&str, &str); 8] = [
    ("Ctrl K", "find a conversation or a person"),
    ("Enter", "send"),
    ("Shift Enter", "new line"),
    ("↑", "edit my newest message"),
    ("Esc", "leave what is open"),
    ("End", "go to the newest message"),
    ("@ :", "mention somebody, find an emoji"),
    ("?", "this list"),
];
pub(crate) const KEYS_BY_KEY: &str = "The key ? opens this list";
pub(crate) const NO_GROUPS: &str =
    "You are in no group yet. Make one, or open a link that somebody sent you.";
pub(crate) const NEW_GROUP: &str = "New group";
pub(crate) const GROUP_NAME: &str = "Name of the group";
pub(crate) const DOOR: &str = "Who can join";
pub(crate) const DOOR_LISTED: &str = "Everyone: the group is in the list of groups";
pub(crate) const DOOR_OPEN: &str = "Everyone with the link";
pub(crate) const DOOR_INVITE: &str = "Only by invite";
pub(crate) const LISTED: &str = "Groups";
pub(crate) const PROFILE: &str = "Profile";
pub(crate) const CREATE: &str = "Create group";
pub(crate) const JOIN: &str = "Join";
pub(crate) const LEAVE: &str = "Leave group";
pub(crate) const MEMBERS: &str = "Members";
pub(crate) const ADMIN: &str = "Admin";
pub(crate) const MAKE_ADMIN: &str = "Make admin";
pub(crate) const YOU: &str = "you";
pub(crate) const INVITE: &str = "Invite";
pub(crate) const INVITE_HINT: &str = "Whoever opens this link can join.";
pub(crate) const INVITE_ONLY_HINT: &str =
    "This link is for members. Admins make invites for others on the page Manage.";
pub(crate) const COPY_LINK: &str = "Copy link";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const MESSAGE: &str = "Message";
pub(crate) const SEND: &str = "Send";
pub(crate) const OLDER: &str = "Show older messages";
pub(crate) const SENDING: &str = "Sending …";
pub(crate) const WAITING: &str = "Waiting for the connection.";
pub(crate) const UNANSWERED: &str = "The server has not answered yet.";
pub(crate) const COPY: &str = "Copy";
pub(crate) const NOT_SENT: &str = "Not sent.";
pub(crate) const RETRY: &str = "Retry";
pub(crate) const DISCARD: &str = "Discard";
pub(crate) const OFFLINE: &str =
    "You are offline. What you write is kept and sent when the connection is back.";
pub(crate) const ENDED: &str = "The connection has ended.";
pub(crate) const RELOAD: &str = "Reload";
pub(crate) const SEAT_LOST: &str = "You are no longer in this group.";
pub(crate) const ARCHIVED: &str = "This group is archived: it can be read, but nobody writes.";
pub(crate) const BLOCKED: &str = "You cannot write to each other: one of you has blocked the other.";
pub(crate) const ADMINS_WRITE: &str = "Only admins write here.";
pub(crate) const YOU_ARE_MUTED: &str = "An admin has muted you here until";
pub(crate) const BACK: &str = "All conversations";
pub(crate) const HOME: &str = "Go to the start page";
pub(crate) const TODAY: &str = "Today";
pub(crate) const YESTERDAY: &str = "Yesterday";
pub(crate) const TO_NEWEST: &str = "Go to the newest message";
pub(crate) const TIMELINE: &str = "Messages";
pub(crate) const NOT_FOUND: &str = "There is nothing here";
pub(crate) const NOT_FOUND_HINT: &str = "The link may be mistyped, or the group may be gone.";
pub(crate) const BROKEN: &str = "Something went wrong";
pub(crate) const FORM_BAD: &str = "The form came in damaged; reload the page and try again.";
pub(crate) const UNREACHABLE: &str = "The server cannot be reached; nothing was done. Try again.";
pub(crate) const NEWER: &str = "Show newer messages";
pub(crate) const ACTS: &str = "Reply, react and more";
pub(crate) const REPLY: &str = "Reply";
pub(crate) const EDIT: &str = "Edit";
pub(crate) const EDITED: &str = "(edited)";
pub(crate) const EDITING: &str = "Editing your message";
pub(crate) const DELETE: &str = "Delete";
pub(crate) const PIN: &str = "Pin";
pub(crate) const UNPIN: &str = "Unpin";
pub(crate) const PINNED: &str = "Pinned";
pub(crate) const NO_PINS: &str = "Nothing is pinned yet. Admins pin messages.";
pub(crate) const HISTORY: &str = "Pinned messages and days";
pub(crate) const GO_TO_DAY: &str = "Go to a day";
pub(crate) const GO: &str = "Go";
pub(crate) const MARK_UNREAD: &str = "Mark unread";
pub(crate) const NEW: &str = "New";
pub(crate) const GONE: &str = "This message was deleted.";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const NEEDS_CONNECTION: &str =
    "This needs a connection; nothing was changed. Try again when you are online.";
pub(crate) const MANAGE: &str = "Manage";
pub(crate) const TELL_ME_OF: &str = "Notifications";
pub(crate) const TELL_ME: &str = "Tell me of";
pub(crate) const NOTIFY: [(&str, &str); 3] =
    [("all", "every message"), ("mentions", "what mentions me"), ("nothing", "nothing")];
pub(crate) const HIDE: &str = "Hide it from the list";
pub(crate) const SAVE: &str = "Save";
pub(crate) const ABOUT: &str = "About this conversation";
pub(crate) const BLOCK: &str = "Block";
pub(crate) const UNBLOCK: &str = "Unblock";
pub(crate) const BLOCK_HINT: &str = "While somebody is blocked neither of you can write to the other here.";
pub(crate) const SKIP: &str = "Skip to the messages";

pub(crate) fn member_count(count: usize) -> String {
    match count {
        1 => "1 member".into(),
        n => format!("{n} members"),
    }
}

/// What happened, as a notice tells it; none for what is no notice.
pub(crate) fn happened(event: &Event) -> Option<String> {
    Some(match event {
        Event::Created { by, name } => format!("{} created “{name}”", by.name),
        Event::Joined { member } => format!("{} joined", member.person.name),
        Event::Left { person } => format!("{} left", person.name),
        Event::Ranked { person, role: Role::Admin, by } => {
            format!("{} made {} an admin", by.name, person.name)
        }
        Event::Ranked { person, role: Role::Member, by } if person == by => {
            format!("{} stepped down as admin", by.name)
        }
        Event::Ranked { person, role: Role::Member, by } => {
            format!("{} made {} a member", by.name, person.name)
        }
        Event::Removed { person, by, banned: false } => format!("{} removed {}", by.name, person.name),
        Event::Removed { person, by, banned: true } => format!("{} banned {}", by.name, person.name),
        Event::Unbanned { person, by } => format!("{} lifted the ban of {}", by.name, person.name),
        Event::Added { member, by } => format!("{} added {}", by.name, member.person.name),
        Event::Muted { person, until: Some(_), by } => format!("{} muted {}", by.name, person.name),
        Event::Muted { person, until: None, by } => format!("{} unmuted {}", by.name, person.name),
        Event::Changed { setting, by } => format!("{} {}", by.name, changed(setting)),
        Event::Invited { uses: None, by, .. } => format!("{} made an invite", by.name),
        Event::Invited { uses: Some(uses), by, .. } => format!("{} made an invite for {uses}", by.name),
        Event::Uninvited { by } => format!("{} revoked an invite", by.name),
        Event::Pinned { on: true, by, .. } => format!("{} pinned a message", by.name),
        Event::Pinned { on: false, by, .. } => format!("{} unpinned a message", by.name),
        Event::Message { .. }
        | Event::Tombstone { .. }
        | Event::Edited { .. }
        | Event::Deleted { .. }
        | Event::Reacted { .. }
        | Event::GroupAdded { .. }
        | Event::GroupGone { .. }
        | Event::DirectAdded { .. }
        | Event::Preferred { .. }
        | Event::Unknown => return None,
    })
}

fn changed(setting: &Setting) -> String {
    match setting {
        Setting::Name(name) => format!("renamed the group to “{name}”"),
        Setting::Description(text) if text.as_str().is_empty() => "removed the description".into(),
        Setting::Description(text) => format!("described the group: {}", text.as_str()),
        Setting::Limit(limit) => {
            format!("set the limit to {}", member_count(usize::try_from(*limit).unwrap_or(usize::MAX)))
        }
        Setting::Door(Door::Listed) => "opened the group to everyone, and listed it".into(),
        Setting::Door(Door::Open) => "opened the group to everyone with the link".into(),
        Setting::Door(Door::Invite) => "made the group invite-only".into(),
        Setting::Announcing(true) => "let only admins write".into(),
        Setting::Announcing(false) => "let everyone write".into(),
        Setting::SlowS(0) => "turned slow mode off".into(),
        Setting::SlowS(seconds) => format!("set slow mode to {seconds} s"),
        Setting::Archived(true) => "archived the group".into(),
        Setting::Archived(false) => "opened the archived group again".into(),
    }
}

pub(crate) fn deleted(author: &Person) -> String {
    format!("A message of {} was deleted", author.name)
}

pub(crate) fn replying_to(quote: &Quote) -> String {
    format!("Replying to {}: {}", quote.author.name, quote.excerpt)
}

pub(crate) fn react_with(emoji: &str) -> String {
    format!("React with {emoji}")
}

pub(crate) fn reacted(emoji: &str, count: usize) -> String {
    format!("{emoji}, {count}")
}

/// Who has read a message, who has it, and who has not.
#[cfg(feature = "ssr")]
pub(crate) const COME: [&str; 3] = ["Read by", "Delivered to", "Not yet delivered to"];

/// Where somebody is who is connected.
pub(crate) const fn whereabouts(here: bool) -> &'static str {
    if here { "Here now" } else { "Away" }
}

/// How far one's own newest message has come.
pub(crate) fn receipt(receipt: &Receipt, is_direct: bool) -> String {
    let Receipt { read_by, delivered, others } = receipt;
    match read_by.as_slice() {
        [] if *delivered == 0 => "Sent".into(),
        [] if is_direct => "Delivered".into(),
        [] => format!("Delivered to {delivered} of {others}"),
        [_] if is_direct => "Read".into(),
        all if all.len() == *others && all.len() > 1 => "Read by everyone".into(),
        [one] => format!("Read by {one}"),
        [one, two] => format!("Read by {one} and {two}"),
        [one, two, more @ ..] => format!("Read by {one}, {two} and {} more", more.len()),
    }
}

pub(crate) fn typing(names: &[String]) -> Option<String> {
    Some(match names {
        [] => return None,
        [one] => format!("{one} is typing …"),
        [one, two] => format!("{one} and {two} are typing …"),
        _ => "Several people are typing …".into(),
    })
}

pub(crate) fn suggested(name: &str, count: usize) -> String {
    format!("{name}, {count} suggestions")
}

pub(crate) fn unread(count: u32, mentions: u32) -> String {
    let unread = if count == 1 { "1 unread message".into() } else { format!("{count} unread messages") };
    match mentions {
        0 => unread,
        n => format!("{unread}, {n} for you"),
    }
}

pub(crate) fn beginning(what: &Summary) -> String {
    match what {
        Summary::Group(_) => "This is where the group begins.".into(),
        Summary::Direct { with, .. } => format!("This is between you and {} alone.", with.name),
    }
}

pub(crate) fn join_title(group: &str) -> String {
    format!("Join {group}")
}

pub(crate) fn newer(count: usize) -> String {
    match count {
        1 => "1 new message".into(),
        n => format!("{n} new messages"),
    }
}

pub(crate) fn date(weekday: i64, day: i64, month: i64, year: i64) -> String {
    const WEEKDAYS: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    format!("{}, {day} {} {year}", name(&WEEKDAYS, weekday), name(&MONTHS, month - 1))
}
