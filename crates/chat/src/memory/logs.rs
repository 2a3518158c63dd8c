//! The logs of an application in memory: idempotent sends and eviction.

use wire::{Amendment, Conversation, Epoch, Json, Page, Refusal, Rows, SendId, Seq, Topic, UserId};

use super::log::{MemoryLog, StoredEntry};
use super::state::ApplicationState;
use crate::ports::store::{
    Amend, AmendOutcome, Amended, Appended, Draft, HookPost, Kept, LogBounds, LogOutcome, LogSlice, LogWrite,
    OpenTopicBounds, Range, RowPage, RowRange, Sender, SentBefore, Unread, WithFiles, requoted,
};

/// Reading and appending entries, across all logs of the application.
impl ApplicationState {
    pub(super) fn page(&self, topic: &Topic, range: Range, epoch: Epoch) -> Page<Json> {
        match self.logs.get(topic) {
            Some(log) => {
                let entries = log.entries(topic, range).into_iter().map(|entry| self.shown(entry)).collect();
                Page { entries, epoch, begins: log.begins(), head: log.head }
            }
            None => Page { entries: Vec::new(), epoch, begins: Seq(1), head: Seq::ZERO },
        }
    }

    pub(super) fn rows(&self, topic: &Topic, range: RowRange, epoch: Epoch) -> Rows<Json> {
        let log = self.logs.get(topic);
        let (begins, head) = log.map_or((Seq(1), Seq::ZERO), |log| (log.begins(), log.head));
        let mut page = RowPage::new(range, LogBounds { epoch, begins, head });
        if let Some(log) = log {
            log.fill(&mut page, range.after, &self.restricted.rows(topic, range.viewer));
        }
        page.finish()
    }

    pub(super) fn kept(&self, topic: &Topic, seq: Seq) -> Option<Kept> {
        let held = self.log(topic)?.at(seq)?;
        Some(Kept { entry: self.shown(held.entry.clone()), mentions: held.mentions.clone() })
    }

    pub(super) fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Unread {
        let topic = Topic::of(conversation);
        let unread = self.logs.get(&topic).map(|log| log.unread(after, user)).unwrap_or_default();
        match conversation {
            Conversation::Group(_) => unread.and(self.restricted.unread(&topic, user, after)),
            // In a direct every message mentions its recipient.
            Conversation::Direct(_) => Unread { mentions: unread.messages, ..unread },
        }
    }

    /// Returns the entries of a log after a Seq, with the users whose right ends there.
    pub(super) fn slice(&self, topic: &Topic, after: Seq) -> LogSlice {
        match self.log(topic).map(|log| log.slice(after)) {
            None => LogSlice::Absent,
            Some(LogSlice::Entries(entries)) => LogSlice::Entries(
                entries.into_iter().map(|(entry, ends)| (self.shown(entry), ends)).collect(),
            ),
            Some(other) => other,
        }
    }

    pub(super) fn log(&self, topic: &Topic) -> Option<&MemoryLog> {
        self.logs.get(topic)
    }

    pub(super) fn write_log(&mut self, write: LogWrite) -> LogOutcome {
        match write {
            LogWrite::Post(draft) => self.post(draft),
            LogWrite::Publish { draft, bounds } => self.publish(draft, bounds),
            LogWrite::PostRestricted(restricted) => self.post_restricted(restricted),
            LogWrite::PostFirst { draft, creation } => {
                let outcome = self.post(draft);
                if matches!(outcome, LogOutcome::Posted { .. }) {
                    self.list_direct(&creation);
                }
                outcome
            }
            LogWrite::PostByHook(post) => self.post_by_hook(post),
            LogWrite::WithFiles(with) => self.post_with_files(*with),
        }
    }

    /// Appends a message and gives it its files.
    fn post_with_files(&mut self, WithFiles { message, files }: WithFiles) -> LogOutcome {
        let (topic, sender) = (message.draft().topic.clone(), message.draft().sender);
        if let Some(outcome) = self.sent_before(message.draft()) {
            return outcome;
        }
        if let Err(refusal) = self.files.check(sender, &files) {
            return LogOutcome::Refused(refusal);
        }
        let outcome = self.write_log(message);
        if let LogOutcome::Posted { seq } = outcome {
            self.files.attach(&topic, seq, &files);
        }
        outcome
    }

    /// Appends a message of an incoming webhook, if the group has it.
    fn post_by_hook(&mut self, HookPost { draft, token }: HookPost) -> LogOutcome {
        let conversation = draft.topic.conversation();
        let hook = self.hooks.with_token(token);
        if hook.is_none_or(|hook| conversation != Some(Conversation::Group(hook.group))) {
            return LogOutcome::Refused(Refusal::NotFound);
        }
        self.post(draft)
    }

    fn post(&mut self, draft: Draft) -> LogOutcome {
        if let Some(outcome) = self.known_or_refused(&draft) {
            return outcome;
        }
        LogOutcome::Posted { seq: self.append(draft) }
    }

    fn publish(&mut self, draft: Draft, bounds: OpenTopicBounds) -> LogOutcome {
        let begins = !self.logs.contains_key(&draft.topic);
        match bounds.check(self.open_topics, begins, draft.data.as_str().len()) {
            Ok(()) => self.post(draft),
            Err(refusal) => self.sent_before(&draft).unwrap_or(LogOutcome::Refused(refusal)),
        }
    }

    pub(super) fn sent(&self, sender: Sender, id: &SendId) -> Option<SentBefore> {
        self.sent.get(&(sender, id.clone())).cloned()
    }

    pub(super) fn amend(&mut self, amend: &Amend) -> AmendOutcome {
        let topic = &amend.news.topic;
        if let Some(outcome) = self.sent_before(&amend.news) {
            return outcome.into();
        }
        let Some(right) = amend.news.right else { return AmendOutcome::Refused(Refusal::NotFound) };
        let standing = self.standing(right.conversation, right.user);
        if let Err(refusal) = right.check(standing.as_ref()) {
            return AmendOutcome::Refused(refusal);
        }
        let Some(role) = right.role(standing.as_ref()) else {
            return AmendOutcome::Refused(Refusal::NotMember);
        };
        if let Some(restricted) = self.restricted.at(topic, amend.target) {
            return self.amend_restricted(amend, restricted, right, role);
        }
        let Some(kept) = self.kept(topic, amend.target) else {
            return AmendOutcome::Refused(Refusal::NotFound);
        };
        let Amended { data, pinned, counts, mentions, excerpt } = match amend.decide(&kept, role) {
            Ok(Some(amended)) => amended,
            Ok(None) => return AmendOutcome::Unchanged { seq: kept.entry.seq, at: kept.entry.timestamp },
            Err(refusal) => return AmendOutcome::Refused(refusal),
        };
        self.rewrite(topic, amend.target, &data);
        if amend.amendment == Amendment::Delete {
            self.files.detach(topic, amend.target);
        }
        if let Some(excerpt) = excerpt {
            let about = self.log(topic).map(|log| log.about(amend.target)).unwrap_or_default();
            for entry in about {
                if let Some(data) = requoted(&entry.data, &excerpt) {
                    self.rewrite(topic, entry.seq, &data);
                }
            }
            self.requote_restricted(topic, amend.target, &excerpt);
        }
        if let Some(log) = self.logs.get_mut(topic) {
            log.pin(amend.target, pinned);
            if let Some(held) = log.at_mut(amend.target) {
                (held.counts, held.mentions) = (counts, mentions);
            }
        }
        AmendOutcome::Posted { seq: self.append(amend.news.clone()) }
    }

    pub(super) fn rewrite(&mut self, topic: &Topic, seq: Seq, data: &Json) {
        let Some(log) = self.logs.get_mut(topic) else { return };
        let Some(old) = log.at(seq).map(StoredEntry::bytes) else { return };
        log.rewrite(seq, data);
        self.rewritten.push((topic.clone(), seq));
        self.bytes = self.bytes - old + log.at(seq).map_or(0, StoredEntry::bytes);
    }

    /// Returns the outcome of a draft that is not appended: it was committed before, or is refused.
    pub(super) fn known_or_refused(&mut self, draft: &Draft) -> Option<LogOutcome> {
        if let Some(outcome) = self.sent_before(draft) {
            return Some(outcome);
        }
        let Some(right) = draft.right else {
            return self.is_trimmed(draft).then_some(LogOutcome::Refused(Refusal::NotFound));
        };
        let standing = self.standing(right.conversation, right.user);
        if let Err(refusal) = right.check(standing.as_ref()) {
            return Some(LogOutcome::Refused(refusal));
        }
        if self.is_trimmed(draft) {
            return Some(LogOutcome::Refused(Refusal::NotFound));
        }
        if right.is_watched(standing.as_ref())
            && let Conversation::Group(id) = right.conversation
            && let Some(group) = self.groups.get_mut(&id)
        {
            group.spoke.insert(right.user, right.now);
        }
        None
    }

    /// Returns true if the entry that a draft is about is no longer kept.
    fn is_trimmed(&self, draft: &Draft) -> bool {
        let begins = self.log(&draft.topic).map_or(Seq(1), MemoryLog::begins);
        draft.about.is_some_and(|about| about < begins)
    }

    pub(super) fn sent_before(&self, draft: &Draft) -> Option<LogOutcome> {
        let sent = self.sent.get(&(draft.sender, draft.id.clone()))?;
        Some(if sent.topic == draft.topic && sent.body == draft.body {
            LogOutcome::Repeated { seq: sent.seq, at: sent.at }
        } else {
            LogOutcome::SendIdTaken
        })
    }

    /// Removes a whole log, and the ids in it.
    pub(super) fn drop_log(&mut self, topic: &Topic) {
        while self.logs.get(topic).is_some_and(|log| log.len() > 0) {
            self.forget(topic);
        }
        if let Some(log) = self.logs.remove(topic) {
            self.forgotten.extend(log.trimmed_at);
        }
    }

    pub(super) fn append(&mut self, draft: Draft) -> Seq {
        let topic = draft.topic.clone();
        let log = self.logs.entry(topic.clone()).or_default();
        let seq = log.append(&draft);
        self.bytes += draft.data.as_str().len() + 200;
        if draft.sender == Sender::Open {
            self.open_topics.topics += u64::from(seq == Seq(1));
            self.open_topics.bytes += draft.data.as_str().len() as u64;
        }
        let sent = SentBefore { topic: topic.clone(), seq, body: draft.body, at: draft.at };
        self.sent.insert((draft.sender, draft.id.clone()), sent);
        let crowded = log.len() > self.window.entries;
        let may_cause_work = draft.may_cause_work();
        self.appended.push((Appended::new(self.id, draft, seq), may_cause_work));
        self.age(&topic);
        if crowded {
            self.forget(&topic);
        }
        seq
    }

    /// Removes the oldest entry of the log that was written to longest ago; returns false if there is none.
    pub(super) fn forget_oldest(&mut self) -> bool {
        let Some(topic) = self.by_age.values().next().cloned() else { return false };
        self.forget(&topic);
        true
    }

    /// Moves a log to the end of the eviction order.
    pub(super) fn age(&mut self, topic: &Topic) {
        self.next_age += 1;
        if let Some(age) = self.ages.insert(topic.clone(), self.next_age) {
            self.by_age.remove(&age);
        }
        self.by_age.insert(self.next_age, topic.clone());
    }

    /// Removes the oldest entry of a log, and its id with it.
    pub(super) fn forget(&mut self, topic: &Topic) {
        let Some(log) = self.logs.get_mut(topic) else { return };
        if let Some(kept) = log.forget() {
            self.shortened.entry(topic.clone()).or_insert(kept.entry.seq);
            self.bytes -= kept.bytes();
            self.forgotten.push(kept.position);
            if kept.sender == Sender::Open {
                let bytes = kept.entry.data.as_str().len() as u64;
                self.open_topics.bytes = self.open_topics.bytes.saturating_sub(bytes);
            }
            self.bytes -= self.restricted.forget(topic, kept.entry.seq);
            self.files.detach(topic, kept.entry.seq);
            self.sent.remove(&(kept.sender, kept.entry.id));
        }
        if log.len() == 0
            && let Some(age) = self.ages.remove(topic)
        {
            self.by_age.remove(&age);
        }
    }

    pub(super) fn head(&self, topic: &Topic) -> Seq {
        self.logs.get(topic).map_or(Seq::ZERO, |log| log.head)
    }
}
