//! Every sentence of the page that is not a refusal, in one place, so that another language is another
//! version of this file.

use wire::{Person, Role};

pub(crate) const PRODUCT: &str = "Hubbub";
pub(crate) const SLOGAN: &str = "Group chat that is yours. Give a name and start talking.";
pub(crate) const WELCOME: &str = "Welcome";
pub(crate) const YOUR_NAME: &str = "Your name";
pub(crate) const START: &str = "Start chatting";
pub(crate) const NO_ACCOUNT: &str = "No e-mail, no password. This browser remembers you.";
pub(crate) const GROUPS: &str = "Groups";
pub(crate) const NO_GROUPS: &str =
    "You are in no group yet. Make one, or open a link that somebody sent you.";
pub(crate) const NEW_GROUP: &str = "New group";
pub(crate) const GROUP_NAME: &str = "Name of the group";
pub(crate) const CREATE: &str = "Create group";
pub(crate) const JOIN: &str = "Join";
pub(crate) const LEAVE: &str = "Leave group";
pub(crate) const MEMBERS: &str = "Members";
pub(crate) const ADMIN: &str = "Admin";
pub(crate) const MAKE_ADMIN: &str = "Make admin";
pub(crate) const YOU: &str = "you";
pub(crate) const INVITE: &str = "Invite";
pub(crate) const INVITE_HINT: &str = "Whoever opens this link can join.";
pub(crate) const COPY_LINK: &str = "Copy link";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const MESSAGE: &str = "Message";
pub(crate) const SEND: &str = "Send";
pub(crate) const OLDER: &str = "Show older messages";
pub(crate) const BEGINNING: &str = "This is where the group begins.";
pub(crate) const SENDING: &str = "Sending …";
pub(crate) const WAITING: &str = "Waiting for the connection";
pub(crate) const NOT_SENT: &str = "Not sent.";
pub(crate) const RETRY: &str = "Retry";
pub(crate) const DISCARD: &str = "Discard";
pub(crate) const OFFLINE: &str =
    "You are offline. What you write is kept and sent when the connection is back.";
pub(crate) const ENDED: &str = "The connection has ended.";
pub(crate) const RELOAD: &str = "Reload";
pub(crate) const SEAT_LOST: &str = "You are no longer in this group.";
pub(crate) const BACK: &str = "All groups";
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
pub(crate) const SKIP: &str = "Skip to the messages";

pub(crate) fn member_count(count: usize) -> String {
    match count {
        1 => "1 member".into(),
        n => format!("{n} members"),
    }
}

pub(crate) fn joined(person: &Person) -> String {
    format!("{} joined", person.name)
}

pub(crate) fn left(person: &Person) -> String {
    format!("{} left", person.name)
}

pub(crate) fn created(by: &Person, name: &str) -> String {
    format!("{} created “{name}”", by.name)
}

pub(crate) fn ranked(person: &Person, role: Role, by: &Person) -> String {
    match role {
        Role::Admin => format!("{} made {} an admin", by.name, person.name),
        Role::Member => format!("{} made {} a member", by.name, person.name),
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
