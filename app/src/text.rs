//! Every sentence of the page that is not a refusal, in one place, so that another language is another
//! version of this file.

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

#[cfg(feature = "ssr")]
pub(crate) use still::*;

/// The sentences of pages that only the server makes.
#[cfg(feature = "ssr")]
mod still {
    use wire::{AppRole, Deed, EndedSessions, Invite, Timestamp};

    pub(crate) const SETTINGS: &str = "Settings";
    pub(crate) const DESCRIPTION: &str = "What it is about";
    pub(crate) const LIMIT: &str = "Most members";
    pub(crate) const LIMIT_HINT: &str = "Who is there already stays when you lower it.";
    pub(crate) const SLOW_MODE: &str = "Slow mode: pause between two messages of one member";
    pub(crate) const ANNOUNCING: &str = "Only admins write";
    pub(crate) const REACTION: &str = "Reaction, one emoji";
    pub(crate) const REACT: &str = "React";
    pub(crate) const UNREACT: &str = "Take back";
    pub(crate) const FIND_MEMBER: &str = "Find a member";
    pub(crate) const FIND: &str = "Find";
    pub(crate) const NOBODY_FOUND: &str = "No member has a name like that.";
    pub(crate) const ADD_PERSON: &str = "Add somebody you know";
    pub(crate) const ADD: &str = "Add";
    pub(crate) const CHOSEN: &str = "With the chosen members";
    pub(crate) const MUTED: &str = "Muted";
    pub(crate) const INVITES: &str = "Invites";
    pub(crate) const WORKS_FOR: &str = "Works for";
    pub(crate) const USES: &str = "How many people may use it";
    pub(crate) const ANY_NUMBER: &str = "any number";
    pub(crate) const MAKE_INVITE: &str = "Make an invite";
    pub(crate) const REVOKE: &str = "Revoke";
    pub(crate) const BANS: &str = "Banned";
    pub(crate) const UNBAN: &str = "Lift the ban";
    pub(crate) const AUDIT: &str = "Audit log";
    pub(crate) const ENDING: &str = "Archive or delete";
    pub(crate) const ARCHIVE: &str = "Archive";
    pub(crate) const ARCHIVE_HINT: &str =
        "An archived group can be read, but nobody writes or joins. It can be opened again.";
    pub(crate) const UNARCHIVE: &str = "Open again";
    pub(crate) const ARCHIVED_HINT: &str =
        "This group is archived: it can be read, but nobody writes or joins.";
    pub(crate) const DELETE_GROUP: &str = "Delete for ever";

    pub(crate) const SERVER: &str = "This server";
    pub(crate) const ACCOUNTS: &str = "Accounts";
    pub(crate) const MAKE_MEMBER: &str = "Make member";
    pub(crate) const RESET_LINK: &str = "Link for a new password";
    pub(crate) const RESET_LINK_HINT: &str =
        "Give this link to whoever forgot the password. It works once, for a day.";

    pub(crate) fn new_password_of(name: &str) -> String {
        format!("New password of {name}")
    }

    pub(crate) const FIND_PERSON: &str = "Find a person";
    pub(crate) const NOBODY_YET: &str = "Whoever is in a group with you is listed here.";
    pub(crate) const NOBODY_CALLED: &str = "Nobody here has a name like that.";
    pub(crate) const TOGETHER: &str = "A group with the chosen people";
    pub(crate) const GATHER: &str = "Start the group";
    pub(crate) const BROADCAST: &str = "Write to many at once";
    pub(crate) const TO_WHOM: &str = "To whom";
    pub(crate) const TO_THESE: &str = "Those I choose below";
    pub(crate) const TO_MY_GROUPS: &str = "All my groups";
    pub(crate) const TO_EVERYONE: &str = "Everyone with an account, each alone";
    pub(crate) const SENT: &str = "Sent";
    pub(crate) const BLOCKED_PEOPLE: &str = "People you have blocked";

    pub(crate) fn choose(name: &str) -> String {
        format!("Choose {name}")
    }

    pub(crate) fn sent_to(sent: usize, all: usize) -> String {
        if sent == all { format!("Sent to {all}") } else { format!("Sent to {sent} of {all}") }
    }

    pub(crate) const FIND_GROUP: &str = "Find a group";
    pub(crate) const NONE_LISTED: &str =
        "No group is listed. Whoever manages one can list it in its settings.";
    pub(crate) const NONE_CALLED: &str = "No listed group has a name like that.";
    pub(crate) const OPEN_GROUP: &str = "Open";
    pub(crate) const ALL_GROUPS: &str = "Groups of this server";
    pub(crate) const BIO: &str = "About you";
    pub(crate) const PICTURE: &str = "Picture";
    pub(crate) const PICTURE_HINT: &str = "A PNG, JPEG, GIF or WebP file of at most 10 MB. Its middle is kept, and nothing else that is in the file.";
    pub(crate) const TAKE_DOWN: &str = "Remove the picture";
    pub(crate) const PROFILE_HINT: &str = "With a password you can show a picture and tell about yourself.";
    pub(crate) const WRITE_TO: &str = "Write a message";
    pub(crate) fn here_since(year: i64, month: i64, day: i64) -> String {
        format!("Here since {year}-{month:02}-{day:02}")
    }

    pub(crate) const PASSWORD: &str = "Password";
    pub(crate) const NEW_PASSWORD: &str = "New password";
    pub(crate) const OLD_PASSWORD: &str = "Present password";
    pub(crate) const CHANGE_PASSWORD: &str = "Change password";
    pub(crate) const NO_PASSWORD_YET: &str = "No password yet?";
    pub(crate) const CLAIM: &str = "Keep this name";
    pub(crate) const CLAIM_HINT: &str =
        "You are a guest: only this browser knows you. With a password the name is yours, on every device.";
    pub(crate) const GUEST: &str = "Guest";
    pub(crate) const GUEST_SIGN_OUT: &str = "Without a password nobody can sign in with this name again.";
    pub(crate) const SESSIONS: &str = "Where you are signed in";
    pub(crate) const THIS_BROWSER: &str = "This browser";
    pub(crate) const SOME_BROWSER: &str = "A browser";
    pub(crate) const END_SESSION: &str = "Sign out there";
    pub(crate) const END_OTHERS: &str = "Sign out everywhere else";
    pub(crate) const SIGN_OUT: &str = "Sign out";

    /// What somebody did to accounts and sessions, as a sentence.
    pub(crate) fn deed(deed: &Deed) -> Option<String> {
        Some(match deed {
            Deed::Claimed { by } => format!("{} made an account", by.name),
            Deed::SignedIn { by, label } if label.is_empty() => format!("{} signed in", by.name),
            Deed::SignedIn { by, label } => format!("{} signed in with {label}", by.name),
            Deed::SignedOut { by, sessions: EndedSessions::One } => format!("{} ended a session", by.name),
            Deed::SignedOut { by, sessions: EndedSessions::Others } => {
                format!("{} ended all other sessions", by.name)
            }
            Deed::SignedOut { by, sessions: EndedSessions::All } => format!("{} ended all sessions", by.name),
            Deed::PasswordChanged { by } => format!("{} changed the password; other sessions ended", by.name),
            Deed::ResetOffered { by: Some(by), of } => {
                format!("{} made a link for a new password of {}", by.name, of.name)
            }
            Deed::ResetOffered { by: None, of } => {
                format!("The operator made a link for a new password of {}", of.name)
            }
            Deed::ResetUsed { by } => format!("{} set a new password by a link; all sessions ended", by.name),
            Deed::Ranked { by, of, role } => {
                format!("{} gave {} the role {}", by.name, of.name, app_role(*role).to_lowercase())
            }
            Deed::GroupDeleted { by, group } => format!("{} deleted the group {}", by.name, group.name),
            Deed::Unknown => return None,
        })
    }

    pub(crate) const EARLIER: &str = "Earlier";
    pub(crate) fn audit_of(name: &str) -> String {
        format!("Audit log of {name}")
    }

    pub(crate) const fn app_role(role: AppRole) -> &'static str {
        match role {
            AppRole::Owner => "Owner",
            AppRole::Admin => "Admin",
            AppRole::Member => "Member",
            AppRole::Guest => GUEST,
        }
    }

    pub(crate) fn signed_in_on(year: i64, month: i64, day: i64) -> String {
        format!("since {year}-{month:02}-{day:02}")
    }

    /// The pauses of slow mode that the form offers, in seconds.
    pub(crate) const PAUSES: [(u32, &str); 8] = [
        (0, "Off"),
        (10, "10 seconds"),
        (30, "30 seconds"),
        (60, "1 minute"),
        (300, "5 minutes"),
        (900, "15 minutes"),
        (3_600, "1 hour"),
        (21_600, "6 hours"),
    ];

    /// What can be done with many members at once.
    pub(crate) const DEEDS: [(&str, &str); 6] = [
        ("promote", "Make admin"),
        ("demote", "Make member"),
        ("mute", "Mute for an hour"),
        ("unmute", "Unmute"),
        ("remove", "Remove"),
        ("ban", "Ban"),
    ];

    /// How long an invite may work, in minutes.
    pub(crate) const SPANS: [(u32, &str); 4] =
        [(60, "An hour"), (1_440, "A day"), (WEEK, "A week"), (0, "Until it is revoked")];
    /// A week, in minutes.
    pub(crate) const WEEK: u32 = 10_080;

    pub(crate) fn manage_title(group: &str) -> String {
        format!("Manage {group}")
    }

    pub(crate) fn message_of(author: &wire::Person) -> String {
        format!("Message of {}", author.name)
    }

    pub(crate) fn back_to(group: &str) -> String {
        format!("Back to {group}")
    }

    pub(crate) fn delete_label(group: &str) -> String {
        format!("To delete the group with all its messages, type its name: {group}")
    }

    pub(crate) fn invite_works(invite: &Invite, now: Timestamp) -> String {
        let people = match invite.uses {
            None => "For any number of people".into(),
            Some(1) => "For one more person".into(),
            Some(uses) => format!("For {uses} more people"),
        };
        let hours = invite.until.map(|until| (until.0 - now.0).div_euclid(3_600_000));
        match hours {
            None => format!("{people}, until it is revoked"),
            Some(0) => format!("{people}, for less than an hour"),
            Some(1..48) => format!("{people}, for {} hours", hours.unwrap_or_default() + 1),
            Some(hours) => format!("{people}, for {} days", hours / 24 + 1),
        }
    }
}
