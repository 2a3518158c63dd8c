//! Restricted messages in memory: their content, their readers, and the copies in the logs of these.

use std::collections::HashMap;

use wire::{
    Amendment, Conversation, DeliveryState, Entry, Json, Page, Receipt, Refusal, Role, Seq, Topic, UserId,
};

use super::records::MemberView;
use super::restricted_messages::{StoredReader, StoredRestricted};
use super::state::ApplicationState;
use crate::ports::store::{
    Amend, AmendOutcome, Amended, CopyPointer, Draft, ExternalKey, Kept, LogOutcome, MOVED_RECEIPTS,
    MessageReceipts, MovedReceipt, Permission, RecipientReceipt, Recipients, Restricted, RestrictedDraft,
    Sender, SentBefore, copy, is_placeholder, placeholder, requoted,
};
use crate::rules::{self, Audience, Viewer};

/// Sending and changing restricted messages.
impl ApplicationState {
    pub(super) fn post_restricted(&mut self, restricted: RestrictedDraft) -> LogOutcome {
        let RestrictedDraft { draft, recipients } = restricted;
        if let Some(outcome) = self.known_or_refused(&draft) {
            return outcome;
        }
        let Some(author) = author(&draft) else { return LogOutcome::Refused(Refusal::NotFound) };
        let audience = match recipients {
            Recipients::Chosen(users) => {
                let missing: Vec<UserId> =
                    users.iter().copied().filter(|user| !self.has_seat(&draft.topic, *user)).collect();
                if !missing.is_empty() {
                    let name = |user: &UserId| match self.people.get(user) {
                        Some(person) => person.name.to_string(),
                        None => user.to_string(),
                    };
                    return LogOutcome::Refused(rules::not_members(missing.iter().map(name)));
                }
                Audience::of(std::iter::once(author).chain(users).collect())
            }
            Recipients::Inherited(users) => {
                Audience::of(users).inherited(author, |user| self.has_seat(&draft.topic, user))
            }
        };
        LogOutcome::Posted { seq: self.append_restricted(draft, &audience) }
    }

    /// Appends the placeholder of a message or a change, and a copy for each of its readers.
    pub(super) fn append_restricted(&mut self, draft: Draft, audience: &Audience) -> Seq {
        let seq = self.append(placeholder(&draft, self.head(&draft.topic).next()));
        let author = author(&draft);
        let mut readers = Vec::with_capacity(audience.users().len());
        for user in audience.users().iter().copied() {
            let about = draft.about.and_then(|about| self.copy_of(&draft.topic, about, user));
            let copied = copy(&draft, seq, user, about);
            let place = self.append_copy(copied, &draft.data);
            self.restricted.copies.entry(user).or_default().insert(place, (draft.topic.clone(), seq));
            let counts = draft.counts && Some(user) != author;
            readers.push(StoredReader {
                user,
                copy: place,
                counts,
                mentions: counts && draft.mentions.has(user),
            });
        }
        if let Some(author) = author {
            // A retry finds the message in the group, by the id of the author's copy.
            let sent = SentBefore { topic: draft.topic.clone(), seq, body: draft.body, at: draft.at };
            self.sent.insert((draft.sender, draft.id.clone()), sent);
            let Draft { id, at, data, about, is_row, .. } = draft;
            let stored = StoredRestricted { author, id, at, data, about, is_row, readers };
            self.bytes += stored.bytes();
            self.restricted.contents.entry(draft.topic).or_default().insert(seq, stored);
        }
        seq
    }

    /// Appends a copy: subscribers get it with its message.
    fn append_copy(&mut self, draft: Draft, message: &Json) -> Seq {
        let pointer = CopyPointer::of(&draft.topic, &draft.data);
        let seq = self.append(draft);
        if let (Some((_, pointer)), Some((appended, _))) = (pointer, self.appended.last_mut()) {
            appended.entry.data = pointer.filled(Some(message));
        }
        seq
    }

    /// Changes a restricted message, if the rules allow it, for those of its readers who still have a seat.
    pub(super) fn amend_restricted(
        &mut self,
        amend: &Amend,
        Restricted { entry, mentions, audience }: Restricted,
        right: Permission,
        role: Role,
    ) -> AmendOutcome {
        if let Err(refusal) = audience.may_amend(right.viewer(), &amend.amendment) {
            return AmendOutcome::Refused(refusal);
        }
        let (seq, at, topic) = (entry.seq, entry.timestamp, entry.topic.clone());
        let amended = match amend.decide(&Kept { entry, mentions }, role) {
            Ok(Some(amended)) => amended,
            Ok(None) => return AmendOutcome::Unchanged { seq, at },
            Err(refusal) => return AmendOutcome::Refused(refusal),
        };
        self.rewrite_restricted(&topic, amend.target, &amended);
        if amend.amendment == Amendment::Delete {
            self.files.detach(&topic, amend.target);
        }
        let audience = audience.inherited(amend.by.id, |user| self.has_seat(&topic, user));
        AmendOutcome::Posted { seq: self.append_restricted(amend.news.clone(), &audience) }
    }

    /// Changes the content of a restricted message, and its quotes in others.
    pub(super) fn rewrite_restricted(&mut self, topic: &Topic, seq: Seq, change: &Amended) {
        let Some(all) = self.restricted.contents.get_mut(topic) else { return };
        let mut bytes = self.bytes;
        let mut rewrite = |stored: &mut StoredRestricted, data: Json| {
            bytes =
                bytes - stored.bytes() + data.as_str().len() - stored.data.as_str().len() + stored.bytes();
            stored.data = data;
        };
        if let Some(stored) = all.get_mut(&seq) {
            rewrite(stored, change.data.clone());
            for reader in &mut stored.readers {
                reader.counts = change.counts && reader.user != stored.author;
                reader.mentions = reader.counts && change.mentions.has(reader.user);
            }
        }
        self.bytes = bytes;
        if let Some(excerpt) = &change.excerpt {
            self.requote_restricted(topic, seq, excerpt);
        }
    }

    /// Changes the quotes of a message in the restricted messages that are about it.
    pub(super) fn requote_restricted(&mut self, topic: &Topic, seq: Seq, excerpt: &str) {
        let Some(all) = self.restricted.contents.get_mut(topic) else { return };
        for stored in all.values_mut().filter(|stored| stored.about == Some(seq)) {
            if let Some(data) = requoted(&stored.data, excerpt) {
                self.bytes = self.bytes + data.as_str().len() - stored.data.as_str().len();
                stored.data = data;
            }
        }
    }

    /// Takes the words of the messages that are going to be removed out of those that quote or change them.
    pub(super) fn silence_restricted(&mut self, topic: &Topic, before: Seq) {
        let Some(all) = self.restricted.contents.get_mut(topic) else { return };
        let later = all.range_mut(before..).map(|(_, stored)| stored);
        for stored in later.filter(|stored| stored.about.is_some_and(|about| about < before)) {
            if let Some(data) = requoted(&stored.data, "") {
                self.bytes = self.bytes + data.as_str().len() - stored.data.as_str().len();
                stored.data = data;
            }
        }
    }

    /// Returns an entry as it is read: a copy in a user's own log has the message as it is now.
    pub(super) fn shown(&self, mut entry: Entry<Json>) -> Entry<Json> {
        if let Some((user, pointer)) = CopyPointer::of(&entry.topic, &entry.data) {
            let stored = self.restricted.find(&pointer.topic, pointer.seq);
            let may_read = |stored: &&StoredRestricted| {
                stored.audience().admits(Viewer::User(user)) && self.has_seat(&pointer.topic, user)
            };
            entry.data = pointer.filled(stored.filter(may_read).map(|stored| &stored.data));
        }
        entry
    }

    /// Puts the messages that a viewer may read in the places of their placeholders.
    pub(super) fn revealed(&self, mut page: Page<Json>, viewer: Viewer) -> Page<Json> {
        for entry in page.entries.iter_mut().filter(|entry| is_placeholder(&entry.data)) {
            let stored = self.restricted.find(&entry.topic, entry.seq);
            if let Some(stored) = stored.filter(|stored| stored.audience().admits(viewer)) {
                *entry = stored.entry(&entry.topic, entry.seq);
            }
        }
        page
    }

    /// Returns true if a user has a seat in the group of a topic.
    pub(super) fn has_seat(&self, topic: &Topic, user: UserId) -> bool {
        let Some(Conversation::Group(group)) = topic.conversation() else { return false };
        self.groups.get(&group).is_some_and(|group| group.views.contains_key(&user))
    }

    fn copy_of(&self, topic: &Topic, seq: Seq, user: UserId) -> Option<Seq> {
        Some(self.restricted.find(topic, seq)?.reader(user)?.copy)
    }

    /// Marks a user's own log as delivered up to a Seq; returns the receipts that have moved.
    pub(super) fn deliver_copies(&mut self, user: UserId, seq: Seq) -> Vec<MovedReceipt> {
        let place = seq.min(self.head(&Topic::user(user)));
        let before = self.restricted.delivered(user);
        if place <= before {
            return Vec::new();
        }
        self.restricted.delivered.insert(user, place);
        let Some(copies) = self.restricted.copies.get(&user) else { return Vec::new() };
        let moved = copies.range(before.next()..=place);
        let moved = moved.rev().filter_map(|(_, (topic, seq))| self.moved(topic, *seq, user));
        moved.take(MOVED_RECEIPTS).collect()
    }

    /// Returns the receipts of messages to a user that their read mark has moved over.
    pub(super) fn read_copies(
        &self,
        topic: &Topic,
        user: UserId,
        before: Seq,
        now: Seq,
    ) -> Vec<MovedReceipt> {
        if now <= before {
            return Vec::new();
        }
        let Some(all) = self.restricted.contents.get(topic) else { return Vec::new() };
        let read = all.range(before.next()..=now);
        let moved = read.rev().filter_map(|(seq, _)| self.moved(topic, *seq, user));
        moved.take(MOVED_RECEIPTS).collect()
    }

    fn moved(&self, topic: &Topic, seq: Seq, user: UserId) -> Option<MovedReceipt> {
        let stored =
            self.restricted.find(topic, seq).filter(|stored| stored.is_row && stored.author != user)?;
        let state = self.restricted.state(stored.reader(user)?, self.seen(topic, user), seq);
        let receipt = Receipt { user, state };
        Some(MovedReceipt { author: stored.author, topic: topic.clone(), seq, receipt })
    }

    /// Returns how far the recipients of a message are.
    pub(super) fn receipts(&self, conversation: Conversation, seq: Seq) -> Option<MessageReceipts> {
        let topic = &Topic::of(conversation);
        let mut keys: HashMap<UserId, &ExternalKey> =
            self.user_keys.iter().map(|(key, (user, _))| (*user, key)).collect();
        let mut with_key =
            |receipt: Receipt| RecipientReceipt { receipt, key: keys.remove(&receipt.user).cloned() };
        if let Some(stored) = self.restricted.find(topic, seq).filter(|stored| stored.is_row) {
            let others = stored.readers.iter().filter(|reader| reader.user != stored.author);
            let receipt = |reader: &StoredReader| Receipt {
                user: reader.user,
                state: self.restricted.state(reader, self.seen(topic, reader.user), seq),
            };
            let mut recipients: Vec<RecipientReceipt> = others.map(receipt).map(&mut with_key).collect();
            recipients.sort_by_key(|one| one.receipt.user);
            return Some(MessageReceipts { author: stored.author, is_restricted: true, recipients });
        }
        let author = match self.log(topic)?.at(seq).filter(|held| held.counts)?.sender {
            Sender::User(author) => author,
            Sender::Open | Sender::Server => return None,
        };
        let mut recipients = self.readers_of(conversation, author, seq);
        recipients.sort_by_key(|receipt| receipt.user);
        let recipients = recipients.into_iter().map(&mut with_key).collect();
        Some(MessageReceipts { author, is_restricted: false, recipients })
    }

    /// Returns how far the members who had joined before a message are with it, but its author.
    fn readers_of(&self, conversation: Conversation, author: UserId, seq: Seq) -> Vec<Receipt> {
        let receipt = |user: UserId, view: &MemberView| {
            let state = match view {
                view if view.seen >= seq => DeliveryState::Read,
                view if view.delivered >= seq => DeliveryState::Delivered,
                _ => DeliveryState::Sent,
            };
            Receipt { user, state }
        };
        match conversation {
            Conversation::Group(id) => {
                let views = self.groups.get(&id).into_iter().flat_map(|group| &group.views);
                let others = views.filter(|(user, view)| **user != author && view.joined < seq);
                others.map(|(user, view)| receipt(*user, view)).collect()
            }
            // Marks are hidden from both while one has blocked the other.
            Conversation::Direct(pair) => {
                let others = pair.people().into_iter().filter(|user| *user != author);
                let view = |user: UserId| match self.directs.get(&user) {
                    Some(views) if !self.is_blocked(conversation) => views.get(&pair.other(user)).copied(),
                    _ => None,
                };
                others.map(|user| receipt(user, &view(user).unwrap_or_default())).collect()
            }
        }
    }

    fn seen(&self, topic: &Topic, user: UserId) -> Option<Seq> {
        self.standing(topic.conversation()?, user).map(|standing| standing.seen)
    }
}

/// Returns the user whose message a draft is.
pub(super) fn author(draft: &Draft) -> Option<UserId> {
    match draft.sender {
        Sender::User(user) => Some(user),
        Sender::Open | Sender::Server => None,
    }
}
