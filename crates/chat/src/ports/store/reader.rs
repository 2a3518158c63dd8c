//! The port that reads the facts of one application.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use wire::{
    Conversation, Entry, FileId, GroupId, Json, Member, Page, Person, Refusal, Rows, SendId, Seq, Timestamp,
    Topic, UserId, WebhookId,
};

use super::{
    Account, AccountKey, AccountListing, ApplicationUsage, Conversations, Delivery, ExternalKey, FileUsage,
    FoundJob, FoundUser, GroupListing, GroupOverview, Hook, Identity, InboxPage, InboxRequest, JobId,
    JobKind, Kept, KeyedGroup, KeyedUser, LinkedIdentity, ListedMember, LogUsage, MembershipState,
    MessageReceipts, NewMembers, OldEntry, OpenRequest, Opened, Position, Profile, Range, Restricted, Roster,
    RowRange, Sender, SentBefore, SignInLink, StoredFile, Unread, Webhook,
};
use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{SessionSummary, TokenHash};
use crate::ports::blobs::BlobId;
use crate::service::error::Fault;

/// Reads the facts of one application. Each read sees whole batches.
///
/// Content for only some members is in no entry of the log of their group, which has a placeholder. It is in
/// [`StoreReader::restricted`], in the rows and the page of a viewer who may read it, and in the copies in the own logs of
/// its readers. A copy is stored as a pointer and comes out of every read with the message as it is now; without it if
/// the message is no longer kept, or its reader has left the group.
#[async_trait]
pub trait StoreReader: Send + Sync + 'static {
    /// Opens a log for a reader: their session, their standing, and the log, all as of one moment. It decides nothing.
    async fn open(&self, request: OpenRequest) -> Result<Opened, Fault>;

    /// Returns a slice of a log, oldest first. A topic without entries has an empty page: `begins` 1, `head` 0.
    async fn page(&self, topic: &Topic, range: Range) -> Result<Page<Json>, Fault>;

    /// Returns the rows of a conversation around a Seq; see [`Draft::is_row`]. Those of restricted messages are among
    /// them for a viewer who is one of their readers. Its cost is that of the rows it returns, however many other
    /// entries the log has.
    async fn rows(&self, topic: &Topic, range: RowRange) -> Result<Rows<Json>, Fault>;

    /// Returns one entry as it is now; none if there is none with this Seq, or it is no longer kept. The entry of a
    /// restricted message is its placeholder.
    async fn kept(&self, topic: &Topic, seq: Seq) -> Result<Option<Kept>, Fault>;

    /// Returns the restricted message at a Seq of the log of a group, or the change of one; none if the entry is none,
    /// or is no longer kept. For decisions: the caller checks who may read it.
    async fn restricted(&self, topic: &Topic, seq: Seq) -> Result<Option<Restricted>, Fault>;

    /// Returns the receipts of a message; none if there is no such message.
    async fn receipts(&self, conversation: Conversation, seq: Seq) -> Result<Option<MessageReceipts>, Fault>;

    /// Returns the last Seq of a user's own log that one of their devices has.
    async fn own_delivered(&self, user: UserId) -> Result<Seq, Fault>;

    /// Returns the entries at these positions that are in conversations of the application or copies of restricted
    /// messages, in the same order; those that are no longer kept are missing.
    async fn entries_at(&self, positions: &[Position]) -> Result<Vec<(Position, Entry<Json>)>, Fault>;

    /// Returns the position of an entry; none if there is none with this Seq, or it is no longer kept.
    async fn position_of(&self, topic: &Topic, seq: Seq) -> Result<Option<Position>, Fault>;

    /// Returns the entries of a log that are [about](Draft::about) one of its entries, oldest first.
    async fn about(&self, topic: &Topic, seq: Seq) -> Result<Vec<Entry<Json>>, Fault>;

    /// Returns the pinned entries of a log, oldest first.
    async fn pinned(&self, topic: &Topic) -> Result<Vec<Entry<Json>>, Fault>;

    /// Returns the Seq of the first entry that was accepted at this time or later; none if there is none.
    async fn place_at(&self, topic: &Topic, at: Timestamp) -> Result<Option<Seq>, Fault>;

    /// Returns a part of a user's inbox.
    async fn inbox(&self, request: InboxRequest) -> Result<InboxPage, Fault>;

    /// Returns the size of a log and its own retention; none if the log has had no entry.
    async fn log_usage(&self, topic: &Topic) -> Result<Option<LogUsage>, Fault>;

    /// Returns the sizes of the logs of the application by the names of their topics, after one of them, up to a limit.
    async fn logs(&self, after: Option<&Topic>, limit: usize) -> Result<Vec<LogUsage>, Fault>;

    /// Returns the oldest entries of a log, the oldest first, up to a limit.
    async fn oldest(&self, topic: &Topic, limit: usize) -> Result<Vec<OldEntry>, Fault>;

    /// Returns the volume of the application. Its cost grows with the application.
    async fn usage(&self) -> Result<ApplicationUsage, Fault>;

    /// Returns a group's settings, its head, and some of its members: the viewer, and a number of others; none if
    /// there is no such group. Its cost is that of the members it returns, however many there are.
    async fn group(
        &self,
        group: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Result<Option<GroupOverview>, Fault>;

    /// Returns members of a group, up to a limit: those whose name contains these words, without case, or without
    /// words those who joined first, after one of them.
    async fn members(
        &self,
        group: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Member>, Fault>;

    /// Returns members of a group after one of them, by the time at which they joined and then by their ids, up to a
    /// limit. The one after whom they come may have left.
    async fn members_after(
        &self,
        group: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Result<Vec<ListedMember>, Fault>;

    /// Returns a group's settings and all its members, by the time they joined, the first one first; none if there is
    /// no such group. For decisions: its cost grows with the group.
    async fn roster(&self, group: GroupId) -> Result<Option<Roster>, Fault>;

    /// Returns a user's membership state in a conversation; none if there is no such group, or a direct is not theirs
    /// or lacks one of its users.
    async fn standing(
        &self,
        conversation: Conversation,
        user: UserId,
    ) -> Result<Option<MembershipState>, Fault>;

    /// Counts the entries of a conversation after a Seq that are unread for a user, up to
    /// [`MAX_UNREAD`](wire::limits::MAX_UNREAD).
    async fn unread(&self, conversation: Conversation, user: UserId, after: Seq) -> Result<Unread, Fault>;

    /// Returns the groups of a user and their directs that have messages, the one with the newest entry first, up to a
    /// limit.
    async fn conversations(&self, user: UserId, limit: usize) -> Result<Conversations, Fault>;

    /// Returns the groups of a user, the one joined first first.
    async fn groups_of(&self, user: UserId) -> Result<Vec<GroupId>, Fault>;

    /// Returns a user; none if there is no such user.
    async fn person(&self, user: UserId) -> Result<Option<Person>, Fault>;

    /// Returns true if a user was deleted: they stay as the author of messages, and do nothing more.
    async fn is_deleted(&self, user: UserId) -> Result<bool, Fault>;

    /// Returns other users whose name contains these words, without case, by name: those who share a group with a
    /// user, and if `everyone` also every user with an account. Up to a limit; without words those after one of them.
    /// If very many match, only some of them are read: longer words find the others.
    async fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<Person>, Fault>;

    /// Returns groups whose name contains these words, without case, by name: those that are listed and not archived,
    /// or all of them. Up to a limit; without words those after one of them.
    async fn groups(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<Vec<GroupListing>, Fault>;

    /// Returns the users after one of them, by id, up to a limit: also those who were deleted, but no guests who never did
    /// anything. There are fewer than the limit only at the end.
    async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<Profile>, Fault>;

    /// Returns a user's profile; none if there is no such user.
    async fn profile(&self, user: UserId) -> Result<Option<Profile>, Fault>;

    /// Returns the picture of a user, a JPEG; none if they have none.
    async fn picture(&self, user: UserId) -> Result<Option<Bytes>, Fault>;

    /// Returns the entry that was sent with this id, if it is still kept; none if there is none.
    async fn sent(&self, sender: Sender, id: &SendId) -> Result<Option<SentBefore>, Fault>;

    /// Returns the entries that were sent with each of some ids, in their order, as [`StoreReader::sent`] does.
    async fn sent_each(&self, sender: Sender, ids: &[SendId]) -> Result<Vec<Option<SentBefore>>, Fault>;

    /// Returns the job of a kind with a key; one that is dead counts as none.
    async fn job(&self, kind: JobKind, key: &str) -> Result<Option<FoundJob>, Fault>;

    /// Returns true if a lane has a job that is not dead.
    async fn has_jobs(&self, lane: &str) -> Result<bool, Fault>;

    /// Returns the refusals of a broadcast, which is an entry of the sender's own log, by the number of the target.
    async fn broadcast_refusals(&self, user: UserId, seq: Seq) -> Result<BTreeMap<usize, Refusal>, Fault>;

    /// Returns the users whom a user has blocked, the last one first.
    async fn blocked(&self, user: UserId) -> Result<Vec<Person>, Fault>;

    /// Returns the account of a user, or the account of a login; none for a guest.
    async fn account(&self, key: AccountKey) -> Result<Option<Account>, Fault>;

    /// Returns the user whose account an identity is linked to.
    async fn user_of_identity(&self, identity: &Identity) -> Result<Option<Person>, Fault>;

    /// Returns the identities that are linked to the account of a user, by provider.
    async fn identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, Fault>;

    /// Returns true if there is an account.
    async fn has_accounts(&self) -> Result<bool, Fault>;

    /// Returns accounts whose name contains these words, without case, by name. Up to a limit; without words those
    /// after one of them.
    async fn accounts(
        &self,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<AccountListing>, Fault>;

    /// Returns the user whose password a token resets, and its expiry; none if it is unknown or used.
    async fn reset(&self, token: TokenHash) -> Result<Option<(UserId, Timestamp)>, Fault>;

    /// Returns true if there is an owner.
    async fn has_owner(&self) -> Result<bool, Fault>;

    /// Returns true if a user has signed in to their account with a device, and it is among the remembered ones.
    async fn knows_device(&self, user: UserId, device: TokenHash) -> Result<bool, Fault>;

    /// Counts a user's memberships in groups, and those that another user has added them to.
    async fn seats(&self, user: UserId, adder: UserId) -> Result<NewMembers, Fault>;

    /// Returns true if two users share a group.
    async fn share_group(&self, one: UserId, other: UserId) -> Result<bool, Fault>;

    /// Returns the user whom the application names by a key.
    async fn user_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedUser>, Fault>;

    /// Returns the key of a user, if the application names them by one.
    async fn key_of_user(&self, user: UserId) -> Result<Option<KeyedUser>, Fault>;

    /// Returns the users with keys, by key, after one of them, up to a limit.
    async fn users_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Result<Vec<KeyedUser>, Fault>;

    /// Returns users whose key begins with these words, by key, and then those whose name contains them, without case, by
    /// name; each once, up to a limit. If very many match, only some of them are read: longer words find the others.
    /// Deleted users are not found.
    async fn users_with(&self, words: &str, limit: usize) -> Result<Vec<FoundUser>, Fault>;

    /// Returns the group that the application names by a key.
    async fn group_by_key(&self, key: &ExternalKey) -> Result<Option<KeyedGroup>, Fault>;

    /// Returns the key of a group, if the application names it by one.
    async fn key_of_group(&self, group: GroupId) -> Result<Option<KeyedGroup>, Fault>;

    /// Returns the groups with keys, by key, after one of them, up to a limit.
    async fn groups_by_key(
        &self,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<Vec<KeyedGroup>, Fault>;

    /// Returns the incoming webhooks of a group, by name.
    async fn hooks(&self, group: GroupId) -> Result<Vec<Hook>, Fault>;

    /// Returns the outgoing webhooks, by name.
    async fn webhooks(&self) -> Result<Vec<Webhook>, Fault>;

    /// Returns an outgoing webhook by its id.
    async fn webhook(&self, webhook: WebhookId) -> Result<Option<Webhook>, Fault>;

    /// Returns deliveries of a webhook that were attempted, the newest first, before one of them, up to a limit.
    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Fault>;

    /// Returns the number of deliveries of a webhook that wait.
    async fn waiting_deliveries(&self, webhook: WebhookId) -> Result<u64, Fault>;

    /// Returns a file, whatever its state; none if there is no such file. For decisions: the caller checks who may read it.
    async fn file(&self, file: FileId) -> Result<Option<StoredFile>, Fault>;

    /// Returns the file that its owner has uploaded under a key.
    async fn file_by_key(&self, owner: UserId, key: &str) -> Result<Option<StoredFile>, Fault>;

    /// Returns the files after one of them, by id, up to a limit.
    async fn files(&self, after: Option<FileId>, limit: usize) -> Result<Vec<StoredFile>, Fault>;

    /// Returns files that are [`FileState::Removing`](super::FileState::Removing), up to a limit.
    async fn files_to_remove(&self, limit: usize) -> Result<Vec<StoredFile>, Fault>;

    /// Returns the size of the files of an owner, or of all.
    async fn file_usage(&self, owner: Option<UserId>) -> Result<FileUsage, Fault>;

    /// Returns those of some blobs that a file names.
    async fn known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, Fault>;

    /// Returns the API tokens of the application, the one created last first, up to a limit.
    async fn api_tokens(&self, limit: usize) -> Result<Vec<ApiTokenRecord>, Fault>;

    /// Returns the time from which user tokens must be issued to work for a user: that of the user or of the application,
    /// whichever is later. None if there is no such user.
    async fn tokens_valid_from(&self, user: UserId) -> Result<Option<Timestamp>, Fault>;

    /// Returns a link that signs a user in; none if it is unknown, used or ended.
    async fn sign_in_link(&self, link: TokenHash) -> Result<Option<SignInLink>, Fault>;

    /// Returns the sessions of a user, the one that began last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionSummary>, Fault>;
}
