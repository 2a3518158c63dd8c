//! Reading the facts of one application in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use wire::{
    ApplicationId, Conversation, Entry, Epoch, FileId, GroupId, Json, Member, Page, Person, Refusal, Rows,
    SendId, Seq, Timestamp, Topic, TopicKind, UserId, WebhookId,
};

use super::log::MemoryLog;
use super::state::ApplicationState;
use super::store_state::MemoryState;
use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{SessionSummary, TokenHash};
use crate::names::ExternalKey;
use crate::ports::blobs::BlobId;
use crate::ports::store::{
    Account, AccountKey, AccountListing, ApplicationUsage, Conversations, Delivery, FileUsage, FoundJob,
    FoundUser, GroupListing, GroupOverview, Hook, Identity, InboxPage, InboxRequest, JobId, JobKind, Kept,
    KeyedGroup, KeyedUser, LinkedIdentity, ListedMember, LogUsage, MembershipState, MessageReceipts,
    NewMembers, OldEntry, OpenRequest, Opened, Position, Profile, Range, Restricted, Roster, RowRange,
    Sender, SentBefore, SignInLink, StoreReader, StoredFile, Unread, Webhook,
};
use crate::service::error::Fault;

/// Reads the facts of one application.
pub(super) struct MemoryReader {
    pub(super) epoch: Epoch,
    pub(super) application: ApplicationId,
    pub(super) state: Arc<Mutex<MemoryState>>,
}

impl MemoryReader {
    fn state(&self) -> MappedMutexGuard<'_, ApplicationState> {
        MutexGuard::map(self.state.lock(), |state| state.application(self.application))
    }
}

#[async_trait]
impl StoreReader for MemoryReader {
    async fn open(&self, request: OpenRequest) -> Result<Opened, Fault> {
        let mut all = self.state.lock();
        let revocations = all.revocations.head();
        let valid_from = all.registry.tokens_valid_from(self.application);
        let state = all.application(self.application);
        let session =
            request.session.and_then(|token| state.session(self.application, token, valid_from, revocations));
        let with = request.conversation().zip(request.user);
        let account = || state.account(&AccountKey::User(request.user?));
        let is_app_audit = request.topic.kind() == TopicKind::AppAudit;
        Ok(Opened {
            session: session.filter(|session| Some(session.person.id) == request.user),
            standing: with.and_then(|(conversation, user)| state.standing(conversation, user)),
            role: if is_app_audit { account().map(|account| account.role) } else { None },
            page: state.revealed(state.page(&request.topic, request.range, self.epoch), request.viewer),
            rows: request.rows.map(|rows| state.rows(&request.topic, rows, self.epoch)),
        })
    }

    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        Ok(self.state().page(topic, range, self.epoch))
    }

    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault> {
        Ok(self.state().rows(topic, range, self.epoch))
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        Ok(self.state().kept(topic, seq))
    }

    async fn restricted(&self, topic: &Topic, seq: Seq) -> Result<Option<Restricted>, Fault> {
        Ok(self.state().restricted.at(topic, seq))
    }

    async fn receipts(&self, conversation: Conversation, seq: Seq) -> Result<Option<MessageReceipts>, Fault> {
        Ok(self.state().receipts(conversation, seq))
    }

    async fn own_delivered(&self, user: UserId) -> Result<Seq, Fault> {
        Ok(self.state().restricted.delivered(user))
    }

    async fn entries_at(&self, positions: &[Position]) -> Result<Vec<(Position, Entry<Json>)>, Fault> {
        Ok(self.state.lock().entries_at(self.application, positions))
    }

    async fn position_of(&self, topic: &Topic, seq: Seq) -> Result<Option<Position>, Fault> {
        Ok(self.state().log(topic).and_then(|log| log.at(seq)).map(|held| held.position))
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        let state = self.state();
        let about = state.log(topic).map(|log| log.about(seq)).unwrap_or_default();
        Ok(about.into_iter().map(|entry| state.shown(entry)).collect())
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        let state = self.state();
        Ok(state.log(topic).map(MemoryLog::pinned).unwrap_or_default())
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        Ok(self.state().log(topic).and_then(|log| log.place_at(at)))
    }

    async fn inbox(&self, request: InboxRequest) -> Result<InboxPage, Fault> {
        Ok(self.state().inbox(&request))
    }

    async fn log_usage(&self, topic: &Topic) -> Result<Option<LogUsage>, Fault> {
        Ok(self.state().log_usage(topic))
    }

    async fn logs(&self, after: Option<&Topic>, limit: usize) -> Result<Vec<LogUsage>, Fault> {
        Ok(self.state().log_usages(after, limit))
    }

    async fn oldest(&self, topic: &Topic, limit: usize) -> Result<Vec<OldEntry>, Fault> {
        Ok(self.state().oldest(topic, limit))
    }

    async fn usage(&self) -> Result<ApplicationUsage, Fault> {
        Ok(self.state().usage())
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

    async fn members_after(
        &self,
        group: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Result<Vec<ListedMember>, Fault> {
        Ok(self.state().members_after(group, after, limit))
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

    async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Profile>, Fault> {
        Ok(self.state().users(after, limit))
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

    async fn sent_each(&self, sender: Sender, ids: &[SendId]) -> Result<Vec<Option<SentBefore>>, Fault> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.sent(sender, id)).collect())
    }

    async fn job(&self, kind: JobKind, key: &str) -> Result<Option<FoundJob>, Fault> {
        Ok(self.state.lock().jobs.job(self.application, kind, key))
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

    async fn is_deleted(&self, user: UserId) -> Result<bool, Fault> {
        Ok(self.state().deleted.contains(&user))
    }

    async fn user_of_identity(&self, identity: &Identity) -> Result<Option<Person>, Fault> {
        Ok(self.state().user_of_identity(identity))
    }

    async fn identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, Fault> {
        Ok(self.state().identities_of(user))
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

    async fn user_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedUser>, Fault> {
        Ok(self.state().user_by_key(key))
    }

    async fn key_of_user(&self, user: UserId) -> Result<Option<KeyedUser>, Fault> {
        Ok(self.state().key_of_user(user))
    }

    async fn users_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Result<Vec<KeyedUser>, Fault> {
        Ok(self.state().users_by_key(after, limit))
    }

    async fn users_with(&self, words: &str, limit: usize) -> Result<Vec<FoundUser>, Fault> {
        Ok(self.state().users_with(words, limit))
    }

    async fn group_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedGroup>, Fault> {
        Ok(self.state().group_by_key(key))
    }

    async fn key_of_group(&self, group: GroupId) -> Result<Option<KeyedGroup>, Fault> {
        Ok(self.state().key_of_group(group))
    }

    async fn groups_by_key(
        &self,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<Vec<KeyedGroup>, Fault> {
        Ok(self.state().groups_by_key(after, limit))
    }

    async fn hooks(&self, group: GroupId) -> Result<Vec<Hook>, Fault> {
        Ok(self.state().hooks.of_group(group))
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, Fault> {
        Ok(self.state().webhooks.all())
    }

    async fn webhook(&self, webhook: WebhookId) -> Result<Option<Webhook>, Fault> {
        Ok(self.state().webhooks.one(webhook).cloned())
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        Ok(self.state().webhooks.deliveries(webhook, before, limit))
    }

    async fn waiting_deliveries(&self, webhook: WebhookId) -> Result<u64, Fault> {
        Ok(self.state.lock().jobs.waiting(self.application, webhook) as u64)
    }

    async fn file(&self, file: FileId) -> Result<Option<StoredFile>, Fault> {
        Ok(self.state().files.one(file))
    }

    async fn file_by_key(&self, owner: UserId, key: &str) -> Result<Option<StoredFile>, Fault> {
        Ok(self.state().files.by_key(owner, key))
    }

    async fn files(&self, after: Option<FileId>, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        Ok(self.state().files.after(after, limit))
    }

    async fn files_to_remove(&self, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        Ok(self.state().files.to_remove(limit))
    }

    async fn file_usage(&self, owner: Option<UserId>) -> Result<FileUsage, Fault> {
        Ok(self.state().files.usage(owner))
    }

    async fn known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, Fault> {
        Ok(self.state().files.known(blobs))
    }

    async fn api_tokens(&self, limit: usize) -> Result<Vec<ApiTokenRecord>, Fault> {
        Ok(self.state.lock().registry.tokens(self.application, limit))
    }

    async fn tokens_valid_from(&self, user: UserId) -> Result<Option<Timestamp>, Fault> {
        Ok(self.state.lock().tokens_valid_from(self.application, user))
    }

    async fn sign_in_link(&self, link: TokenHash) -> Result<Option<SignInLink>, Fault> {
        Ok(self.state.lock().sign_in_link(self.application, link))
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        Ok(self.state().sessions(user))
    }
}
