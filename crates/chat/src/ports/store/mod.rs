//! The store: the port for facts, with the guarantees that every implementation keeps. [`Store`] commits; a
//! [`StoreReader`] reads the facts of one application.

mod accounts;
mod applications;
mod attempts;
mod commit;
mod deliveries;
mod entry;
mod expired;
mod files;
mod group;
mod hooks;
mod identities;
mod inbox;
mod jobs;
mod keyed;
mod log;
mod log_slice;
mod message_tail;
mod names;
mod nodes;
mod open;
mod open_topics;
mod outcome;
mod read_state;
mod reader;
mod receipts;
mod refused;
mod restricted;
mod retention;
mod revocation;
mod rows;
mod sessions;
mod standing;
mod user_tokens;
mod users;
mod version;
mod webhook_writes;
mod webhooks;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
pub use broker::Ends;
use wire::{ApplicationId, Epoch, LogKey, Seq, Timestamp};

pub use accounts::{
    Account, AccountKey, AccountListing, AccountWrite, CreateAccount, CreateAccountOutcome, DEVICES,
    FirstRole, PasswordHash,
};
pub use applications::{
    Application, ApplicationConfig, ApplicationKey, ApplicationWrite, FileConfig, NewApiToken,
    NewApplication, RemoveData, Removed,
};
pub use attempts::{Attempt, AttemptKey, AttemptOutcome, AttemptWrite};
pub use commit::{Appended, Commit, Committed, Rewritten, Shortened};
pub use deliveries::{Delivery, DeliveryArguments, DeliveryState};
pub use entry::{
    Amend, AmendOutcome, Amended, BodyHash, Draft, Kept, Mentions, Range, RowRange, Sender, SentBefore,
    event_of, requoted,
};
pub use expired::{Sweep, Swept};
pub use files::{FileOutcome, FileQuota, FileState, FileUsage, FileWrite, StoredFile, Thumbnail};
pub use group::{
    Fact, GroupChange, GroupListing, GroupOverview, GroupWithMessage, GroupWithMessageOutcome, Roster,
};
pub use hooks::{FoundHook, Hook, HookFact, HookPost};
pub use identities::{Identity, IdentityOutcome, IdentityWrite, Issuer, LinkedIdentity};
pub use inbox::{InboxPage, InboxRequest};
pub use jobs::{
    ClaimJobs, FoundJob, Job, JobCount, JobEnd, JobId, JobKind, JobQueue, JobWrite, LeaseId, NewJob, Tail,
};
pub use keyed::{FoundUser, KeyedGroup, KeyedUser, ListedMember, PutUser, PutUserOutcome, TokenSignUp};
pub use log::{DirectCreation, LogOutcome, LogWrite, WithFiles};
pub use log_slice::{FAR_BEHIND, LogSlice, SLICE_ENDS, SLICE_ENTRIES, Slices};
pub use message_tail::{MessageTail, TailedMessage, deleted_group};
pub(crate) use names::NameIndex;
pub use names::{CALLED, NEAR, folded, name_parts, past};
pub use nodes::{NodeReport, NodeRow, ReportAnswer, SharedStoreMetrics};
pub use open::{OpenRequest, Opened};
pub use open_topics::{OpenTopicBounds, OpenTopicUsage};
pub use outcome::{Checked, Done};
pub use read_state::{MOVED_RECEIPTS, ReadStateOutcome, ReadStateWrite};
pub use reader::StoreReader;
pub use receipts::{MessageReceipts, RecipientReceipt};
pub use refused::{code_of, refusal_of};
pub use restricted::{
    CopyPointer, MovedReceipt, Recipients, Restricted, RestrictedDraft, copy, is_placeholder, placeholder,
};
pub use retention::{
    ApplicationUsage, LogUsage, OldEntry, Retention, RetentionConfig, RetentionRule, SetRetention,
    TRIM_ENTRIES, Trim, Trimmed,
};
pub use revocation::{REVOCATIONS, Revocation, RevocationSlice};
pub use rows::{LogBounds, RowPage};
pub use sessions::{NewSession, SessionWrite, Sessions};
pub use standing::{Conversations, MembershipState, Permission, PermissionTo, Unread};
pub use user_tokens::{SignInLink, UserTokenWrite};
pub use users::{NewMembers, Profile, UserWrite};
pub use version::{Version, version_of};
pub use webhook_writes::{PlanWebhooks, Planned, WebhookPlan, WebhookTail, WebhookWrite};
pub use webhooks::{DELIVERIES_AT_ONCE, Webhook, WebhookConversation, WebhookEvent, WebhookState};
pub use write::{Outcome, Transaction, TypedWrite, WithAudit, Write};

use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::{Session, TokenHash};
pub use crate::names::{ExternalKey, HookName, Login};
use crate::ports::bus::NodeId;
pub use crate::ports::position::Position;
use crate::ports::search::SearchIndex;
use crate::service::error::Fault;

/// The port that keeps facts. One suite, `chat::testing::store`, holds every implementation to this contract.
///
/// - **Atomic.** [`Store::commit`] takes a batch and makes all of it facts, or none: after a fault nothing of
///   the batch may be visible, unless the outcome is unknown (a flush that failed), and then a retry with the same
///   [`SendId`]s finds the part that did become a fact.
/// - **Durable.** When `commit` answers, the batch survives a kill of the process and, if the store is on a
///   disk, a power cut. After a failed flush nothing more is acknowledged until the store is reopened.
/// - **Ordered.** The writes of a batch take effect in their order, each seeing those before it. Each entry
///   gets the next Seq of its log: 1, 2, 3, without holes. A log loses only its oldest entries, and no Seq is used
///   again. Batches take effect in the order of the calls, if each is made after the one before it was answered; as many
///   as [`Store::writers`] may be under way at once.
/// - **Isolated.** A write and a read concern one application: the same id, name or topic in another is something else.
/// - **Idempotent.** A [`SendId`] is unique for its [`Sender`] in an application as long as the entry is kept. The same
///   id with the same [`Draft::body`] on the same topic is [`LogOutcome::Repeated`]; with anything else it is
///   [`LogOutcome::SendIdTaken`].
/// - **Reads see whole batches**: everything that was committed before the call, and never half of a batch.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Returns the epoch of the logs. The same after a restart of a durable store; new after a restore from a backup
    /// or a restart of a volatile one.
    fn epoch(&self) -> Epoch;

    /// Returns the number of reads since it was opened; 0 for a store whose reads are too cheap to count.
    fn reads(&self) -> u64;

    /// Returns the number of commits that it makes at the same time.
    fn writers(&self) -> usize {
        1
    }

    /// Commits a batch of writes, each of one application; returns one outcome for each, in order, the entries that were
    /// appended, and the revocations after a position up to this commit, its own among them.
    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault>;

    /// Commits something invisible, as durably as [`Store::commit`] does, to find out whether commits work.
    async fn probe(&self) -> Result<(), Fault>;

    /// Returns a reader of the facts of one application as they are now: it sees no later commit. It holds a connection of
    /// its own as long as it is in use, and the store keeps for it what is deleted meanwhile, so it is for one long read,
    /// such as an export.
    async fn snapshot(&self, application: ApplicationId) -> Result<Arc<dyn StoreReader>, Fault>;

    /// Returns a reader of the facts of one application.
    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader>;

    /// Returns the session a token belongs to, alive or not, whatever its application, with the newest revocation of
    /// the same moment; none if the application is deleted.
    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault>;

    /// Returns an API token, alive or not, whatever its application; none if that is deleted.
    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault>;

    /// Returns the incoming webhook with a token, whatever its application; none if that is deleted.
    async fn hook(&self, token: TokenHash) -> Result<Option<FoundHook>, Fault>;

    /// Returns an application, also a deleted one whose data is not gone yet.
    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault>;

    /// Returns the applications after one of them, by their numbers, up to a limit.
    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault>;

    /// Returns true if an application that is not deleted lists an origin among its
    /// [allowed origins](ApplicationConfig::allowed_origins).
    async fn lists_origin(&self, origin: String) -> Result<bool, Fault>;

    /// Returns the heads of logs, in their order, as of one moment; none for a log that is [absent](LogSlice::Absent).
    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault>;

    /// Returns the entries after a Seq of each of several logs, in their order, as of one moment. The revocations after a
    /// position are read after them: what was committed before one of the entries is among them.
    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault>;

    /// Returns the position up to which the relay has planned jobs.
    async fn relay(&self) -> Result<Position, Fault>;

    /// Returns the entries after a position that [may cause work](Draft::may_cause_work), of all applications, up to a
    /// limit.
    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault>;

    /// Returns the messages that were sent, edited or deleted after a position, of all applications: those that the next
    /// entries are about, up to a limit of entries.
    async fn message_tail(&self, after: Position, limit: usize) -> Result<MessageTail, Fault>;

    /// Returns the search index over its messages.
    fn search_index(&self) -> Arc<dyn SearchIndex>;

    /// Returns the active webhooks of all applications that are not deleted.
    async fn active_webhooks(&self) -> Result<Vec<(ApplicationId, Webhook)>, Fault>;

    /// Returns the entries after a position that webhooks may be interested in, of all applications, among the next
    /// entries of the store, up to a limit of these.
    async fn webhook_tail(&self, after: Position, limit: usize) -> Result<WebhookTail, Fault>;

    /// Returns a position after which there are all entries that were committed at a time or later, and few others: clocks
    /// differ a little.
    async fn position_at(&self, at: Timestamp) -> Result<Position, Fault>;

    /// Returns true if a job of a queue may be claimed now, or could be if its webhook had not so many leased already.
    async fn has_due_jobs(&self, queue: JobQueue, now: Timestamp) -> Result<bool, Fault>;

    /// Counts the jobs of each kind that has some.
    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault>;

    /// Returns true if other nodes may have the same facts open, so that this one must not go on for long without a
    /// successful [`Store::report`].
    fn is_shared(&self) -> bool {
        false
    }

    /// Returns the time by the clock of a store that nodes share, so that they agree on it; none if the clock of the
    /// machine is the right one. It never goes back. Costs no access to the store.
    fn time(&self) -> Option<Timestamp> {
        None
    }

    /// Returns the id under which this node is known to the others; none if nobody else has the facts open.
    fn node(&self) -> Option<NodeId> {
        None
    }

    /// Returns the nodes that were known to the store at the last report; none before the first one.
    fn known_nodes(&self) -> Option<Arc<[NodeId]>> {
        None
    }

    /// Makes this node known to the others for the next ten seconds, and returns what was revoked before now.
    async fn report(&self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        let after = report.revocations_after;
        Ok(ReportAnswer::Current(RevocationSlice { after, entries: Vec::new(), head: after }))
    }

    /// Returns the nodes that have the store open, by name; none if it is not shared.
    async fn nodes(&self) -> Result<Vec<NodeRow>, Fault> {
        Ok(Vec::new())
    }

    /// Returns the counters of the connections; none if it is not shared.
    fn shared_metrics(&self) -> Option<SharedStoreMetrics> {
        None
    }

    /// Finishes pending work and closes files. Other nodes no longer see this one. The last call.
    async fn close(&self) -> Result<(), Fault>;
}
