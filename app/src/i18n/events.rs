//! The sentences of events, receipts, typing and counts, on hydrated pages.

use wire::{ConversationSummary, Event, FileSummary, JoinPolicy, Person, Quote, Role, Setting};

use super::PRODUCT;
use super::sentence::{Sentence, UpTo99, Words};
use super::texts::Texts;
use crate::client::Receipt;

/// The sentences of events, receipts, typing and counts.
impl Texts {
    /// Returns the sentence of a notice; none if the event has none.
    pub(crate) fn happened(self, event: &Event) -> Option<Sentence> {
        Some(match event {
            Event::Created { by, name } => Texts::created(self, by, name),
            Event::Joined { member } => self.joined(&member.person),
            Event::Left { person } => self.left(person),
            Event::Ranked { person, role: Role::Admin, by } => self.made_admin(by, person),
            Event::Ranked { person, role: Role::Member, by } if person == by => self.stepped_down(by),
            Event::Ranked { person, role: Role::Member, by } => self.removed_as_admin(by, person),
            Event::Removed { person, by, banned: false } => self.removed_member(by, person),
            Event::Removed { person, by, banned: true } => self.banned_member(by, person),
            Event::Unbanned { person, by } => self.unbanned(by, person),
            Event::Added { member, by } => self.added_member(by, &member.person),
            Event::Muted { person, until: Some(_), by } => self.muted_member(by, person),
            Event::Muted { person, until: None, by } => self.unmuted(by, person),
            Event::Changed { setting, by } => self.changed(setting, by),
            Event::Invited { uses: None, by, .. } => self.created_invite(by),
            Event::Invited { uses: Some(uses), by, .. } => self.created_invite_for(by, *uses),
            Event::Uninvited { by } => self.revoked_invite(by),
            Event::Pinned { on: true, by, .. } => self.pinned_message(by),
            Event::Pinned { on: false, by, .. } => self.unpinned_message(by),
            // Those of incoming webhooks are only in the audit log, on a page without a script.
            Event::Hook { .. }
            | Event::Message { .. }
            | Event::Restricted
            | Event::RestrictedMessage { .. }
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

    fn changed(self, setting: &Setting, by: &Person) -> Sentence {
        match setting {
            Setting::Name(name) => self.renamed(by, name),
            Setting::Description(text) if text.as_str().is_empty() => self.removed_description(by),
            Setting::Description(text) => self.changed_description(by, text.as_str()),
            Setting::Limit(limit) => self.set_limit(by, *limit),
            Setting::JoinPolicy(JoinPolicy::Listed) => self.opened_and_listed(by),
            Setting::JoinPolicy(JoinPolicy::Open) => self.opened_by_link(by),
            Setting::JoinPolicy(JoinPolicy::Invite) => self.made_invite_only(by),
            Setting::Announcing(true) => self.limited_posting(by),
            Setting::Announcing(false) => self.let_everyone_post(by),
            Setting::SlowS(0) => self.slow_mode_off(by),
            Setting::SlowS(seconds) => self.slow_mode_on(by, *seconds),
            Setting::Archived(true) => self.archived_by(by),
            Setting::Archived(false) => self.unarchived_by(by),
        }
    }

    pub(crate) fn deleted(self, author: &Person, by: &Person) -> Sentence {
        if author == by { self.deleted_own(by) } else { self.deleted_other(by, author) }
    }

    /// Returns the sentence of a message that was refused.
    pub(crate) fn not_sent_for(self, refused: &wire::Refused) -> String {
        self.not_sent_because(Words(&self.refusal(refused))).plain()
    }

    /// Returns the excerpt of a quoted message; the kind of its files if it has no text, such as `3 photos`, or a
    /// sentence if it is deleted.
    pub(crate) fn quoted(self, quote: &Quote) -> String {
        match quote.files {
            _ if quote.excerpt.is_empty() => self.message_gone().into(),
            Some(FileSummary { count, pictures }) if count == pictures => self.photo_count(count).plain(),
            Some(FileSummary { count, .. }) if count > 1 => self.file_count(count).plain(),
            // One file is called by its name.
            _ => quote.excerpt.clone(),
        }
    }

    pub(crate) fn replying(self, quote: &Quote) -> Sentence {
        self.replying_to(&quote.author, self.quoted(quote).as_str())
    }

    /// Returns the size of a file, in KB or MB of 1,024 and 1,048,576 bytes.
    pub(crate) fn file_size(self, bytes: u64) -> String {
        let tenths = bytes.saturating_mul(10).div_ceil(1024 * 1024);
        let size = match tenths {
            0..10 => self.size_kb(bytes.div_ceil(1024)),
            _ => self.size_mb(tenths / 10, tenths % 10),
        };
        size.plain()
    }

    /// Returns the label of a connected user's presence.
    pub(crate) fn whereabouts(self, here: bool) -> &'static str {
        if here { self.online() } else { self.away() }
    }

    /// Returns the sentence of a delivery receipt.
    pub(crate) fn receipt(self, receipt: &Receipt, is_direct: bool) -> Sentence {
        let Receipt { read_by, read, delivered, others } = receipt;
        match read_by.as_slice() {
            [] if *read > 0 => self.read_by_some(*read, *others),
            [] if *delivered == 0 => self.receipt_sent().into(),
            [] if is_direct => self.receipt_delivered().into(),
            [] => self.delivered_to(*delivered, *others),
            [_] if is_direct => self.receipt_read().into(),
            _ if read == others && *read > 1 => self.read_by_everyone().into(),
            [one] if *read == 1 => self.read_by_one(one.as_str()),
            [one] => self.read_by_one_more(one.as_str(), read - 1),
            [one, two] if *read == 2 => self.read_by_two(one.as_str(), two.as_str()),
            [one, two, ..] => self.read_by_two_more(one.as_str(), two.as_str(), read.saturating_sub(2)),
        }
    }

    pub(crate) fn typing(self, names: &[String]) -> Option<Sentence> {
        Some(match names {
            [] => return None,
            [one] => self.typing_one(one.as_str()),
            [one, two] => self.typing_two(one.as_str(), two.as_str()),
            _ => self.typing_many().into(),
        })
    }

    pub(crate) fn unread(self, count: u32, mentions: u32) -> String {
        let unread = self.unread_messages(UpTo99(count));
        let sentence = match mentions {
            0 => unread,
            n => self.unread_with_mentions(unread, self.mention_count(UpTo99(n))),
        };
        sentence.plain()
    }

    /// Returns the line above the first row of a conversation. Its oldest entries may have been trimmed.
    pub(crate) fn beginning(self, what: &ConversationSummary, is_trimmed: bool) -> Sentence {
        match what {
            _ if is_trimmed => self.older_deleted().into(),
            ConversationSummary::Group(_) => self.start_of_group().into(),
            ConversationSummary::Direct { with, .. } => self.start_of_direct(with),
        }
    }
}

/// Returns the title of a page, with the viewer's unread count.
pub(crate) fn title(unread: u32, name: &str) -> String {
    // A name in the other writing direction must not reorder the rest; one in ASCII cannot.
    let name = if name.is_ascii() { name.to_owned() } else { Sentence::name(name).plain() };
    match unread {
        0 => format!("{name} · {PRODUCT}"),
        n => format!("({}) {name} · {PRODUCT}", UpTo99(n).text()),
    }
}

/// Returns the title of the start page.
pub(crate) fn home_title(unread: u32) -> String {
    match unread {
        0 => PRODUCT.into(),
        n => format!("({}) {PRODUCT}", UpTo99(n).text()),
    }
}
