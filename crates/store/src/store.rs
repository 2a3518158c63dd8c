//! The store over an SQL database: reads through a pool of threads, commits through an [`Engine`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat::search_index::SearchIndex;
use chat::store::{
    Application, ApplicationKey, Commit, Committed, FoundHook, JobCount, JobQueue, MessageTail, NodeReport,
    NodeRow, Position, ReportAnswer, RevocationSlice, SharedStoreMetrics, Slices, StoreReader, Tail, Webhook,
    WebhookTail,
};
use chat::{ApiTokenRecord, Fault, NodeId, Session, Store, TokenHash};
use wire::{ApplicationId, Epoch, LogKey, Seq, Timestamp};

use crate::readers::ReaderPool;
use crate::sql::{Db, SqlResult};
use crate::tables::{
    ApplicationReader, UnreadCounts, applications, ended_sessions, hooks, jobs, messages, sessions, slices,
    tokens, webhooks,
};

/// A store whose facts are rows of an SQL database.
pub struct SqlStore<E: Engine> {
    pub(crate) reads: Arc<Reads>,
    pub(crate) engine: E,
}

/// The parts of a store that the readers of all applications share.
pub(crate) struct Reads {
    pub(crate) epoch: Epoch,
    pub(crate) readers: ReaderPool,
    pub(crate) unread: UnreadCounts,
}

/// The part of a store that is particular to a database: commits, search and the end.
pub trait Engine: Send + Sync + 'static {
    /// Returns the number of commits that it makes at the same time: see [`Store::writers`].
    fn writers(&self) -> usize;

    /// Commits a batch: see [`Store::commit`].
    fn commit(
        &self,
        commits: Vec<Commit>,
        revocations_after: Seq,
    ) -> impl Future<Output = Result<Committed, Fault>> + Send;

    /// Starts a thread that reads in one transaction until it ends.
    ///
    /// # Errors
    /// If the system gives no thread, or the database no connection.
    fn snapshot(&self) -> Result<ReaderPool, Fault>;

    /// Commits something invisible: see [`Store::probe`].
    fn probe(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Returns true if other nodes may have the database open: see [`Store::is_shared`].
    fn is_shared(&self) -> bool {
        false
    }

    /// Returns the time of the database: see [`Store::time`].
    fn time(&self) -> Option<Timestamp> {
        None
    }

    /// Returns the id of this node: see [`Store::node`].
    fn node(&self) -> Option<NodeId> {
        None
    }

    /// Returns the nodes as of the last report: see [`Store::known_nodes`].
    fn known_nodes(&self) -> Option<Arc<[NodeId]>> {
        None
    }

    /// Reports this node to the others: see [`Store::report`].
    fn report(&self, report: NodeReport) -> impl Future<Output = Result<ReportAnswer, Fault>> + Send {
        let after = report.revocations_after;
        let nothing = RevocationSlice { after, entries: Vec::new(), head: after };
        std::future::ready(Ok(ReportAnswer::Current(nothing)))
    }

    /// Returns the nodes: see [`Store::nodes`].
    fn nodes(&self) -> impl Future<Output = Result<Vec<NodeRow>, Fault>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// Returns the counters: see [`Store::shared_metrics`].
    fn shared_metrics(&self) -> Option<SharedStoreMetrics> {
        None
    }

    /// Returns the search index.
    fn search_index(&self) -> Arc<dyn SearchIndex>;

    /// Stops the search index, which others may still hold. The readers end next.
    fn close_search(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Commits what is queued and closes the database. The readers have ended.
    fn close(&self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// As [`Engine::close_search`], for callers that cannot await it.
    fn end_search(&self);

    /// As [`Engine::close`], for callers that cannot await it.
    fn end(&self);
}

impl<E: Engine> Drop for SqlStore<E> {
    fn drop(&mut self) {
        self.engine.end_search();
        self.reads.readers.end();
        self.engine.end();
    }
}

/// The most reads of something that is not complete yet, and the pause between them. The transactions that are waited
/// for are short; whatever is not there by then is found by the next call.
const READS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

impl Reads {
    /// Reads again, as long as a transaction under way hides something and the result is not what the caller needs.
    pub(crate) async fn read_complete<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl Fn(Db<'_>) -> SqlResult<(T, bool)> + Clone + Send + 'static,
        is_enough: impl Fn(&T) -> bool,
    ) -> Result<T, Fault> {
        let mut reads = 0;
        loop {
            reads += 1;
            let (result, is_hidden) = self.readers.read(what, read.clone()).await?;
            if !is_hidden || reads >= READS || is_enough(&result) {
                return Ok(result);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[async_trait]
impl<E: Engine> Store for SqlStore<E> {
    fn epoch(&self) -> Epoch {
        self.reads.epoch
    }

    fn reads(&self) -> u64 {
        self.reads.readers.reads()
    }

    fn writers(&self) -> usize {
        self.engine.writers()
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.engine.commit(commits, revocations_after).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.engine.probe().await
    }

    async fn snapshot(&self, application: ApplicationId) -> Result<Arc<dyn StoreReader>, Fault> {
        let (epoch, readers) = (self.reads.epoch, self.engine.snapshot()?);
        let shared = Arc::new(Reads { epoch, readers, unread: UnreadCounts::default() });
        // The transaction sees what is there at its first read.
        shared
            .readers
            .read("snapshot", move |db| applications::application(db, ApplicationKey::Id(application)))
            .await?;
        Ok(Arc::new(ApplicationReader { shared, application }))
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        Arc::new(ApplicationReader { shared: Arc::clone(&self.reads), application })
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.reads.readers.read("session", move |db| sessions::session(db, token)).await
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        self.reads.readers.read("api_token", move |db| tokens::find(db, token)).await
    }

    async fn hook(&self, token: TokenHash) -> Result<Option<FoundHook>, Fault> {
        self.reads.readers.read("hook", move |db| hooks::find(db, token)).await
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        self.reads.readers.read("application", move |db| applications::application(db, key)).await
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        self.reads.readers.read("applications", move |db| applications::after(db, after, limit)).await
    }

    async fn lists_origin(&self, origin: String) -> Result<bool, Fault> {
        self.reads.readers.read("lists_origin", move |db| applications::lists_origin(db, &origin)).await
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        self.reads.readers.read("heads", move |db| slices::heads(db, &logs)).await
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        let logs = self.reads.readers.read("slices", move |db| slices::slices(db, &after)).await?;
        // In a transaction that begins later.
        let read = move |db: Db<'_>| ended_sessions::after(db, revocations_after);
        let revocations = self.reads.readers.read("revocations", read).await?;
        Ok(Slices { logs, revocations })
    }

    async fn relay(&self) -> Result<Position, Fault> {
        self.reads.readers.read("relay", jobs::relay).await
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault> {
        let found = |tail: &Tail| tail.position > after;
        self.reads.read_complete("tail", move |db| jobs::tail(db, after, limit), found).await
    }

    async fn message_tail(&self, after: Position, limit: usize) -> Result<MessageTail, Fault> {
        let found = |tail: &MessageTail| tail.position > after;
        self.reads.read_complete("message_tail", move |db| messages::tail(db, after, limit), found).await
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.engine.search_index()
    }

    async fn active_webhooks(&self) -> Result<Vec<(ApplicationId, Webhook)>, Fault> {
        self.reads.readers.read("active_webhooks", webhooks::active).await
    }

    async fn webhook_tail(&self, after: Position, limit: usize) -> Result<WebhookTail, Fault> {
        let found = |tail: &WebhookTail| tail.position > after;
        self.reads.read_complete("webhook_tail", move |db| webhooks::tail(db, after, limit), found).await
    }

    async fn position_at(&self, at: Timestamp) -> Result<Position, Fault> {
        self.reads.readers.read("position_at", move |db| webhooks::position_at(db, at)).await
    }

    async fn has_due_jobs(&self, queue: JobQueue, now: Timestamp) -> Result<bool, Fault> {
        self.reads.readers.read("has_due_jobs", move |db| jobs::has_due(db, queue, now)).await
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        self.reads.readers.read("job_counts", jobs::counts).await
    }

    fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    fn time(&self) -> Option<Timestamp> {
        self.engine.time()
    }

    fn node(&self) -> Option<NodeId> {
        self.engine.node()
    }

    fn known_nodes(&self) -> Option<Arc<[NodeId]>> {
        self.engine.known_nodes()
    }

    async fn report(&self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        self.engine.report(report).await
    }

    async fn nodes(&self) -> Result<Vec<NodeRow>, Fault> {
        self.engine.nodes().await
    }

    fn shared_metrics(&self) -> Option<SharedStoreMetrics> {
        self.engine.shared_metrics()
    }

    async fn close(&self) -> Result<(), Fault> {
        let search = self.engine.close_search().await;
        // Readers first: while one has the file open, the write-ahead log of SQLite cannot be removed.
        let readers = self.reads.readers.close().await;
        let engine = self.engine.close().await;
        readers.and(engine).and(search)
    }
}
