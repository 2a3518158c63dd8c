//! The store in memory, which keeps nothing on a disk: `--store memory` runs on it.

mod accounts;
mod applications;
mod attempts;
mod conversations;
mod ended_sessions;
mod groups;
mod jobs;
mod log;
mod logs;
mod records;
mod search;
mod state;
mod store_state;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use wire::{
    ApplicationId, Conversation, Entry, Epoch, GroupId, Json, LogKey, Member, Page, Person, Refusal, Rows,
    SendId, Seq, Timestamp, Topic, UserId, UserKey,
};

use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{Session, SessionSummary, TokenHash};
use crate::ports::random::{RandomSource, random};
use crate::ports::search::SearchIndex;
use crate::ports::store::{
    Account, AccountKey, AccountListing, Application, ApplicationKey, Commit, Committed, Conversations, GroupListing,
    GroupOverview, JobCount, Kept, MembershipState, MessageTail, NewMembers, Position,
    Profile, Range, Roster, RowRange, Sender, SentBefore, Slices, Store, StoreReader, Tail, Unread,
};
use crate::service::error::Fault;

use self::log::MemoryLog;
pub use self::records::Window;
use self::search::MemoryIndex;
use self::state::ApplicationState;
use self::store_state::MemoryState;

/// A store for the life of the process. Each log keeps its newest entries within a [`Window`]; members, users and
/// sessions are all kept.
pub struct MemoryStore {
    epoch: Epoch,
    state: Arc<Mutex<MemoryState>>,
}

/// Reads the facts of one application.
struct MemoryReader {
    epoch: Epoch,
    application: ApplicationId,
    state: Arc<Mutex<MemoryState>>,
}

impl MemoryStore {
    /// Creates an empty store with an epoch of its own.
    #[must_use]
    pub fn new(chance: &dyn RandomSource, window: Window) -> Self {
        let state = MemoryState::new(window, chance);
        Self { epoch: Epoch(u64::from_be_bytes(random(chance))), state: Arc::new(Mutex::new(state)) }
    }
}

impl MemoryReader {
    fn state(&self) -> MappedMutexGuard<'_, ApplicationState> {
        MutexGuard::map(self.state.lock(), |state| state.application(self.application))
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

    async fn commit(&self, commits: Arc<[Commit]>, revocations_after: Seq) -> Result<Committed, Fault> {
        let mut state = self.state.lock();
        let outcomes = commits.iter().map(|commit| state.write(commit)).collect();
        Ok(Committed { outcomes, revocations: state.revocations.after(revocations_after) })
    }

    async fn probe(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        Arc::new(MemoryReader { epoch: self.epoch, application, state: Arc::clone(&self.state) })
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        let state = self.state.lock();
        let revocations = state.revocations.head();
        let alive =
            state.applications.iter().filter(|(application, _)| !state.registry.is_deleted(**application));
        Ok(alive.into_iter().find_map(|(application, state)| state.session(*application, token, revocations)))
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        Ok(self.state.lock().registry.token(token))
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        Ok(self.state.lock().registry.find(key))
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        Ok(self.state.lock().registry.after(after, limit))
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        let state = self.state.lock();
        Ok(logs.iter().map(|log| state.log(log).map(|log| log.head)).collect())
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        let state = self.state.lock();
        let slice = |(log, after): &(LogKey, Seq)| match state.log(log) {
            Some(log) => log.slice(*after),
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

    async fn has_due_jobs(&self, now: Timestamp) -> Result<bool, Fault> {
        Ok(self.state.lock().jobs.has_due(now))
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        Ok(self.state.lock().jobs.counts())
    }

    async fn close(&self) -> Result<(), Fault> {
        Ok(())
    }
}

#[async_trait]
impl StoreReader for MemoryReader {
    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        Ok(self.state().page(topic, range, self.epoch))
    }

    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault> {
        Ok(self.state().rows(topic, range, self.epoch))
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        Ok(self.state().kept(topic, seq))
    }

    async fn entries_at(&self, positions: &[Position]) -> Result<Vec<(Position, Entry<Json>)>, Fault> {
        Ok(self.state.lock().entries_at(self.application, positions))
    }

    async fn position_of(&self, topic: &Topic, seq: Seq) -> Result<Option<Position>, Fault> {
        Ok(self.state().log(topic).and_then(|log| log.at(seq)).map(|held| held.position))
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        let state = self.state();
        Ok(state.log(topic).map(|log| log.about(seq)).unwrap_or_default())
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        let state = self.state();
        Ok(state.log(topic).map(MemoryLog::pinned).unwrap_or_default())
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        Ok(self.state().log(topic).and_then(|log| log.place_at(at)))
    }

    async fn group(
        &self,
        group: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Result<Option<GroupOverview>, Fault> {
        Ok(self.state().overview(group, viewer, limit))
    }

    async fn members(
        &self,
        group: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault> {
        Ok(self.state().members(group, words, after, limit))
    }

    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault> {
        Ok(self.state().roster(group))
    }

    async fn standing(
        &self,
        conversation: Conversation,
        user: UserId,
    ) -> Result<Option<MembershipState>, Fault> {
        Ok(self.state().standing(conversation, user))
    }

    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault> {
        Ok(self.state().unread(conversation, user, after))
    }

    async fn conversations(&self, user: UserId, limit: usize) -> Result<Conversations, Fault> {
        Ok(self.state().conversations(user, limit))
    }

    async fn groups_of(&self, user: UserId) -> Result<Vec<GroupId>, Fault> {
        Ok(self.state().joined.get(&user).cloned().unwrap_or_default())
    }

    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Person>, Fault> {
        Ok(self.state().people(user, words, everyone, after, limit))
    }

    async fn groups(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupListing>, Fault> {
        Ok(self.state().listings(words, all, after, limit))
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault> {
        Ok(self.state().profile(user))
    }

    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault> {
        Ok(self.state().picture(user))
    }

    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault> {
        Ok(self.state().sent(sender, id))
    }

    async fn has_jobs(&self, lane: &str) -> Result<bool, Fault> {
        Ok(self.state.lock().jobs.has_jobs(self.application, lane))
    }

    async fn broadcast_refusals(&self, user: UserId, seq: Seq) -> Result<BTreeMap<usize, Refusal>, Fault> {
        Ok(self.state().refusals.get(&(user, seq)).cloned().unwrap_or_default())
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault> {
        Ok(self.state().blocked(user))
    }

    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        Ok(self.state().person(user))
    }

    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault> {
        Ok(self.state().account(&key))
    }

    async fn has_accounts(&self) -> Result<bool, Fault> {
        Ok(!self.state().accounts.is_empty())
    }

    async fn accounts(
        &self,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountListing>, Fault> {
        Ok(self.state().accounts(words, after, limit))
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault> {
        Ok(self.state().reset(token))
    }

    async fn has_owner(&self) -> Result<bool, Fault> {
        Ok(self.state().has_owner())
    }

    async fn knows_device(&self, user: UserId, device: TokenHash) -> Result<bool, Fault> {
        Ok(self.state().knows_device(user, device))
    }

    async fn seats(&self, user: UserId, adder: UserId) -> Result<NewMembers, Fault> {
        Ok(self.state().seats(user, adder))
    }

    async fn share_group(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        Ok(self.state().share_group(one, other))
    }

    async fn api_tokens(&self, limit: usize) -> Result<Vec<ApiTokenRecord>, Fault> {
        Ok(self.state.lock().registry.tokens(self.application, limit))
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        Ok(self.state().sessions(user))
    }
}
