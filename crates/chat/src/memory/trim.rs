//! Trimming and the sizes of logs, in memory.

use wire::{Seq, Topic, TopicKind};

use super::log::MemoryLog;
use super::state::ApplicationState;
use crate::ports::store::{
    ApplicationUsage, Checked, LogUsage, OldEntry, SetRetention, TRIM_ENTRIES, Trim, Trimmed, requoted,
};

/// Removing the oldest entries of a log.
impl ApplicationState {
    pub(super) fn set_retention(&mut self, write: SetRetention) -> Checked {
        let SetRetention { topic, retention } = write;
        let Some(log) = self.logs.get_mut(&topic) else { return Checked::Stale };
        log.retention = retention;
        Checked::Done
    }

    pub(super) fn trim(&mut self, Trim { topic, before }: &Trim) -> Trimmed {
        let before = *before;
        let Some(log) = self.logs.get(topic) else { return Trimmed { begins: Seq(1) } };
        let begins = log.begins();
        let before = before.min(Seq(begins.0.saturating_add(TRIM_ENTRIES))).min(log.head.next());
        if before <= begins {
            return Trimmed { begins };
        }
        for entry in log.about_earlier(before) {
            if let Some(data) = requoted(&entry.data, "") {
                self.rewrite(topic, entry.seq, &data);
            }
        }
        self.silence_restricted(topic, before);
        while self.logs.get(topic).is_some_and(|log| log.begins() < before) {
            self.forget(topic);
        }
        if let TopicKind::User(user) = topic.kind() {
            self.refusals.retain(|(of, seq), _| *of != user || *seq >= before);
        }
        self.trimmed.push(topic.clone());
        Trimmed { begins: before }
    }

    pub(super) fn log_usage(&self, topic: &Topic) -> Option<LogUsage> {
        self.log(topic).map(|log| log.usage(topic))
    }

    pub(super) fn log_usages(&self, after: Option<&Topic>, limit: usize) -> Vec<LogUsage> {
        let is_later = |topic: &&Topic| after.is_none_or(|after| topic.as_str() > after.as_str());
        let mut topics: Vec<&Topic> = self.logs.keys().filter(is_later).collect();
        topics.sort_by_key(|topic| topic.as_str());
        topics.into_iter().take(limit).filter_map(|topic| self.log_usage(topic)).collect()
    }

    pub(super) fn oldest(&self, topic: &Topic, limit: usize) -> Vec<OldEntry> {
        self.log(topic).map(|log| log.oldest(limit)).unwrap_or_default()
    }

    pub(super) fn usage(&self) -> ApplicationUsage {
        ApplicationUsage {
            users: self.people.keys().filter(|user| !self.deleted.contains(user)).count() as u64,
            groups: self.groups.len() as u64,
            topics: self.logs.len() as u64,
            entries: self.logs.values().map(|log| log.len() as u64).sum(),
            bytes: self.logs.values().map(|log: &MemoryLog| log.bytes).sum(),
        }
    }
}
