//! The handle of the domain: [`Chat`] and its parts.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::available_parallelism;
use std::time::Duration;

use broker::{Broker, CloseHandle, LogBytes, WakeHandle};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use wire::{ApplicationId, AuditEvent, Json, LogKey, SendId, Seq, Timestamp, Topic, UserId, UserKey};

use crate::auth::caller::Caller;
use crate::auth::file_link::FileLinkSeal;
use crate::auth::master_secret::{KeyPurpose, MasterSecret};
use crate::auth::network::Network;
use crate::auth::passwords::PasswordHashing;
use crate::auth::revocations::{RevocationWatch, Revocations};
use crate::auth::sealed_cursor::CursorSeal;
use crate::auth::session::TokenHash;
use crate::commit::committer::{Committer, PendingCommit, Publisher};
use crate::commit::metrics::ChatMetrics;
use crate::commit::writability::Writability;
use crate::jobs::{JOBS_AT_ONCE, JobWake};
use crate::ports::blobs::Blobs;
use crate::ports::bus::{Bus, NodeId};
use crate::ports::clock::{Clock, NodeClock, SessionClock, SteadyClock};
use crate::ports::http_client::HttpClient;
use crate::ports::random::{RandomSource, random};
use crate::ports::store::{
    Draft, JobCount, JobQueue, JobWrite, LeaseId, Store, StoreReader, TypedWrite, WithAudit,
};
use crate::realtime::ephemeral::{EphemeralBuffer, EphemeralFlusher};
use crate::realtime::recent_entries::{RecentEntries, RecentMetrics};
use crate::realtime::recovery_cache::RecoveryCache;
use crate::realtime::signals::Signals;
use crate::realtime::typing::TypingBuffer;
use crate::rules;
use crate::search::IndexProgress;
use crate::service::application_room::ApplicationRoom;
use crate::service::cpu_pool::CpuPool;
use crate::service::error::{Error, Fault};
use crate::service::files::upload_limits::UploadLimits;
use crate::service::limits::Limits;
use crate::service::owned_tasks::OwnedTasks;
use crate::service::rate_limiter::RateLimiter;
use crate::tail::{Reporter, Tailer};

/// The domain, as everything outside sees it: one handle per node, shared by all that runs on it. Its operations are
/// in `service/`, one file an area.
pub struct Chat {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) broker: Arc<Broker>,
    /// The way out for ephemeral events.
    pub(crate) signals: Signals,
    pub(crate) clock: Arc<dyn Clock>,
    /// The monotonic clock that measures durations.
    pub(crate) monotonic: SteadyClock,
    /// The clock that measures the age of sessions.
    pub(crate) session_clock: SessionClock,
    pub(crate) chance: Arc<dyn RandomSource>,
    pub(crate) limits: Limits,
    pub(crate) secret: MasterSecret,
    /// The seal of cursors that are positions of the store.
    pub(crate) cursor_seal: CursorSeal,
    /// Rate limit for sending, by user.
    pub(crate) send_rate: RateLimiter<UserKey>,
    /// Rate limit for sending with an API token.
    pub(crate) token_sends: RateLimiter<TokenHash>,
    /// Rate limit for requests with an API token.
    pub(crate) token_requests: RateLimiter<TokenHash>,
    /// Rate limit for the messages of an incoming webhook, by its bot.
    pub(crate) hook_rate: RateLimiter<UserKey>,
    /// Rate limit for the messages of all incoming webhooks of a group, by its log.
    pub(crate) hook_group_rate: RateLimiter<LogKey>,
    /// Rate limit for tests of outgoing webhooks.
    pub(crate) webhook_tests: RateLimiter<ApplicationId>,
    /// Rate limit for publishing to open topics, by application and network.
    pub(crate) publishing: RateLimiter<(ApplicationId, Network)>,
    /// Rate limit for every other stored change, by user.
    pub(crate) action_rate: RateLimiter<UserKey>,
    /// Rate limit for searches of messages, by user.
    pub(crate) search_rate: RateLimiter<UserKey>,
    /// Rate limit for adding users to groups, by user.
    pub(crate) adding: RateLimiter<UserKey>,
    /// Rate limit for new users, by network.
    pub(crate) newcomers: RateLimiter<(ApplicationId, Network)>,
    /// Rate limit for typing events, by user.
    pub(crate) typing_pace: RateLimiter<UserKey>,
    /// The users who are typing, until they are published.
    pub(crate) typing: Arc<TypingBuffer>,
    /// The room for users and conversations that each application has left.
    pub(crate) application_room: ApplicationRoom,
    pub(crate) password_hashing: PasswordHashing,
    /// The pool that re-encodes pictures, one at a time: each may take much memory.
    pub(crate) pictures: CpuPool,
    /// The contents of files.
    pub(crate) blobs: Arc<dyn Blobs>,
    /// The client for requests to other servers.
    pub(crate) http: Arc<dyn HttpClient>,
    /// The uploads in progress.
    pub(crate) uploads: Arc<UploadLimits>,
    /// The uploads that are received and not yet committed.
    pub(crate) finishing: OwnedTasks,
    /// The pool that decodes the pictures of messages, one at a time: each may take much memory. It has room for each
    /// upload that the limits allow.
    pub(crate) images: CpuPool,
    /// The seal of links to files.
    pub(crate) file_links: FileLinkSeal,
    /// The bounded pool that parses long texts.
    pub(crate) readings: CpuPool,
    /// The number of texts parsed in the pool.
    pub(crate) texts_read: AtomicU64,
    /// The revocations that end the sockets of ended sessions.
    pub(crate) revocations: Arc<Revocations>,
    /// The pages of history that subscribers share during recovery.
    pub(crate) recovery_cache: Arc<RecoveryCache>,
    /// The newest entries of logs that are read at present.
    pub(crate) recent: Arc<RecentEntries>,
    /// The ephemeral events until the next flush.
    pub(crate) ephemeral: Arc<EphemeralBuffer>,
    pub(crate) metrics: Arc<ChatMetrics>,
    /// The signals between the committer, the relay, the worker and the indexer.
    pub(crate) job_wake: Arc<JobWake>,
    /// The progress of this node's indexer.
    pub(crate) index_progress: IndexProgress,
    /// The lease of this node's worker.
    lease: LeaseId,
    /// Held by the export that is being written.
    pub(crate) exporting: tokio::sync::Mutex<()>,
    /// The reports to a store that other nodes share.
    pub(crate) reporter: Arc<Reporter>,
    writability: Arc<Writability>,
    committer: Arc<Committer>,
    /// Background tasks: the tailer, the ephemeral flusher, the broker's shards and others.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// The parts of a [`Chat`].
pub struct Parts {
    /// The store of facts.
    pub store: Arc<dyn Store>,
    /// The contents of files.
    pub blobs: Arc<dyn Blobs>,
    /// The bus to other nodes.
    pub bus: Arc<dyn Bus>,
    /// The client for requests to other servers.
    pub http: Arc<dyn HttpClient>,
    /// The wall clock and the monotonic clock of the machine, which tests set. The time of a shared store goes before the
    /// wall clock: [`Store::time`].
    pub clock: Arc<dyn Clock>,
    /// The random source.
    pub chance: Arc<dyn RandomSource>,
    /// The operator's limits.
    pub limits: Limits,
    /// The secret from which keys are derived: the same on every node.
    pub secret: MasterSecret,
}

/// The time without entries after which, at up to twice of it, a topic's frames leave the memory.
const IDLE: Duration = Duration::from_secs(30);
/// All incoming webhooks of a group together may post as much as this many of them.
const GROUP_SHARES: u32 = 5;

/// The acknowledgement of a send: it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The sender's id for it.
    pub id: SendId,
    /// The log in which the entry was committed.
    pub topic: Topic,
    /// The Seq of the entry in that log.
    pub seq: Seq,
    /// The time at which it was accepted, UTC.
    pub timestamp: Timestamp,
    /// True if it was committed before.
    pub duplicate: bool,
}

impl Chat {
    /// Starts the committer, the tailer, the ephemeral flusher and the broker's shards. Call it within a
    /// tokio runtime; [`Chat::shut_down`] ends them.
    #[must_use]
    pub fn start(parts: Parts) -> Arc<Self> {
        let Parts { store, blobs, bus, http, clock, chance, limits, secret } = parts;
        let clock: Arc<dyn Clock> = Arc::new(NodeClock { store: Arc::clone(&store), machine: clock });
        // One for each core.
        let shards = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let log_bytes = LogBytes { topic: limits.topic_log_bytes, all: limits.log_bytes };
        let (broker, shards) = Broker::new(log_bytes, shards);
        let broker = Arc::new(broker);
        let node = NodeId(u64::from_be_bytes(random(&*chance)));
        let signals = Signals::new(Arc::clone(&broker), Arc::clone(&bus), node);
        let revocations = Arc::new(Revocations::default());
        let (job_wake, lease) = (Arc::new(JobWake::default()), LeaseId(random(&*chance)));
        let ephemeral = Arc::new(EphemeralBuffer::default());
        let tailer = Tailer {
            store: Arc::clone(&store),
            broker: Arc::clone(&broker),
            bus: Arc::clone(&bus),
            node,
            revocations: Arc::clone(&revocations),
            wake: Arc::clone(&job_wake),
            ephemeral: Arc::clone(&ephemeral),
        };
        let tailer = tokio::spawn(tailer.run(bus.listen()));
        let (metrics, writability) = (Arc::new(ChatMetrics::default()), Arc::new(Writability::default()));
        let recent = Arc::new(RecentEntries::default());
        let publisher = Publisher {
            broker: Arc::clone(&broker),
            recent: Arc::clone(&recent),
            bus: Arc::clone(&bus),
            revocations: Arc::clone(&revocations),
            wake: Arc::clone(&job_wake),
        };
        let committer =
            Committer::start(Arc::clone(&store), publisher, Arc::clone(&metrics), Arc::clone(&writability));
        let committer = Arc::new(committer);
        let flusher = EphemeralFlusher::new(
            Arc::clone(&ephemeral),
            Arc::clone(&store),
            Arc::clone(&broker),
            signals.clone(),
            Arc::clone(&committer),
        );
        let recovery_cache = Arc::new(RecoveryCache::default());
        let tidy = tidy(Arc::clone(&broker), Arc::clone(&recovery_cache), Arc::clone(&recent));
        let mut tasks = vec![tailer, tokio::spawn(flusher.run()), tokio::spawn(tidy)];
        tasks.push(tokio::spawn(Arc::clone(&writability).watch(Arc::clone(&store))));
        let reporter = Reporter::new(store.is_shared(), Arc::clone(&revocations), Arc::clone(&clock));
        tasks.push(tokio::spawn(Arc::clone(&reporter).run(Arc::clone(&store), Arc::clone(&bus))));
        let typing = Arc::new(TypingBuffer::default());
        tasks.push(tokio::spawn(Arc::clone(&typing).tell(signals.clone())));
        tasks.extend(shards.into_iter().map(|shard| tokio::spawn(shard.run())));
        let cursor_key = secret.derive(KeyPurpose::Cursors, ApplicationId::SERVER, 1);
        let cursor_seal = CursorSeal::new(&cursor_key);
        let file_key = secret.derive(KeyPurpose::FileLinks, ApplicationId::SERVER, 1);
        let send_rate = RateLimiter::new(limits.send_burst, limits.send_per_second);
        let action_rate = RateLimiter::new(limits.action_burst, limits.actions_per_second);
        let newcomers = RateLimiter::new(limits.newcomer_burst, limits.newcomers_per_minute / 60.0);
        let monotonic = SteadyClock::new(Arc::clone(&clock));
        let session_clock = SessionClock::new(Arc::clone(&clock));
        let chat = Arc::new(Self {
            store,
            bus,
            broker,
            signals,
            clock,
            monotonic,
            session_clock,
            chance,
            limits,
            secret,
            cursor_seal,
            send_rate,
            token_sends: RateLimiter::new(limits.token_send_burst, limits.token_sends_per_second),
            token_requests: RateLimiter::new(limits.token_request_burst, limits.token_requests_per_second),
            hook_rate: RateLimiter::new(limits.hook_burst, limits.hook_posts_per_second),
            hook_group_rate: RateLimiter::new(
                limits.hook_burst.saturating_mul(GROUP_SHARES),
                limits.hook_posts_per_second * f64::from(GROUP_SHARES),
            ),
            webhook_tests: RateLimiter::new(10, 0.5),
            publishing: RateLimiter::new(limits.publish_burst, limits.publish_per_second),
            action_rate,
            search_rate: RateLimiter::new(limits.search_burst, limits.searches_per_second),
            adding: RateLimiter::new(limits.add_burst, limits.adds_per_second),
            newcomers,
            typing_pace: RateLimiter::new(10, 1.0),
            typing,
            application_room: ApplicationRoom::default(),
            password_hashing: PasswordHashing::new(),
            pictures: CpuPool::new("pictures", 1, 8),
            blobs,
            http,
            uploads: Arc::new(UploadLimits::new(limits.files)),
            finishing: OwnedTasks::default(),
            images: CpuPool::new("images", 1, limits.files.uploads + JOBS_AT_ONCE),
            file_links: FileLinkSeal::new(&file_key),
            readings: CpuPool::new("readings", 2, 256),
            texts_read: AtomicU64::new(0),
            revocations,
            recovery_cache,
            recent,
            ephemeral,
            metrics,
            index_progress: IndexProgress::default(),
            job_wake,
            lease,
            exporting: tokio::sync::Mutex::default(),
            reporter,
            writability,
            committer,
            tasks: Mutex::new(tasks),
        });
        let relay = tokio::spawn(Self::run_relay(Arc::downgrade(&chat)));
        let worker = tokio::spawn(Self::run_worker(Arc::downgrade(&chat), lease, JobQueue::Own));
        let deliveries = tokio::spawn(Self::run_worker(Arc::downgrade(&chat), lease, JobQueue::Webhooks));
        let planner = tokio::spawn(Self::run_webhook_planner(Arc::downgrade(&chat)));
        let indexer = tokio::spawn(Self::run_indexer(Arc::downgrade(&chat)));
        chat.tasks.lock().extend([relay, worker, deliveries, planner, indexer]);
        chat
    }

    /// Closes the connection through the handle when the session or the token of a caller ends, from now on. When it
    /// expires by itself is for the connection to watch: [`RevocationWatch::expires`].
    #[must_use]
    pub fn watch_revocation(
        &self,
        caller: &Caller,
        close_handle: CloseHandle,
        wake_handle: WakeHandle,
    ) -> RevocationWatch {
        self.revocations.watch(caller, close_handle, wake_handle)
    }

    /// Returns the last revocation that this node has applied; read it before an API token is looked up.
    #[must_use]
    pub fn revocation_position(&self) -> Seq {
        self.revocations.position()
    }

    /// Returns true if the session or the token of a caller is still valid, now that [`Chat::watch_revocation`]
    /// watches it: an end that was applied between its lookup and the watch has notified nobody.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn is_current(&self, caller: &Caller) -> Result<bool, Error> {
        if self.revocations.position() <= caller.revocations {
            return Ok(true);
        }
        self.is_alive(caller).await
    }

    /// Returns true if the session or the token of a caller is valid now, or they have neither.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn is_alive(&self, caller: &Caller) -> Result<bool, Error> {
        match (caller.api_token, &caller.session, &caller.grant) {
            (Some(token), ..) => self.is_api_token_alive(token).await,
            (None, Some(session), _) => Ok(self.authenticate(session).await?.is_some()),
            (None, None, Some(grant)) => self.is_user_token_alive(caller, grant).await,
            (None, None, None) => Ok(true),
        }
    }

    /// Returns the broker of this node.
    #[must_use]
    pub const fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// Returns the client for requests to other servers.
    #[must_use]
    pub const fn http_client(&self) -> &Arc<dyn HttpClient> {
        &self.http
    }

    /// Returns the counters of this node since it began.
    #[must_use]
    pub fn metrics(&self) -> &ChatMetrics {
        &self.metrics
    }

    /// Returns the metrics of recent entries in memory.
    #[must_use]
    pub fn recent_metrics(&self) -> RecentMetrics {
        self.recent.metrics()
    }

    /// Returns the number of reads of the store since it was opened.
    #[must_use]
    pub fn store_reads(&self) -> u64 {
        self.store.reads()
    }

    /// Counts the jobs of each kind that has some.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn job_counts(&self) -> Result<Vec<JobCount>, Error> {
        Ok(self.store.job_counts().await?)
    }

    /// Returns the progress of the search index on this node.
    #[must_use]
    pub const fn index_progress(&self) -> &IndexProgress {
        &self.index_progress
    }

    /// Returns the number of times that the search index was begun anew since the start.
    #[must_use]
    pub fn index_rebuilds(&self) -> u64 {
        self.store.search_index().rebuilds()
    }

    /// Returns the number of passwords hashed or compared since the start.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.password_hashing.hashed()
    }

    /// Returns the fault that prevents writes at present; none while commits work. It ends by itself when they do
    /// again, also if nobody writes.
    #[must_use]
    pub fn write_fault(&self) -> Option<Fault> {
        self.writability.fault()
    }

    /// Returns the time of the domain's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Accepts nothing more, commits and answers all that was accepted, and closes the store.
    ///
    /// # Errors
    /// [`Error::Fault`] if the store could not be closed.
    pub async fn shut_down(&self) -> Result<(), Error> {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        self.finishing.finish().await;
        // The last commits: deliveries that devices have confirmed, and the leases of jobs, so that another node, or
        // the next start, need not wait until they expire.
        let release = JobWrite::Release { lease: self.lease };
        let mut last = Vec::new();
        for (application, write) in self.ephemeral.take_confirmed() {
            // An error is a committer that has finished before.
            last.extend(self.committer.enqueue(application, write).await);
        }
        // Without it, on a full disk, the leases expire.
        drop(self.committer.enqueue(ApplicationId::SERVER, release).await);
        self.committer.finish().await;
        self.signals.say_bye().await;
        let mut committed = Ok(());
        for pending in last {
            committed = committed.and(pending.outcome().await.map(|_| ()));
        }
        self.store.search_index().close().await?;
        self.store.close().await?;
        committed
    }

    /// Returns a reader of the application of a caller.
    pub(crate) fn reader(&self, caller: &Caller) -> Arc<dyn StoreReader> {
        self.store.reader(caller.application)
    }

    /// Enqueues a write in the application of a caller with the committer, and waits until it is committed.
    pub(crate) async fn commit<W: TypedWrite>(&self, caller: &Caller, write: W) -> Result<W::Outcome, Error> {
        self.commit_in(caller.application, write).await
    }

    /// As [`Chat::commit`], for an application.
    pub(crate) async fn commit_in<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
    ) -> Result<W::Outcome, Error> {
        self.committer.commit(application, write).await
    }

    /// As [`Chat::commit_in`], behind the writes of people.
    pub(crate) async fn commit_in_background<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
    ) -> Result<W::Outcome, Error> {
        self.committer.commit_in_background(application, write).await
    }

    /// As [`Chat::commit`], with an event in the audit log of the application.
    pub(crate) async fn commit_noted<W: TypedWrite>(
        &self,
        caller: &Caller,
        write: W,
        by: UserId,
        event: &AuditEvent,
    ) -> Result<W::Outcome, Error> {
        let draft = self.draft(Topic::app_audit(), by, Json::of(event), self.clock.now());
        let note = Draft { ends: rules::ends_in_app(event), ..draft };
        self.commit(caller, WithAudit { write, note }).await
    }

    /// Enqueues a write with the committer and waits until it has its turn.
    pub(crate) async fn enqueue<W: TypedWrite>(
        &self,
        caller: &Caller,
        write: W,
    ) -> Result<PendingCommit<W>, Error> {
        self.committer.enqueue(caller.application, write).await
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        random(&*self.chance)
    }
}

/// Frees the memory of idle topics, of recovery pages that nobody shares any more, and of entries that nobody reads.
async fn tidy(broker: Arc<Broker>, recovery_cache: Arc<RecoveryCache>, recent: Arc<RecentEntries>) {
    loop {
        tokio::time::sleep(IDLE).await;
        broker.shrink_idle();
        recovery_cache.tidy();
        recent.tidy();
        Fault::sweep();
    }
}
