//! Search in memory: a scan of the entries themselves, which is always up to date.

use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use wire::{ApplicationId, Entry, Event, Json, LogKey, Seq, Topic, TopicKind};

use super::store_state::MemoryState;
use crate::ports::search::{CandidateRequest, IndexUpdate, SearchIndex};
use crate::ports::store::{CopyPointer, MessageTail, Position, TailedMessage, deleted_group, event_of};
use crate::search::{SearchedMessage, searched_text};
use crate::service::error::Fault;

/// The index of a store in memory. It keeps nothing of its own.
pub(super) struct MemoryIndex {
    pub(super) state: Arc<Mutex<MemoryState>>,
}

/// The most entries that are looked at while commits wait.
const AT_ONCE: usize = 500;

#[async_trait]
impl SearchIndex for MemoryIndex {
    async fn position(&self) -> Result<Position, Fault> {
        Ok(self.state.lock().head)
    }

    async fn apply(&self, update: IndexUpdate) -> Result<bool, Fault> {
        Ok(update.from == self.state.lock().head)
    }

    async fn remove_application(&self, _application: ApplicationId) -> Result<(), Fault> {
        Ok(())
    }

    async fn candidates(&self, request: CandidateRequest) -> Result<Vec<Position>, Fault> {
        let (mut found, mut before) = (Vec::new(), request.before);
        loop {
            let more = self.state.lock().scan(&request, &mut before, &mut found);
            if !more {
                return Ok(found);
            }
            // Commits come first.
            tokio::task::yield_now().await;
        }
    }

    fn rebuilds(&self) -> u64 {
        0
    }

    async fn close(&self) -> Result<(), Fault> {
        Ok(())
    }
}

impl MemoryState {
    /// Looks at the next entries before a position, and moves it; returns true if there are more to look at.
    fn scan(
        &self,
        request: &CandidateRequest,
        before: &mut Option<Position>,
        found: &mut Vec<Position>,
    ) -> bool {
        let bound = before.map_or(Unbounded, Excluded);
        let mut older = self.positions.range((Unbounded, bound)).rev();
        for (position, (log, seq)) in older.by_ref().take(AT_ONCE) {
            if found.len() >= request.limit {
                return false;
            }
            *before = Some(*position);
            if log.application == request.application && self.is_hit(request, log, *seq) {
                found.push(*position);
            }
        }
        older.next().is_some()
    }

    fn is_hit(&self, request: &CandidateRequest, log: &LogKey, seq: Seq) -> bool {
        let Some(entry) = self.entry(log, seq).filter(|entry| may_be_message(&entry.data)) else {
            return false;
        };
        let Some(found) = SearchedMessage::of(&entry) else { return false };
        request.covers(&found) && request.query.matches(&searched_text(&found.body))
    }

    pub(super) fn message_tail(&self, after: Position, limit: usize) -> MessageTail {
        let mut tail = MessageTail { position: after, head: self.head, ..MessageTail::default() };
        let trims: Vec<_> = self.trims.range((Excluded(after), Unbounded)).take(limit).collect();
        // If there are more trims than these, the entries after the last of them come next time.
        let last = trims.last().filter(|_| trims.len() == limit).map_or(Unbounded, |(at, _)| Included(**at));
        let mut entries = 0;
        for (position, (log, seq)) in self.positions.range((Excluded(after), last)).take(limit) {
            entries += 1;
            tail.position = *position;
            let Some(held) = self.applications.get(&log.application).and_then(|state| state.log(&log.topic))
            else {
                continue;
            };
            let Some(entry) = held.at(*seq) else { continue };
            let message = match event_of(&self.shown(log, &entry.entry).data).carried() {
                Event::Message { .. } => Some(entry),
                // A change of a copy is about that copy, in the same log.
                Event::Edited { target, .. } | Event::Deleted { target, .. } => match log.topic.kind() {
                    TopicKind::User(_) => entry.about.and_then(|target| held.at(target)),
                    _ => held.at(target),
                },
                _ => {
                    let deleted = deleted_group(&log.topic, &entry.entry.data);
                    let log = deleted.map(|group| LogKey::new(log.application, Topic::group(group)));
                    tail.deleted_logs.extend(log.filter(|log| self.log(log).is_none()));
                    None
                }
            };
            tail.messages.extend(message.map(|message| TailedMessage {
                position: message.position,
                log: log.clone(),
                entry: self.shown(log, &message.entry),
            }));
        }
        let (is_full, last) = (entries == limit, tail.position);
        for (at, log) in trims.into_iter().filter(|(at, _)| !is_full || **at <= last) {
            tail.position = tail.position.max(*at);
            let trimmed = self.log(log).map(|held| (log.clone(), held.trimmed));
            tail.trimmed.extend(trimmed);
        }
        tail
    }

    pub(super) fn entries_at(
        &self,
        application: ApplicationId,
        positions: &[Position],
    ) -> Vec<(Position, Entry<Json>)> {
        let entry = |position: &Position| {
            let (log, seq) = self.positions.get(position)?;
            let entry = self.entry(log, *seq).filter(|_| log.application == application)?;
            let is_copy = CopyPointer::of(&entry.topic, &entry.data).is_some();
            (is_copy || log.topic.conversation().is_some()).then_some((*position, entry))
        };
        positions.iter().filter_map(entry).collect()
    }

    fn entry(&self, log: &LogKey, seq: Seq) -> Option<Entry<Json>> {
        let held = self.applications.get(&log.application)?.log(&log.topic)?.at(seq)?;
        Some(self.shown(log, &held.entry))
    }

    /// Returns an entry as it is read.
    fn shown(&self, log: &LogKey, entry: &Entry<Json>) -> Entry<Json> {
        let entry = entry.clone();
        match self.applications.get(&log.application) {
            Some(state) => state.shown(entry),
            None => entry,
        }
    }
}

/// Returns false for the data of most entries that are no messages, without decoding it.
fn may_be_message(data: &Json) -> bool {
    data.as_str().contains("\"message\"")
}
