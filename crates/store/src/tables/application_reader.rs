//! Reading the facts of one application, in the threads of the reader pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chat::store::{
    Account, AccountKey, AccountListing, ApplicationUsage, Conversations, Delivery, ExternalKey, FileUsage,
    FoundJob, FoundUser, GroupListing, GroupOverview, Hook, Identity, InboxPage, InboxRequest, JobId,
    JobKind, Kept, KeyedGroup, KeyedUser, LinkedIdentity, ListedMember, LogUsage, MembershipState,
    MessageReceipts, NewMembers, OldEntry, OpenRequest, Opened, Position, Profile, Range, Restricted, Roster,
    RowRange, Sender, SentBefore, SignInLink, StoreReader, StoredFile, Unread, Webhook,
};
use chat::{ApiTokenRecord, BlobId, Fault, SessionSummary, TokenHash};
use wire::{
    ApplicationId, Conversation, Entry, FileId, GroupId, Json, LogKey, Member, Page, Person, Refusal, Rows,
    SendId, Seq, Timestamp, Topic, UserId, WebhookId,
};

use super::{
    accounts, conversations, deliveries, files, groups, hooks, identities, inbox, jobs, keyed, logs, members,
    messages, open_log, people, receipts, restricted, tokens, trim, usage, user_tokens, webhooks,
};
use crate::sql::Db;
use crate::store::Reads;

/// Reads the facts of one application.
pub(crate) struct ApplicationReader {
    pub(crate) shared: Arc<Reads>,
    pub(crate) application: ApplicationId,
}

impl ApplicationReader {
    fn log(&self, topic: &Topic) -> LogKey {
        LogKey::new(self.application, topic.clone())
    }
}

#[async_trait]
impl StoreReader for ApplicationReader {
    async fn open(&self, request: OpenRequest) -> Result<Opened, Fault> {
        let (application, epoch) = (self.application, self.shared.epoch);
        self.shared.readers.read("open", move |db| open_log::open(db, application, &request, epoch)).await
    }

    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault> {
        let (log, epoch) = (self.log(topic), self.shared.epoch);
        self.shared.readers.read("page", move |db| logs::page(db, &log, range, epoch)).await
    }

    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault> {
        let (log, epoch) = (self.log(topic), self.shared.epoch);
        self.shared.readers.read("rows", move |db| logs::rows(db, &log, range, epoch)).await
    }

    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("kept", move |db| logs::kept(db, &log, seq)).await
    }

    async fn restricted(&self, topic: &Topic, seq: Seq) -> Result<Option<Restricted>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("restricted", move |db| restricted::find(db, &log, seq)).await
    }

    async fn receipts(&self, conversation: Conversation, seq: Seq) -> Result<Option<MessageReceipts>, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| receipts::of_message(db, application, conversation, seq);
        self.shared.readers.read("receipts", read).await
    }

    async fn own_delivered(&self, user: UserId) -> Result<Seq, Fault> {
        let application = self.application;
        self.shared.readers.read("own_delivered", move |db| receipts::delivered(db, application, user)).await
    }

    async fn entries_at(&self, positions: &[Position]) -> Result<Vec<(Position, Entry<Json>)>, Fault> {
        let (application, positions) = (self.application, positions.to_owned());
        self.shared.readers.read("entries_at", move |db| messages::at(db, application, &positions)).await
    }

    async fn position_of(&self, topic: &Topic, seq: Seq) -> Result<Option<Position>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("position_of", move |db| messages::position_of(db, &log, seq)).await
    }

    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("about", move |db| logs::about(db, &log, seq)).await
    }

    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("pinned", move |db| logs::pinned(db, &log)).await
    }

    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("place_at", move |db| logs::place_at(db, &log, at)).await
    }

    async fn inbox(&self, request: InboxRequest) -> Result<InboxPage, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| inbox::inbox(db, application, &request);
        // Not before all of it is there, so that whoever was answered reads what they wrote.
        self.shared.read_complete("inbox", read, |_| false).await
    }

    async fn log_usage(&self, topic: &Topic) -> Result<Option<LogUsage>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("log_usage", move |db| usage::log(db, &log)).await
    }

    async fn logs(&self, after: Option<&Topic>, limit: usize) -> Result<Vec<LogUsage>, Fault> {
        let (application, after) = (self.application, after.cloned());
        let read = move |db: Db<'_>| usage::logs(db, application, after.as_ref(), limit);
        self.shared.readers.read("logs", read).await
    }

    async fn oldest(&self, topic: &Topic, limit: usize) -> Result<Vec<OldEntry>, Fault> {
        let log = self.log(topic);
        self.shared.readers.read("oldest", move |db| trim::oldest(db, &log, limit)).await
    }

    async fn usage(&self) -> Result<ApplicationUsage, Fault> {
        let application = self.application;
        self.shared.readers.read("usage", move |db| usage::application(db, application)).await
    }

    async fn group(
        &self,
        group: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Result<Option<GroupOverview>, Fault> {
        let application = self.application;
        self.shared
            .readers
            .read("group", move |db| groups::overview(db, application, group, viewer, limit))
            .await
    }

    async fn members(
        &self,
        group: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault> {
        let application = self.application;
        let words = words.to_owned();
        self.shared
            .readers
            .read("members", move |db| groups::members(db, application, group, &words, after, limit))
            .await
    }

    async fn members_after(
        &self,
        group: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Result<Vec<ListedMember>, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| members::after(db, application, group, after, limit);
        self.shared.readers.read("members_after", read).await
    }

    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault> {
        let application = self.application;
        self.shared.readers.read("roster", move |db| groups::roster(db, application, group)).await
    }

    async fn standing(
        &self,
        conversation: Conversation,
        user: UserId,
    ) -> Result<Option<MembershipState>, Fault> {
        let application = self.application;
        self.shared
            .readers
            .read("standing", move |db| conversations::standing(db, application, conversation, user))
            .await
    }

    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault> {
        let (application, shared) = (self.application, Arc::clone(&self.shared));
        let read = move |db: Db<'_>| {
            conversations::unread(db, application, &shared.unread, conversation, user, after)
        };
        self.shared.readers.read("unread", read).await
    }

    async fn conversations(&self, user: UserId, limit: usize) -> Result<Conversations, Fault> {
        let (application, shared) = (self.application, Arc::clone(&self.shared));
        let read =
            move |db: Db<'_>| conversations::conversations(db, application, &shared.unread, user, limit);
        self.shared.readers.read("conversations", read).await
    }

    async fn groups_of(&self, user: UserId) -> Result<Vec<GroupId>, Fault> {
        let application = self.application;
        self.shared.readers.read("groups_of", move |db| conversations::groups_of(db, application, user)).await
    }

    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Person>, Fault> {
        let application = self.application;
        let words = words.to_owned();
        let read =
            move |db: Db<'_>| conversations::people(db, application, user, &words, everyone, after, limit);
        self.shared.readers.read("people", read).await
    }

    async fn groups(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupListing>, Fault> {
        let application = self.application;
        let words = words.to_owned();
        self.shared
            .readers
            .read("groups", move |db| groups::listings(db, application, &words, all, after, limit))
            .await
    }

    async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Profile>, Fault> {
        let application = self.application;
        self.shared.readers.read("users", move |db| people::after(db, application, after, limit)).await
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault> {
        let application = self.application;
        self.shared.readers.read("profile", move |db| people::profile(db, application, user)).await
    }

    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault> {
        let application = self.application;
        self.shared.readers.read("picture", move |db| people::picture(db, application, user)).await
    }

    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault> {
        let application = self.application;
        let id = id.clone();
        self.shared.readers.read("sent", move |db| logs::sent(db, application, sender, &id)).await
    }

    async fn sent_each(&self, sender: Sender, ids: &[SendId]) -> Result<Vec<Option<SentBefore>>, Fault> {
        let (application, ids) = (self.application, ids.to_owned());
        let read = move |db: Db<'_>| ids.iter().map(|id| logs::sent(db, application, sender, id)).collect();
        self.shared.readers.read("sent_each", read).await
    }

    async fn job(&self, kind: JobKind, key: &str) -> Result<Option<FoundJob>, Fault> {
        let (application, key) = (self.application, key.to_owned());
        self.shared.readers.read("job", move |db| jobs::job_by_key(db, application, kind, &key)).await
    }

    async fn has_jobs(&self, lane: &str) -> Result<bool, Fault> {
        let (application, lane) = (self.application, lane.to_owned());
        self.shared.readers.read("has_jobs", move |db| jobs::has_jobs(db, application, &lane)).await
    }

    async fn broadcast_refusals(&self, user: UserId, seq: Seq) -> Result<BTreeMap<usize, Refusal>, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| jobs::refusals(db, application, user, seq);
        self.shared.readers.read("broadcast_refusals", read).await
    }

    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault> {
        let application = self.application;
        self.shared.readers.read("blocked", move |db| conversations::blocked(db, application, user)).await
    }

    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        let application = self.application;
        self.shared.readers.read("person", move |db| people::user(db, application, user)).await
    }

    async fn is_deleted(&self, user: UserId) -> Result<bool, Fault> {
        let application = self.application;
        self.shared.readers.read("is_deleted", move |db| people::is_deleted(db, application, user)).await
    }

    async fn user_of_identity(&self, identity: &Identity) -> Result<Option<Person>, Fault> {
        let (application, identity) = (self.application, identity.clone());
        let read = move |db: Db<'_>| identities::user_of(db, application, &identity);
        self.shared.readers.read("user_of_identity", read).await
    }

    async fn identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, Fault> {
        let application = self.application;
        self.shared.readers.read("identities", move |db| identities::of_user(db, application, user)).await
    }

    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault> {
        let application = self.application;
        self.shared.readers.read("account", move |db| accounts::account(db, application, &key)).await
    }

    async fn has_accounts(&self) -> Result<bool, Fault> {
        let application = self.application;
        self.shared.readers.read("has_accounts", move |db| accounts::has_accounts(db, application)).await
    }

    async fn accounts(
        &self,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountListing>, Fault> {
        let application = self.application;
        let words = words.to_owned();
        self.shared
            .readers
            .read("accounts", move |db| accounts::accounts(db, application, &words, after, limit))
            .await
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault> {
        let application = self.application;
        self.shared.readers.read("reset", move |db| accounts::reset(db, application, token)).await
    }

    async fn has_owner(&self) -> Result<bool, Fault> {
        let application = self.application;
        self.shared.readers.read("has_owner", move |db| accounts::has_owner(db, application)).await
    }

    async fn knows_device(&self, user: UserId, device: TokenHash) -> Result<bool, Fault> {
        let application = self.application;
        self.shared
            .readers
            .read("knows_device", move |db| accounts::knows_device(db, application, user, device))
            .await
    }

    async fn seats(&self, user: UserId, adder: UserId) -> Result<NewMembers, Fault> {
        let application = self.application;
        self.shared.readers.read("seats", move |db| groups::seats(db, application, user, adder)).await
    }

    async fn share_group(&self, one: UserId, other: UserId) -> Result<bool, Fault> {
        let application = self.application;
        self.shared
            .readers
            .read("share_group", move |db| groups::share_group(db, application, one, other))
            .await
    }

    async fn user_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedUser>, Fault> {
        let (application, key) = (self.application, key.clone());
        self.shared.readers.read("user_by_key", move |db| keyed::user(db, application, &key)).await
    }

    async fn key_of_user(&self, user: UserId) -> Result<Option<KeyedUser>, Fault> {
        let application = self.application;
        self.shared.readers.read("key_of_user", move |db| keyed::key_of_user(db, application, user)).await
    }

    async fn users_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Result<Vec<KeyedUser>, Fault> {
        let (application, after) = (self.application, after.cloned());
        let read = move |db: Db<'_>| keyed::users(db, application, after.as_ref(), limit);
        self.shared.readers.read("users_by_key", read).await
    }

    async fn users_with(&self, words: &str, limit: usize) -> Result<Vec<FoundUser>, Fault> {
        let (application, words) = (self.application, words.to_owned());
        let read = move |db: Db<'_>| keyed::users_with(db, application, &words, limit);
        self.shared.readers.read("users_with", read).await
    }

    async fn group_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedGroup>, Fault> {
        let (application, key) = (self.application, key.clone());
        self.shared.readers.read("group_by_key", move |db| keyed::group(db, application, &key)).await
    }

    async fn key_of_group(&self, group: GroupId) -> Result<Option<KeyedGroup>, Fault> {
        let application = self.application;
        self.shared.readers.read("key_of_group", move |db| keyed::key_of_group(db, application, group)).await
    }

    async fn groups_by_key(
        &self,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<Vec<KeyedGroup>, Fault> {
        let (application, after) = (self.application, after.cloned());
        let read = move |db: Db<'_>| keyed::groups(db, application, after.as_ref(), limit);
        self.shared.readers.read("groups_by_key", read).await
    }

    async fn file(&self, file: FileId) -> Result<Option<StoredFile>, Fault> {
        let application = self.application;
        self.shared.readers.read("file", move |db| files::one(db, application, file)).await
    }

    async fn file_by_key(&self, owner: UserId, key: &str) -> Result<Option<StoredFile>, Fault> {
        let (application, key) = (self.application, key.to_owned());
        let read = move |db: Db<'_>| files::by_key(db, application, owner, &key);
        self.shared.readers.read("file_by_key", read).await
    }

    async fn files(&self, after: Option<FileId>, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        let application = self.application;
        self.shared.readers.read("files", move |db| files::after(db, application, after, limit)).await
    }

    async fn files_to_remove(&self, limit: usize) -> Result<Vec<StoredFile>, Fault> {
        let application = self.application;
        self.shared.readers.read("files_to_remove", move |db| files::to_remove(db, application, limit)).await
    }

    async fn file_usage(&self, owner: Option<UserId>) -> Result<FileUsage, Fault> {
        let application = self.application;
        self.shared.readers.read("file_usage", move |db| files::usage(db, application, owner)).await
    }

    async fn known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, Fault> {
        let (application, blobs) = (self.application, blobs.to_owned());
        self.shared.readers.read("known_blobs", move |db| files::known(db, application, &blobs)).await
    }

    async fn hooks(&self, group: GroupId) -> Result<Vec<Hook>, Fault> {
        let application = self.application;
        self.shared.readers.read("hooks", move |db| hooks::of_group(db, application, group)).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, Fault> {
        let application = self.application;
        self.shared.readers.read("webhooks", move |db| webhooks::all(db, application)).await
    }

    async fn webhook(&self, webhook: WebhookId) -> Result<Option<Webhook>, Fault> {
        let application = self.application;
        self.shared.readers.read("webhook", move |db| webhooks::one(db, application, webhook)).await
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| deliveries::before(db, application, webhook, before, limit);
        self.shared.readers.read("deliveries", read).await
    }

    async fn waiting_deliveries(&self, webhook: WebhookId) -> Result<u64, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| deliveries::waiting(db, application, webhook);
        self.shared.readers.read("waiting_deliveries", read).await
    }

    async fn api_tokens(&self, limit: usize) -> Result<Vec<ApiTokenRecord>, Fault> {
        let application = self.application;
        self.shared.readers.read("api_tokens", move |db| tokens::all(db, application, limit)).await
    }

    async fn tokens_valid_from(&self, user: UserId) -> Result<Option<Timestamp>, Fault> {
        let application = self.application;
        let read = move |db: Db<'_>| user_tokens::valid_from(db, application, user);
        self.shared.readers.read("tokens_valid_from", read).await
    }

    async fn sign_in_link(&self, link: TokenHash) -> Result<Option<SignInLink>, Fault> {
        let application = self.application;
        self.shared.readers.read("sign_in_link", move |db| user_tokens::link(db, application, link)).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault> {
        let application = self.application;
        self.shared.readers.read("sessions", move |db| accounts::sessions(db, application, user)).await
    }
}
