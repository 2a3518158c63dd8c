//! The store in memory, which keeps nothing on a disk: `--store memory` runs on it.

mod accounts;
mod applications;
mod attempts;
mod blobs;
mod conversations;
mod ended_sessions;
mod files;
mod groups;
mod hooks;
mod identities;
mod inbox;
mod jobs;
mod keyed;
mod log;
mod logs;
mod read_state;
mod reader;
mod records;
mod restricted;
mod restricted_messages;
mod search;
mod state;
mod store_state;
mod trim;
mod user_tokens;
mod users;
mod webhook_writes;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use wire::{ApplicationId, Epoch, LogKey, Seq, Timestamp};

pub use self::blobs::MemoryBlobs;
use self::reader::MemoryReader;
pub use self::records::Window;
use self::search::MemoryIndex;
use self::store_state::MemoryState;
use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{Session, TokenHash};
use crate::ports::random::{RandomSource, random};
use crate::ports::search::SearchIndex;
use crate::ports::store::{
    Application, ApplicationKey, Commit, Committed, FoundHook, JobCount, JobQueue, LogSlice, MessageTail,
    Position, Slices, Store, StoreReader, Tail, Webhook, WebhookTail,
};
use crate::service::error::Fault;

/// A store for the life of the process. Each log keeps its newest entries within a [`Window`]; members, users and
/// sessions are all kept.
pub struct MemoryStore {
    epoch: Epoch,
    state: Arc<Mutex<MemoryState>>,
}

impl MemoryStore {
    /// Creates an empty store with an epoch of its own.
    #[must_use]
    pub fn new(chance: &dyn RandomSource, window: Window) -> Self {
        let epoch = Epoch(u64::from_be_bytes(random(chance)));
        let state = MemoryState::new(window, chance);
        Self { epoch, state: Arc::new(Mutex::new(state)) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn reads(&self) -> u64 {
        0
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        let mut state = self.state.lock();
        let mut committed = Committed { outcomes: Vec::with_capacity(commits.len()), ..Committed::default() };
        for commit in commits {
            let outcome = state.write(commit, &mut committed);
            committed.outcomes.push(outcome);
        }
        committed.revocations = state.revocations.after(revocations_after);
        Ok(committed)
    }

    async fn probe(&self) -> Result<(), Fault> {
        Ok(())
    }

    async fn snapshot(&self, application: ApplicationId) -> Result<Arc<dyn StoreReader>, Fault> {
        let state = Arc::new(Mutex::new(self.state.lock().clone()));
        Ok(Arc::new(MemoryReader { epoch: self.epoch, application, state }))
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        Arc::new(MemoryReader { epoch: self.epoch, application, state: Arc::clone(&self.state) })
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        let state = self.state.lock();
        let revocations = state.revocations.head();
        let alive =
            state.applications.iter().filter(|(application, _)| !state.registry.is_deleted(**application));
        Ok(alive
            .into_iter()
            .find_map(|(id, of)| of.session(*id, token, state.registry.tokens_valid_from(*id), revocations)))
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        Ok(self.state.lock().registry.token(token))
    }

    async fn hook(&self, token: TokenHash) -> Result<Option<FoundHook>, Fault> {
        Ok(self.state.lock().hook(token))
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        Ok(self.state.lock().registry.find(key))
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        Ok(self.state.lock().registry.after(after, limit))
    }

    async fn lists_origin(&self, origin: String) -> Result<bool, Fault> {
        Ok(self.state.lock().registry.lists_origin(&origin))
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        let state = self.state.lock();
        Ok(logs.iter().map(|log| state.log(log).map(|log| log.head)).collect())
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        let state = self.state.lock();
        let slice = |(log, after): &(LogKey, Seq)| match state.applications.get(&log.application) {
            Some(application) => application.slice(&log.topic, *after),
            None => LogSlice::Absent,
        };
        let logs = after.iter().map(slice).collect();
        Ok(Slices { logs, revocations: state.revocations.after(revocations_after) })
    }

    async fn relay(&self) -> Result<Position, Fault> {
        Ok(self.state.lock().jobs.relay)
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault> {
        let state = self.state.lock();
        let (noted, position) = state.jobs.tail(after, limit);
        let entries = noted.into_iter().filter_map(|(log, seq)| {
            let kept = state.applications.get(&log.application)?.kept(&log.topic, seq)?;
            Some((log, kept.entry))
        });
        Ok(Tail { entries: entries.collect(), position })
    }

    async fn message_tail(&self, after: Position, limit: usize) -> Result<MessageTail, Fault> {
        Ok(self.state.lock().message_tail(after, limit))
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(MemoryIndex { state: Arc::clone(&self.state) })
    }

    async fn active_webhooks(&self) -> Result<Vec<(ApplicationId, Webhook)>, Fault> {
        Ok(self.state.lock().active_webhooks())
    }

    async fn webhook_tail(&self, after: Position, limit: usize) -> Result<WebhookTail, Fault> {
        Ok(self.state.lock().webhook_tail(after, limit))
    }

    async fn position_at(&self, at: Timestamp) -> Result<Position, Fault> {
        Ok(self.state.lock().position_at(at))
    }

    async fn has_due_jobs(&self, queue: JobQueue, now: Timestamp) -> Result<bool, Fault> {
        Ok(self.state.lock().jobs.has_due(queue, now))
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        Ok(self.state.lock().jobs.counts())
    }

    async fn close(&self) -> Result<(), Fault> {
        Ok(())
    }
}
