//! The PostgreSQL store: one database that several servers share.
//!
//! Every connection belongs to a thread, as with SQLite, so that the statements in `tables/` run on either database. What
//! is particular to PostgreSQL: locks on logs instead of one writer, positions from transaction ids instead of a counter,
//! and commits whose outcome is asked for anew when a connection was lost.

mod clock;
mod cluster;
mod config;
mod connection;
mod counters;
mod examine;
mod migrate;
mod node_folder;
mod nodes;
mod open_error;
mod reader;
mod run;
pub(crate) mod slices;
mod steps;
mod tls;
mod write_locks;
mod writer;

use std::sync::Arc;

use chat::search_index::SearchIndex;
use chat::store::{Commit, Committed, NodeReport, NodeRow, ReportAnswer, SharedStoreMetrics};
use chat::{BlobKey, Fault, MasterSecret, NodeId, RandomSource};
use wire::{Seq, Timestamp};

use self::cluster::Cluster;
pub(crate) use self::cluster::{IDENTITY_LOCK, POSITION_BITS};
pub use self::config::{Failover, PostgresConfig};
pub(crate) use self::connection::PostgresConnection;
pub use self::examine::{Examination, LongTransaction};
pub(crate) use self::migrate::migrate;
pub use self::node_folder::NodeFolder;
use self::nodes::NodeThread;
pub use self::open_error::OpenError;
pub(crate) use self::run::Run;
pub use self::steps::{Schema, Step, StepKind};
use self::writer::Writers;
use crate::readers::ReaderPool;
use crate::sqlite::SqliteIndex;
use crate::store::{Engine, Reads, SqlStore};
use crate::tables::UnreadCounts;

/// The store in a PostgreSQL database. Several nodes may have it open.
pub type PostgresStore = SqlStore<Postgres>;

/// The connections of a [`PostgresStore`] that write, and the search index of this node.
pub struct Postgres {
    cluster: Arc<Cluster>,
    /// The id of the row of this node.
    id: NodeId,
    node: NodeThread,
    writers: Writers,
    /// Derived data, which each node makes for itself.
    search: Arc<SqliteIndex>,
}

impl PostgresStore {
    /// Opens the database; creates the tables in an empty one. All nodes need the same master secret.
    ///
    /// # Errors
    /// If the server cannot be reached, its settings could lose acknowledged messages, the database is another program's
    /// or of another version, or the secret is not that of the other nodes.
    pub fn open(
        config: PostgresConfig,
        secret: &MasterSecret,
        chance: &dyn RandomSource,
    ) -> Result<Self, OpenError> {
        let (readers, writers, name) = (config.readers, config.writers, config.node.clone());
        let index = config.folder.join("search.db");
        // In a thread of its own: the caller may be one of a runtime, which must not wait.
        let mut id = [0; 8];
        chance.fill(&mut id);
        let opened =
            std::thread::scope(|scope| scope.spawn(|| Cluster::open(config, id, secret, chance)).join());
        let opened = opened.unwrap_or_else(|_| Err(OpenError::refused("the connection has panicked")));
        let (cluster, connection) = opened?;
        let cluster = Arc::new(cluster);
        let node = NodeThread::start(&cluster, id, name, connection)?;
        let reads = Arc::new(Reads {
            epoch: cluster.epoch,
            readers: reader::start(&cluster, readers)?,
            unread: UnreadCounts::default(),
        });
        let search = Arc::new(SqliteIndex::new(index, reads.epoch));
        let engine = Postgres {
            node,
            writers: Writers::start(&cluster, id, writers)?,
            search,
            cluster,
            id: NodeId(u64::from_be_bytes(id)),
        };
        Ok(Self { reads, engine })
    }

    /// Makes a folder of files that of the database, if it has none yet. Blocks.
    ///
    /// # Errors
    /// If the files of the database are in another folder: this node would not find them.
    pub fn claim_blobs(&self, identity: &str) -> Result<(), OpenError> {
        self.engine.cluster.claim_blobs(identity)
    }

    /// Returns the names of the blobs of a database. Blocks.
    ///
    /// # Errors
    /// If it cannot be reached, or has no tables yet.
    pub fn blob_names(config: &PostgresConfig) -> Result<Vec<BlobKey>, OpenError> {
        examine::blob_names(config)
    }

    /// Examines a database for `hubbub doctor`, without changing anything in it. Waits for the answers of the server.
    ///
    /// # Errors
    /// If it cannot be reached, or does not let this node in.
    pub fn examine(config: &PostgresConfig, secret: Option<&MasterSecret>) -> Result<Examination, OpenError> {
        examine::examine(config, secret)
    }
}

impl Engine for Postgres {
    fn writers(&self) -> usize {
        self.writers.number()
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.writers.commit(commits, revocations_after).await
    }

    fn snapshot(&self) -> Result<ReaderPool, Fault> {
        reader::snapshot(&self.cluster)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.writers.commit(Vec::new(), Seq(u64::MAX)).await.map(|_| ())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.cluster.clock.now())
    }

    fn node(&self) -> Option<NodeId> {
        Some(self.id)
    }

    fn known_nodes(&self) -> Option<Arc<[NodeId]>> {
        self.cluster.known_nodes()
    }

    async fn report(&self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        self.node.report(report).await
    }

    async fn nodes(&self) -> Result<Vec<NodeRow>, Fault> {
        self.node.list().await
    }

    fn shared_metrics(&self) -> Option<SharedStoreMetrics> {
        Some(self.cluster.counters.metrics())
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.search) as Arc<dyn SearchIndex>
    }

    async fn close_search(&self) -> Result<(), Fault> {
        self.search.close().await
    }

    async fn close(&self) -> Result<(), Fault> {
        let writers = self.writers.close().await;
        self.node.close().await.and(writers)
    }

    fn end_search(&self) {
        self.search.end();
    }

    fn end(&self) {
        self.writers.end();
        self.node.end();
    }
}
