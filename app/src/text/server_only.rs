//! The UI texts of server-only pages.

use wire::{AppRole, AuditEvent, EndedSessions, Invite, Timestamp};

use super::{Sentence, Words, sentence};
use crate::zone::Zone;

pub(crate) const SETTINGS: &str = "Settings";
pub(crate) const DESCRIPTION: &str = "Description";
pub(crate) const SHOW_MORE: &str = "Show more";
pub(crate) const LIMIT: &str = "Member limit";
pub(crate) const LIMIT_HINT: &str = "Lowering it removes nobody.";
pub(crate) const SLOW_MODE: &str = "Slow mode: wait between messages";
pub(crate) const ANNOUNCING: &str = "Only admins can post";
pub(crate) const REACTION: &str = "Reaction (one emoji)";
pub(crate) const REACT: &str = "Add reaction";
pub(crate) const UNREACT: &str = "Remove reaction";
pub(crate) const FIND_MEMBER: &str = "Find a member";
pub(crate) const FIND: &str = "Find";
pub(crate) const NOBODY_FOUND: &str = "No members match.";
pub(crate) const ADD_PERSON: &str = "Add members";
pub(crate) const ADD: &str = "Add";
pub(crate) const CHOSEN: &str = "With selected members";
pub(crate) const MUTED: &str = "Muted";
pub(crate) const INVITES: &str = "Invites";
pub(crate) const WORKS_FOR: &str = "Expires after";
pub(crate) const USES: &str = "Max uses";
pub(crate) const ANY_NUMBER: &str = "Unlimited";
pub(crate) const MAKE_INVITE: &str = "Create invite link";
pub(crate) const REVOKE: &str = "Revoke";
pub(crate) const BANS: &str = "Banned";
pub(crate) const UNBAN: &str = "Unban";
pub(crate) const NOTHING_LOGGED: &str = "No entries.";
pub(crate) const AUDIT: &str = "Audit log";
pub(crate) const ENDING: &str = "Danger zone";
pub(crate) const ARCHIVE: &str = "Archive";
pub(crate) const ARCHIVE_HINT: &str =
    "Nobody can post in an archived group or join it. You can unarchive it at any time.";
pub(crate) const UNARCHIVE: &str = "Unarchive";
pub(crate) const ARCHIVED_HINT: &str = "This group is archived. Nobody can post or join.";
pub(crate) const DELETE_GROUP: &str = "Delete permanently";
pub(crate) const DELETE_SAYS: &str =
    "All messages, members and invites of the group are deleted for everyone. This can't be undone.";
pub(crate) const DELETE_MESSAGE_TITLE: &str = "Delete this message?";
pub(crate) const DELETE_MESSAGE_SAYS: &str = "It's deleted for everyone. This can't be undone.";
pub(crate) const REMOVE_TITLE: &str = "Remove the selected members?";
pub(crate) const REMOVE_SAYS: &str =
    "They stop getting messages at once. Their messages stay. They can join again like anyone else.";
pub(crate) const BAN_TITLE: &str = "Ban the selected members?";
pub(crate) const BAN_SAYS: &str =
    "They stop getting messages at once and can't come back until an admin unbans them. Their messages stay.";
pub(crate) const REVOKE_TITLE: &str = "Revoke this invite?";
pub(crate) const REVOKE_SAYS: &str =
    "Nobody can join with its link any more. Members who joined with it stay.";
pub(crate) const END_OTHERS_TITLE: &str = "Sign out everywhere else?";
pub(crate) const END_OTHERS_SAYS: &str =
    "All your other browsers are signed out at once. You need your password to sign in there again.";
pub(crate) const END_OTHERS_GUEST: &str =
    "All your other browsers are signed out at once. Without a password you can't sign in there again.";
pub(crate) const SIGN_OUT_TITLE: &str = "Sign out for good?";
pub(crate) const TAKE_DOWN_TITLE: &str = "Remove your picture?";
pub(crate) const TAKE_DOWN_SAYS: &str = "Others see the first letter of your name instead.";

pub(crate) fn archive_title(group: &str) -> Sentence {
    sentence!("Archive {}?", group)
}

pub(crate) fn delete_title(group: &str) -> Sentence {
    sentence!("Delete {}?", group)
}

pub(crate) const NOT_DONE: &str = "That didn't work";
pub(crate) const TYPED: &str = "Your text";
pub(crate) const TYPED_HINT: &str = "This is what you typed. Copy it if you need it:";
pub(crate) const BACK_THERE: &str = "Go back";

pub(crate) const SERVER: &str = "Server administration";
pub(crate) const ACCOUNTS: &str = "Accounts";
pub(crate) const MAKE_MEMBER: &str = "Remove as admin";
pub(crate) const RESET_LINK: &str = "Create password reset link";
pub(crate) const RESET_LINK_HINT: &str = "Send this link to them. It works once, for 24 hours.";

pub(crate) fn new_password_of(name: &str) -> Sentence {
    sentence!("New password for {}", name)
}

pub(crate) const FIND_PERSON: &str = "Find a person";
pub(crate) const NOBODY_YET: &str = "People you share a group with appear here.";
pub(crate) const NOBODY_CALLED: &str = "No people match.";
pub(crate) const TOGETHER: &str = "New group with selected people";
pub(crate) const GATHER: &str = "Create";
pub(crate) const BROADCAST: &str = "Broadcast";
pub(crate) const TO_WHOM: &str = "Recipients";
pub(crate) const TO_THESE: &str = "Selected";
pub(crate) const TO_MY_GROUPS: &str = "All my groups";
pub(crate) const TO_EVERYONE: &str = "Everyone, as direct messages";
pub(crate) const SENT: &str = "Sent";
pub(crate) const BLOCKED_PEOPLE: &str = "Blocked people";

pub(crate) fn choose(name: &str) -> Sentence {
    sentence!("Choose {}", name)
}

pub(crate) fn sent_to(sent: usize, all: usize) -> Sentence {
    if sent == all { sentence!("Sent to {}", all) } else { sentence!("Sent to {} of {}", sent, all) }
}

/// Returns the title of a broadcast of which some messages are not sent yet.
pub(crate) fn sending_to(all: usize) -> Sentence {
    sentence!("Sending to {}", all)
}

pub(crate) const NOT_SENT: &str = "Not sent";
pub(crate) const STILL_SENDING: &str = "Some messages are still being sent. Reload the page to see the rest.";
pub(crate) const FIND_GROUP: &str = "Find a group";
pub(crate) const NONE_LISTED: &str = "No listed groups yet. Admins can list a group in its settings.";
pub(crate) const NONE_CALLED: &str = "No groups match.";
/// Returns the label of a row's link, with the group's name.
pub(crate) fn of_group(action: &'static str, group: &str) -> Sentence {
    sentence!("{}: {}", Words(action), group)
}

pub(crate) const OPEN_GROUP: &str = "Open";
pub(crate) const ALL_GROUPS: &str = "All groups";
pub(crate) const BIO: &str = "About you";
pub(crate) const PICTURE: &str = "Picture";
pub(crate) const PICTURE_HINT: &str =
    "PNG, JPEG, GIF or WebP, up to 10 MB. Cropped to a square; metadata is removed.";
pub(crate) const TAKE_DOWN: &str = "Remove picture";
pub(crate) const PROFILE_HINT: &str = "Set a password to add a picture and a bio.";
pub(crate) const WRITE_TO: &str = "Send message";
pub(crate) fn here_since(year: i64, month: i64, day: i64) -> String {
    format!("Joined {year}-{month:02}-{day:02}")
}

pub(crate) const PASSWORD: &str = "Password";
pub(crate) const NEW_PASSWORD: &str = "New password";
pub(crate) const BECOME_OWNER: &str = "Become the owner";
pub(crate) const CREATE_OWNER: &str = "Create owner account";
pub(crate) const OWNER_HINT: &str =
    "This link makes you the owner of this server. You'll decide who is an admin. It works once.";
pub(crate) const OLD_PASSWORD: &str = "Current password";
pub(crate) const CHANGE_PASSWORD: &str = "Change password";
pub(crate) const NO_PASSWORD_YET: &str = "No password yet?";
pub(crate) const CLAIM: &str = "Create account";
pub(crate) const CLAIM_HINT: &str = "You're a guest. Set a password to keep your name and sign in elsewhere.";
pub(crate) const GUEST: &str = "Guest";
pub(crate) const GUEST_SIGN_OUT: &str = "Without a password, you can't sign in with this name again.";
pub(crate) const SESSIONS: &str = "Where you are signed in";
pub(crate) const THIS_BROWSER: &str = "This browser";
pub(crate) const SOME_BROWSER: &str = "A browser";
pub(crate) const END_SESSION: &str = "Sign out there";
pub(crate) const END_OTHERS: &str = "Sign out everywhere else";
pub(crate) const SIGN_OUT: &str = "Sign out";

/// Returns the sentence of an audit event.
pub(crate) fn audit_event(event: &AuditEvent) -> Option<Sentence> {
    Some(match event {
        AuditEvent::Claimed { by } => sentence!("{} created an account", by),
        AuditEvent::SignedIn { by, label } if label.is_empty() => sentence!("{} signed in", by),
        AuditEvent::SignedIn { by, label } => sentence!("{} signed in with {}", by, label.to_string()),
        AuditEvent::SignedOut { by, sessions: EndedSessions::One } => sentence!("{} signed out a device", by),
        AuditEvent::SignedOut { by, sessions: EndedSessions::Others } => {
            sentence!("{} signed out all other devices", by)
        }
        AuditEvent::SignedOut { by, sessions: EndedSessions::All } => {
            sentence!("{} signed out all devices", by)
        }
        AuditEvent::PasswordChanged { by } => {
            sentence!("{} changed the password and signed out all other devices", by)
        }
        AuditEvent::ResetOffered { by: Some(by), of } => {
            sentence!("{} created a password reset link for {}", by, of)
        }
        AuditEvent::ResetOffered { by: None, of } => {
            sentence!("The operator created a password reset link for {}", of)
        }
        AuditEvent::ResetUsed { by } => sentence!("{} reset the password and signed out all devices", by),
        AuditEvent::Ranked { by, of, role } => {
            let role = match role {
                AppRole::Owner => "owner",
                AppRole::Admin => "admin",
                AppRole::Member => "member",
                AppRole::Guest => "guest",
            };
            sentence!("{} changed the role of {} to {}", by, of, Words(role))
        }
        AuditEvent::GroupDeleted { by, group } => {
            sentence!("{} deleted the group {}", by, group.name.as_str())
        }
        AuditEvent::Unknown => return None,
    })
}

pub(crate) const EARLIER: &str = "Older entries";
pub(crate) fn audit_of(name: &str) -> Sentence {
    sentence!("Audit log: {}", name)
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

/// The actions for several members at once.
pub(crate) const MEMBER_ACTIONS: [(&str, &str); 4] = [
    ("promote", "Make admin"),
    ("demote", "Remove as admin"),
    ("mute", "Mute for 1 hour"),
    ("unmute", "Unmute"),
];
pub(crate) const REMOVE: &str = "Remove";
pub(crate) const BAN: &str = "Ban";

/// The lifetimes of an invite that the form offers, in minutes.
pub(crate) const SPANS: [(u32, &str); 4] = [(60, "1 hour"), (1_440, "1 day"), (WEEK, "1 week"), (0, "Never")];
/// A week, in minutes.
pub(crate) const WEEK: u32 = 10_080;

pub(crate) fn manage_title(group: &str) -> Sentence {
    sentence!("Manage {}", group)
}

pub(crate) fn message_of(author: &wire::Person) -> Sentence {
    sentence!("Message by {}", author)
}

/// Formats a time as logs show it: in the viewer's zone, or in UTC if that is not known.
pub(crate) fn moment(zone: &Zone, at: Timestamp) -> String {
    let (year, month, day) = zone.date(at);
    let local = zone.local(at);
    let utc = if zone.today.is_none() { " UTC" } else { "" };
    format!("{year}-{month:02}-{day:02} {:02}:{:02}{utc}", local.hour, local.minute)
}

pub(crate) fn back_to(group: &str) -> Sentence {
    sentence!("Back to {}", group)
}

pub(crate) fn delete_label(group: &str) -> Sentence {
    sentence!("To confirm, type the group's name: {}", group)
}

pub(crate) fn invite_works(invite: &Invite, now: Timestamp) -> String {
    let people = match invite.uses {
        None => "Unlimited uses".into(),
        Some(1) => "1 use left".into(),
        Some(uses) => format!("{uses} uses left"),
    };
    let hours = invite.until.map(|until| (until.0 - now.0).div_euclid(3_600_000));
    match hours {
        None => format!("{people}, never expires"),
        Some(0) => format!("{people}, expires in less than an hour"),
        Some(1..48) => format!("{people}, expires in {} hours", hours.unwrap_or_default() + 1),
        Some(hours) => format!("{people}, expires in {} days", hours / 24 + 1),
    }
}
