//! The UI texts: every sentence of the page that is not a refusal, in one folder, so that another language is another
//! version of it.

mod sentence;
#[cfg(feature = "ssr")]
mod server_only;

pub(crate) use sentence::{Sentence, SentencePart, Words, sentence};
#[cfg(feature = "ssr")]
pub(crate) use server_only::*;
use wire::limits::MAX_UNREAD;
use wire::{ConversationSummary, Event, JoinPolicy, Person, Quote, Role, Setting, Timestamp};

use crate::client::Receipt;

pub(crate) const PRODUCT: &str = "Hubbub";
pub(crate) const SLOGAN: &str = "Group chat on your own server. Pick a name and start talking.";
pub(crate) const WELCOME: &str = "Welcome";
pub(crate) const YOUR_NAME: &str = "Your name";
pub(crate) const START: &str = "Start chatting";
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const HAVE_ACCOUNT: &str = "Already have an account?";
pub(crate) const ACCOUNT: &str = "Your account";
pub(crate) const NO_ACCOUNT: &str = "No email or password. We'll remember you in this browser.";
pub(crate) const CONVERSATIONS: &str = "Conversations";
pub(crate) const PEOPLE: &str = "People";
pub(crate) const FIND_ANY: &str = "Jump to…";
pub(crate) const NOTHING_FOUND: &str = "No matches";
pub(crate) const SUGGESTIONS: &str = "Suggestions";
pub(crate) const EMOJI: &str = "Emoji";
pub(crate) const FIND_EMOJI: &str = "Find an emoji";
pub(crate) const KEYS: &str = "Keyboard shortcuts";
pub(crate) const KEY_LIST: [(&str, &str); 8] = [
    ("Ctrl K", "Jump to a conversation or person"),
    ("Enter", "Send"),
    ("Shift Enter", "New line"),
    ("↑", "Edit your last message"),
    ("Esc", "Close"),
    ("End", "Jump to latest"),
    ("@ :", "Mention someone, insert an emoji"),
    ("?", "Show shortcuts"),
];
pub(crate) const KEYS_BY_KEY: &str = "Press ? for shortcuts";
pub(crate) const NO_GROUPS: &str =
    "You're not in any groups yet. Create one, browse groups, or open an invite link.";
pub(crate) const NEW_GROUP: &str = "New group";
pub(crate) const GROUP_NAME: &str = "Group name";
pub(crate) const JOIN_POLICY: &str = "Who can join";
pub(crate) const JOIN_POLICY_LISTED: &str = "Anyone on this server (listed)";
pub(crate) const JOIN_POLICY_OPEN: &str = "Anyone with the link";
pub(crate) const JOIN_POLICY_INVITE: &str = "Invited people only";
pub(crate) const LISTED: &str = "Browse groups";
pub(crate) const PROFILE: &str = "Profile";
pub(crate) const CREATE: &str = "Create group";
pub(crate) const JOIN: &str = "Join";
pub(crate) const LEAVE: &str = "Leave group";
pub(crate) const MEMBERS: &str = "Members";
pub(crate) const ADMIN: &str = "Admin";
pub(crate) const ADMIN_GUEST: &str = "Admin, guest";
pub(crate) const GUEST: &str = "Guest";
pub(crate) const MAKE_ADMIN: &str = "Make admin";
pub(crate) const YOU: &str = "you";
pub(crate) const INVITE: &str = "Invite";
pub(crate) const INVITE_HINT: &str = "Anyone with this link can join.";
pub(crate) const INVITE_ONLY_HINT: &str = "Only members can use this link. Admins create invites in Manage.";
pub(crate) const COPY_LINK: &str = "Copy link";
pub(crate) const COPIED: &str = "Copied";
pub(crate) const COPY_BY_HAND: &str =
    "This browser doesn't let the page copy. Press Ctrl+C, or touch and hold, to copy the selected text.";
pub(crate) const UNDO: &str = "Undo";
pub(crate) const DELETED: &str = "Message deleted";
pub(crate) const MESSAGE: &str = "Message";
pub(crate) const SEND: &str = "Send";
pub(crate) const OLDER: &str = "Show older messages";
pub(crate) const SENDING: &str = "Sending …";
pub(crate) const WAITING: &str = "Will send when you're back online.";
pub(crate) const UNANSWERED: &str = "No response yet.";
pub(crate) const COPY: &str = "Copy";
pub(crate) const RETRY: &str = "Retry";
pub(crate) const DISCARD: &str = "Discard";
pub(crate) const OFFLINE: &str = "Can't reach the server. Reconnecting…";
pub(crate) const PAGE_WAITS: &str = "The page you asked for opens then.";
pub(crate) const TRY_NOW: &str = "Try now";
pub(crate) const NO_MESSAGE: &str = "There's no message at this link.";
pub(crate) const DELETED_HERE: &str = "The message at this link was deleted.";
pub(crate) const NO_DATE: &str = "That isn't a date.";
pub(crate) const MEMBERS_READ: &str = "This link goes to a message. Only members can read it.";
pub(crate) const ENDED: &str = "You were disconnected.";
pub(crate) const RELOAD: &str = "Reload";
pub(crate) const SEAT_LOST: &str = "You're no longer in this group.";
pub(crate) const ARCHIVED: &str = "This group is archived. You can read it, but not post.";
pub(crate) const BLOCKED: &str = "You can't message each other. One of you has blocked the other.";
pub(crate) const ADMINS_WRITE: &str = "Only admins can post here.";
pub(crate) const YOU_ARE_MUTED: &str = "You're muted until";
pub(crate) const EDIT_EMPTY: &str = "A message can't be empty. Delete it instead.";
pub(crate) const BACK: &str = "All conversations";
pub(crate) const HOME: &str = "Back to Hubbub";
pub(crate) const TODAY: &str = "Today";
pub(crate) const YESTERDAY: &str = "Yesterday";
pub(crate) const TO_NEWEST: &str = "Jump to latest";
pub(crate) const TIMELINE: &str = "Messages";
pub(crate) const NOT_FOUND: &str = "Page not found";
pub(crate) const NOT_FOUND_HINT: &str = "The link may be wrong, or the group may have been deleted.";
pub(crate) const BROKEN: &str = "Something went wrong";
#[cfg(feature = "ssr")]
pub(crate) const BUSY: &str = "The server is busy";
#[cfg(feature = "ssr")]
pub(crate) const BUSY_HINT: &str =
    "Too many people are loading pages right now. Try again in a few seconds. Nothing is lost.";
pub(crate) const FORM_BAD: &str = "Something in that form was invalid. Reload the page and try again.";
pub(crate) const UNREACHABLE: &str = "Can't reach the server. Nothing was changed. Try again.";
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
pub(crate) const NO_PINS: &str = "No pinned messages yet. Admins can pin messages.";
pub(crate) const HISTORY: &str = "Pins and dates";
pub(crate) const GO_TO_DAY: &str = "Jump to date";
pub(crate) const GO: &str = "Go";
pub(crate) const MARK_UNREAD: &str = "Mark unread";
pub(crate) const NEW: &str = "New";
pub(crate) const GONE: &str = "This message was deleted.";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const CLOSE: &str = "Close";
pub(crate) const NEEDS_CONNECTION: &str =
    "Can't reach the server. Nothing was changed. Try again when you're back online.";
pub(crate) const MANAGE: &str = "Manage";
pub(crate) const TELL_ME_OF: &str = "Notifications";
pub(crate) const TELL_ME: &str = "Notify me about";
pub(crate) const NOTIFY: [(&str, &str); 3] =
    [("all", "All messages"), ("mentions", "Mentions"), ("nothing", "Nothing")];
pub(crate) const HIDE: &str = "Hide from sidebar";
pub(crate) const SAVE: &str = "Save";
pub(crate) const ABOUT: &str = "Conversation details";
pub(crate) const BLOCK: &str = "Block";
pub(crate) const UNBLOCK: &str = "Unblock";
pub(crate) const BLOCK_SAYS: &str = "Blocking stops direct messages both ways. You still see each other in groups. You can unblock them at any time.";
pub(crate) const LEAVE_SAYS: &str =
    "You won't see new messages. To come back, you need the group's link, or an invite if it's invite-only.";
pub(crate) const SKIP: &str = "Skip to the messages";

/// The link from some members of a group to all.
pub(crate) const ALL_MEMBERS: &str = "See all members";

pub(crate) fn member_count(count: usize) -> String {
    match count {
        1 => "1 member".into(),
        n => format!("{n} members"),
    }
}

/// Returns the sentence of a notice; none if the event has none.
pub(crate) fn happened(event: &Event) -> Option<Sentence> {
    Some(match event {
        Event::Created { by, name } => sentence!("{} created “{}”", by, name.as_str()),
        Event::Joined { member } => sentence!("{} joined", &member.person),
        Event::Left { person } => sentence!("{} left", person),
        Event::Ranked { person, role: Role::Admin, by } => sentence!("{} made {} an admin", by, person),
        Event::Ranked { person, role: Role::Member, by } if person == by => {
            sentence!("{} stepped down as admin", by)
        }
        Event::Ranked { person, role: Role::Member, by } => sentence!("{} removed {} as admin", by, person),
        Event::Removed { person, by, banned: false } => sentence!("{} removed {}", by, person),
        Event::Removed { person, by, banned: true } => sentence!("{} banned {}", by, person),
        Event::Unbanned { person, by } => sentence!("{} unbanned {}", by, person),
        Event::Added { member, by } => sentence!("{} added {}", by, &member.person),
        Event::Muted { person, until: Some(_), by } => sentence!("{} muted {}", by, person),
        Event::Muted { person, until: None, by } => sentence!("{} unmuted {}", by, person),
        Event::Changed { setting, by } => sentence!("{} {}", by, changed(setting)),
        Event::Invited { uses: None, by, .. } => sentence!("{} created an invite", by),
        Event::Invited { uses: Some(uses), by, .. } => {
            sentence!("{} created an invite for {}", by, count(*uses))
        }
        Event::Uninvited { by } => sentence!("{} revoked an invite", by),
        Event::Pinned { on: true, by, .. } => sentence!("{} pinned a message", by),
        Event::Pinned { on: false, by, .. } => sentence!("{} unpinned a message", by),
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

fn changed(setting: &Setting) -> Sentence {
    match setting {
        Setting::Name(name) => sentence!("renamed the group to “{}”", name.as_str()),
        Setting::Description(text) if text.as_str().is_empty() => sentence!("removed the description"),
        Setting::Description(text) => sentence!("changed the description to “{}”", text.as_str()),
        Setting::Limit(1) => sentence!("set the member limit to 1"),
        Setting::Limit(limit) => sentence!("set the member limit to {}", count(*limit)),
        Setting::JoinPolicy(JoinPolicy::Listed) => {
            sentence!("let anyone on this server join, and listed the group")
        }
        Setting::JoinPolicy(JoinPolicy::Open) => sentence!("let anyone with the link join"),
        Setting::JoinPolicy(JoinPolicy::Invite) => sentence!("made the group invite-only"),
        Setting::Announcing(true) => sentence!("limited posting to admins"),
        Setting::Announcing(false) => sentence!("let everyone post"),
        Setting::SlowS(0) => sentence!("turned slow mode off"),
        Setting::SlowS(seconds) => sentence!("set slow mode to {} s", count(*seconds)),
        Setting::Archived(true) => sentence!("archived the group"),
        Setting::Archived(false) => sentence!("unarchived the group"),
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(crate) fn deleted(author: &Person, by: &Person) -> Sentence {
    if author == by {
        sentence!("{} deleted a message", by)
    } else {
        sentence!("{} deleted a message by {}", by, author)
    }
}

/// Returns the sentence of a message that was refused.
pub(crate) fn not_sent(why: &str) -> String {
    format!("Not sent. {why}")
}

/// Returns the excerpt of a quoted message, or a sentence if the message is deleted.
pub(crate) fn excerpt_of(excerpt: String) -> String {
    if excerpt.is_empty() { GONE.into() } else { excerpt }
}

pub(crate) fn replying_to(quote: Quote) -> Sentence {
    sentence!("Replying to {}: {}", &quote.author, excerpt_of(quote.excerpt))
}

pub(crate) fn react_with(emoji: &str) -> String {
    format!("React with {emoji}")
}

pub(crate) fn reacted(emoji: &str, count: usize) -> String {
    format!("{emoji}, {count}")
}

/// The labels of a message's delivery states: read, delivered, not delivered.
#[cfg(feature = "ssr")]
pub(crate) const COME: [&str; 3] = ["Read by", "Delivered to", "Not yet delivered to"];

/// Returns the label of a connected user's presence.
pub(crate) const fn whereabouts(here: bool) -> &'static str {
    if here { "Online" } else { "Away" }
}

/// Returns the sentence of a delivery receipt.
pub(crate) fn receipt(receipt: &Receipt, is_direct: bool) -> Sentence {
    let Receipt { read_by, read, delivered, others } = receipt;
    match read_by.as_slice() {
        [] if *read > 0 => sentence!("Read by {} of {}", *read, *others),
        [] if *delivered == 0 => sentence!("Sent"),
        [] if is_direct => sentence!("Delivered"),
        [] => sentence!("Delivered to {} of {}", *delivered, *others),
        [_] if is_direct => sentence!("Read"),
        _ if read == others && *read > 1 => sentence!("Read by everyone"),
        [one] if *read == 1 => sentence!("Read by {}", one.as_str()),
        [one] => sentence!("Read by {} and {} more", one.as_str(), read - 1),
        [one, two] if *read == 2 => sentence!("Read by {} and {}", one.as_str(), two.as_str()),
        [one, two, ..] => {
            sentence!("Read by {}, {} and {} more", one.as_str(), two.as_str(), read.saturating_sub(2))
        }
    }
}

pub(crate) fn typing(names: &[String]) -> Option<Sentence> {
    Some(match names {
        [] => return None,
        [one] => sentence!("{} is typing …", one.as_str()),
        [one, two] => sentence!("{} and {} are typing …", one.as_str(), two.as_str()),
        _ => sentence!("Several people are typing …"),
    })
}

pub(crate) fn suggested(name: &str, count: usize) -> Sentence {
    sentence!("{}, {} suggestions", name, count)
}

pub(crate) fn unread(count: u32, mentions: u32) -> String {
    let unread = match count {
        1 => "1 unread message".into(),
        count => format!("{} unread messages", up_to_99(count)),
    };
    match mentions {
        0 => unread,
        1 => format!("{unread}, 1 mention"),
        n => format!("{unread}, {} mentions", up_to_99(n)),
    }
}

/// Formats an unread count, as `99+` at the maximum to which the server counts.
pub(crate) fn up_to_99(count: u32) -> String {
    if count < MAX_UNREAD { count.to_string() } else { format!("{}+", MAX_UNREAD - 1) }
}

pub(crate) fn beginning(what: &ConversationSummary) -> Sentence {
    match what {
        ConversationSummary::Group(_) => sentence!("This is the start of the group."),
        ConversationSummary::Direct { with, .. } => {
            sentence!("This is the start of your conversation with {}.", with)
        }
    }
}

pub(crate) fn block_title(name: &str) -> Sentence {
    sentence!("Block {}?", name)
}

pub(crate) fn leave_title(group: &str) -> Sentence {
    sentence!("Leave {}?", group)
}

pub(crate) fn left(group: &str) -> Sentence {
    sentence!("You left {}.", group)
}

pub(crate) fn join_title(group: &str) -> Sentence {
    sentence!("Join {}", group)
}

/// Returns the title of a page, with the viewer's unread count.
pub(crate) fn title(unread: u32, name: &str) -> String {
    // A name in the other writing direction must not reorder the rest; one in ASCII cannot.
    let name = if name.is_ascii() { name.to_owned() } else { sentence!("{}", name).plain() };
    match unread {
        0 => format!("{name} · {PRODUCT}"),
        n => format!("({}) {name} · {PRODUCT}", up_to_99(n)),
    }
}

/// Returns the title of the start page.
pub(crate) fn home_title(unread: u32) -> String {
    match unread {
        0 => PRODUCT.into(),
        n => format!("({}) {PRODUCT}", up_to_99(n)),
    }
}

/// Returns the sentence for a day without messages that is followed by days with some. `day` is in days since
/// 1970-01-01.
pub(crate) fn nothing_on(day: i64) -> String {
    format!("No messages on {}. These are the next ones.", day_name(day))
}

/// Returns the sentence for a day after which there are no messages. `day` is in days since 1970-01-01.
pub(crate) fn nothing_since(day: i64) -> String {
    format!("No messages since {}. These are the latest.", day_name(day))
}

/// Returns the full date of a day, in days since 1970-01-01.
pub(crate) fn day_name(day: i64) -> String {
    let (year, month, date) = Timestamp(day.saturating_mul(86_400_000)).date();
    // The first day of 1970 was a Thursday; weeks begin on Monday.
    self::date((day + 3).rem_euclid(7), date, month, year)
}

pub(crate) fn newer(count: usize) -> String {
    match count {
        1 => "1 new message".into(),
        n => format!("{n} new messages"),
    }
}

fn date(weekday: i64, day: i64, month: i64, year: i64) -> String {
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
