//! A store for tests whose commits can wait or fail, and whose answers about heads can be late.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;
use wire::{
    ApplicationId, Conversation, Entry, Epoch, FileId, GroupId, Json, LogKey, Member, Page, Person, Refusal,
    Rows, SendId, Seq, Timestamp, Topic, UserId, WebhookId,
};

use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{Session, SessionSummary, TokenHash};
use crate::ports::blobs::BlobId;
use crate::ports::search::SearchIndex;
use crate::ports::store::{
    Account, AccountKey, AccountListing, Application, ApplicationKey, ApplicationUsage, Commit, Committed,
    Conversations, Delivery, ExternalKey, FileUsage, FoundHook, FoundJob, FoundUser, GroupListing,
    GroupOverview, Hook, Identity, InboxPage, InboxRequest, JobCount, JobId, JobKind, JobQueue, Kept,
    KeyedGroup, KeyedUser, LinkedIdentity, ListedMember, LogUsage, MembershipState, MessageReceipts,
    MessageTail, NewMembers, NodeReport, NodeRow, OldEntry, OpenRequest, Opened, Position, Profile, Range,
    ReportAnswer, Restricted, Roster, RowRange, Sender, SentBefore, SharedStoreMetrics, SignInLink, Slices,
    Store, StoreReader, StoredFile, Tail, Unread, Webhook, WebhookTail,
};
use crate::service::error::Fault;

/// Wraps a store and lets commits wait, or fail, as a test needs. Reads always pass, but heads that were read can be
/// held back.
pub struct Gate {
    store: Arc<dyn Store>,
    /// The owner of the store's files. After the store: fields are dropped in this order.
    _house: Box<dyn Any + Send + Sync>,
    open: watch::Sender<bool>,
    heads: watch::Sender<HeadsGate>,
    broken: AtomicBool,
    batches: Mutex<Vec<usize>>,
    pages: Arc<AtomicUsize>,
}

/// The state of the gate for heads.
#[derive(Clone, Copy, Debug, Default)]
struct HeadsGate {
    is_closed: bool,
    /// The number of answers that wait.
    waiting: usize,
}

/// Reads behind the gate, which counts the pages.
struct GateReader {
    reader: Arc<dyn StoreReader>,
    pages: Arc<AtomicUsize>,
}

impl Gate {
    /// Creates an open gate.
    #[must_use]
    pub fn before(store: Arc<dyn Store>) -> Arc<Self> {
        Self::housed(store, ())
    }

    /// Creates an open gate for a store with files in something, such as a folder, which is dropped after the store.
    #[must_use]
    pub fn housed(store: Arc<dyn Store>, house: impl Any + Send + Sync) -> Arc<Self> {
        Arc::new(Self {
            store,
            _house: Box::new(house),
            open: watch::Sender::new(true),
            heads: watch::Sender::default(),
            broken: AtomicBool::new(false),
            batches: Mutex::default(),
            pages: Arc::default(),
        })
    }

    /// Makes commits wait from now on.
    pub fn close_gate(&self) {
        self.open.send_replace(false);
    }

    /// Lets commits continue.
    pub fn open_gate(&self) {
        self.open.send_replace(true);
    }

    /// Makes heads wait from now on, after they were read.
    pub fn hold_heads(&self) {
        self.heads.send_modify(|heads| heads.is_closed = true);
    }

    /// Waits until heads were read, and wait.
    pub async fn heads_wait(&self) {
        // An error would mean that the gate is gone, and it cannot be: this is one of its methods.
        let _ = self.heads.subscribe().wait_for(|heads| heads.waiting > 0).await;
    }

    /// Lets heads continue.
    pub fn release_heads(&self) {
        self.heads.send_modify(|heads| heads.is_closed = false);
    }

    /// Waits until the gate is open, and fails if it is broken.
    async fn pass(&self) -> Result<(), Fault> {
        let mut open = self.open.subscribe();
        // An error would mean that the gate is gone, and it cannot be: this is one of its methods.
        let _ = open.wait_for(|open| *open).await;
        if self.broken.load(Ordering::SeqCst) {
            return Err(Fault::new("gate", "a disk that fails, as the test wants it"));
        }
        Ok(())
    }

    /// Returns the store behind the gate, whose reads are not counted.
    #[must_use]
    pub fn behind(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Sets whether commits fail from now on.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// Returns the number of writes in each batch that was committed.
    #[must_use]
    pub fn batches(&self) -> Vec<usize> {
        self.batches.lock().clone()
    }

    /// Returns the number of pages with entries that were read.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Gate {
    fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    fn reads(&self) -> u64 {
        self.store.reads()
    }

    fn writers(&self) -> usize {
        self.store.writers()
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.pass().await?;
        self.batches.lock().push(commits.len());
        self.store.commit(commits, revocations_after).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.pass().await?;
        self.store.probe().await
    }

    async fn snapshot(&self, application: ApplicationId) -> Result<Arc<dyn StoreReader>, Fault> {
        let reader = self.store.snapshot(application).await?;
        Ok(Arc::new(GateReader { reader, pages: Arc::clone(&self.pages) }))
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        Arc::new(GateReader { reader: self.store.reader(application), pages: Arc::clone(&self.pages) })
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.store.session(token).await
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        self.store.api_token(token).await
    }

    async fn hook(&self, token: TokenHash) -> Result<Option<FoundHook>, Fault> {
        self.store.hook(token).await
    }

    async fn lists_origin(&self, origin: String) -> Result<bool, Fault> {
        self.store.lists_origin(origin).await
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        self.store.application(key).await
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        self.store.applications(after, limit).await
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        let read = self.store.heads(logs).await;
        self.heads.send_modify(|heads| heads.waiting += 1);
        let _ = self.heads.subscribe().wait_for(|heads| !heads.is_closed).await;
        self.heads.send_modify(|heads| heads.waiting -= 1);
        read
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        self.store.slices(after, revocations_after).await
    }

    async fn relay(&self) -> Result<Position, Fault> {
        self.store.relay().await
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault> {
        self.store.tail(after, limit).await
    }

    async fn message_tail(&self, after: Position, limit: usize) -> Result<MessageTail, Fault> {
        self.store.message_tail(after, limit).await
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.store.search_index()
    }

    async fn active_webhooks(&self) -> Result<Vec<(ApplicationId, Webhook)>, Fault> {
        self.store.active_webhooks().await
    }

    async fn webhook_tail(&self, after: Position, limit: usize) -> Result<WebhookTail, Fault> {
        self.store.webhook_tail(after, limit).await
    }

    async fn position_at(&self, at: Timestamp) -> Result<Position, Fault> {
        self.store.position_at(at).await
    }

    async fn has_due_jobs(&self, queue: JobQueue, now: Timestamp) -> Result<bool, Fault> {
        self.store.has_due_jobs(queue, now).await
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        self.store.job_counts().await
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn report(&self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        self.store.report(report).await
    }

    async fn nodes(&self) -> Result<Vec<NodeRow>, Fault> {
        self.store.nodes().await
    }

    fn shared_metrics(&self) -> Option<SharedStoreMetrics> {
        self.store.shared_metrics()
    }

    async fn close(&self) -> Result<(), Fault> {
        self.store.close().await
    }
}

#[async_trait]
impl StoreReader for GateReader {
    async fn open(&self, request: OpenRequest) -> Result<Opened, Fault> {
        self.pages.fetch_add(usize::from(request.range.limit > 0), Ordering::SeqCst);
        self.reader.open(request).await
    }

    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        self.pages.fetch_add(usize::from(range.limit > 0), Ordering::SeqCst);
        self.reader.page(topic, range).await
    }

    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault> {
        self.reader.rows(topic, range).await
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        self.reader.kept(topic, seq).await
    }

    async fn restricted(&self, topic: &Topic, seq: Seq) -> Result<Option<Restricted>, Fault> {
        self.reader.restricted(topic, seq).await
    }

    async fn receipts(&self, conversation: Conversation, seq: Seq) -> Result<Option<MessageReceipts>, Fault> {
        self.reader.receipts(conversation, seq).await
    }

    async fn own_delivered(&self, user: UserId) -> Result<Seq, Fault> {
        self.reader.own_delivered(user).await
    }

    async fn entries_at(&self, positions: &[Position]) -> Result<Vec<(Position, Entry<Json>)>, Fault> {
        self.reader.entries_at(positions).await
    }

    async fn position_of(&self, topic: &Topic, seq: Seq) -> Result<Option<Position>, Fault> {
        self.reader.position_of(topic, seq).await
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        self.reader.about(topic, seq).await
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        self.reader.pinned(topic).await
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        self.reader.place_at(topic, at).await
    }

    async fn inbox(&self, request: InboxRequest) -> Result<InboxPage, Fault> {
        self.reader.inbox(request).await
    }

    async fn log_usage(&self, topic: &Topic) -> Result<Option<LogUsage>, Fault> {
        self.reader.log_usage(topic).await
    }

    async fn logs(&self, after: Option<&Topic>, limit: usize) -> Result<Vec<LogUsage>, Fault> {
        self.reader.logs(after, limit).await
    }

    async fn oldest(&self, topic: &Topic, limit: usize) -> Result<Vec<OldEntry>, Fault> {
        self.reader.oldest(topic, limit).await
    }

    async fn usage(&self) -> Result<ApplicationUsage, Fault> {
        self.reader.usage().await
    }

    async fn group(
        &self,
        group: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Result<Option<GroupOverview>, Fault> {
        self.reader.group(group, viewer, limit).await
    }

    async fn members(
        &self,
        group: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault> {
        self.reader.members(group, words, after, limit).await
    }

    async fn members_after(
        &self,
        group: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Result<Vec<ListedMember>, Fault> {
        self.reader.members_after(group, after, limit).await
    }

    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault> {
        self.reader.roster(group).await
    }

    async fn standing(
        &self,
        conversation: Conversation,
        user: UserId,
    ) -> Result<Option<MembershipState>, Fault> {
        self.reader.standing(conversation, user).await
    }

    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault> {
        self.reader.unread(conversation, user, after).await
    }

    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Person>, Fault> {
        self.reader.people(user, words, everyone, after, limit).await
    }

    async fn groups(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupListing>, Fault> {
        self.reader.groups(words, all, after, limit).await
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault> {
        self.reader.profile(user).await
    }

    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault> {
        self.reader.picture(user).await
    }

    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault> {
        self.reader.sent(sender, id).await
    }

    async fn sent_each(&self, sender: Sender, ids: &[SendId]) -> Result<Vec<Option<SentBefore>>, Fault> {
        self.reader.sent_each(sender, ids).await
    }

    async fn job(&self, kind: JobKind, key: &str) -> Result<Option<FoundJob>, Fault> {
        self.reader.job(kind, key).await
    }

    async fn has_jobs(&self, lane: &str) -> Result<bool, Fault> {
        self.reader.has_jobs(lane).await
    }

    async fn broadcast_refusals(&self, user: UserId, seq: Seq) -> Result<BTreeMap<usize, Refusal>, Fault> {
        self.reader.broadcast_refusals(user, seq).await
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault> {
        self.reader.blocked(user).await
    }

    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        self.reader.person(user).await
    }

    async fn is_deleted(&self, user: UserId) -> Result<bool, Fault> {
        self.reader.is_deleted(user).await
    }

    async fn conversations(&self, user: UserId, limit: usize) -> Result<Conversations, Fault> {
        self.reader.conversations(user, limit).await
    }

    async fn groups_of(&self, user: UserId) -> Result<Vec<GroupId>, Fault> {
        self.reader.groups_of(user).await
    }

    async fn user_of_identity(&self, identity: &Identity) -> Result<Option<Person>, Fault> {
        self.reader.user_of_identity(identity).await
    }

    async fn identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, Fault> {
        self.reader.identities(user).await
    }

    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault> {
        self.reader.account(key).await
    }

    async fn has_accounts(&self) -> Result<bool, Fault> {
        self.reader.has_accounts().await
    }

    async fn accounts(
        &self,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountListing>, Fault> {
        self.reader.accounts(words, after, limit).await
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault> {
        self.reader.reset(token).await
    }

    async fn has_owner(&self) -> Result<bool, Fault> {
        self.reader.has_owner().await
    }

    async fn knows_device(&self, user: UserId, device: TokenHash) -> Result<bool, Fault> {
        self.reader.knows_device(user, device).await
    }

    async fn seats(&self, user: UserId, adder: UserId) -> Result<NewMembers, Fault> {
        self.reader.seats(user, adder).await
    }

    async fn share_group(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        self.reader.share_group(one, other).await
    }

    async fn user_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedUser>, Fault> {
        self.reader.user_by_key(key).await
    }

    async fn key_of_user(&self, user: UserId) -> Result<Option<KeyedUser>, Fault> {
        self.reader.key_of_user(user).await
    }

    async fn users_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Result<Vec<KeyedUser>, Fault> {
        self.reader.users_by_key(after, limit).await
    }

    async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Profile>, Fault> {
        self.reader.users(after, limit).await
    }

    async fn users_with(&self, words: &str, limit: usize) -> Result<Vec<FoundUser>, Fault> {
        self.reader.users_with(words, limit).await
    }

    async fn group_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedGroup>, Fault> {
        self.reader.group_by_key(key).await
    }

    async fn key_of_group(&self, group: GroupId) -> Result<Option<KeyedGroup>, Fault> {
        self.reader.key_of_group(group).await
    }

    async fn groups_by_key(
        &self,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<Vec<KeyedGroup>, Fault> {
        self.reader.groups_by_key(after, limit).await
    }

    async fn file(&self, file: FileId) -> Result<Option<StoredFile>, Fault> {
        self.reader.file(file).await
    }

    async fn file_by_key(&self, owner: UserId, key: &str) -> Result<Option<StoredFile>, Fault> {
        self.reader.file_by_key(owner, key).await
    }

    async fn files(&self, after: Option<FileId>, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        self.reader.files(after, limit).await
    }

    async fn files_to_remove(&self, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        self.reader.files_to_remove(limit).await
    }

    async fn file_usage(&self, owner: Option<UserId>) -> Result<FileUsage, Fault> {
        self.reader.file_usage(owner).await
    }

    async fn known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, Fault> {
        self.reader.known_blobs(blobs).await
    }

    async fn hooks(&self, group: GroupId) -> Result<Vec<Hook>, Fault> {
        self.reader.hooks(group).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, Fault> {
        self.reader.webhooks().await
    }

    async fn webhook(&self, webhook: WebhookId) -> Result<Option<Webhook>, Fault> {
        self.reader.webhook(webhook).await
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        self.reader.deliveries(webhook, before, limit).await
    }

    async fn waiting_deliveries(&self, webhook: WebhookId) -> Result<u64, Fault> {
        self.reader.waiting_deliveries(webhook).await
    }

    async fn api_tokens(&self, limit: usize) -> Result<Vec<ApiTokenRecord>, Fault> {
        self.reader.api_tokens(limit).await
    }

    async fn tokens_valid_from(&self, user: UserId) -> Result<Option<Timestamp>, Fault> {
        self.reader.tokens_valid_from(user).await
    }

    async fn sign_in_link(&self, link: TokenHash) -> Result<Option<SignInLink>, Fault> {
        self.reader.sign_in_link(link).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        self.reader.sessions(user).await
    }
}
