//! The node's own row in the table `nodes`, written every second over a connection of its own, and the rows of the
//! others.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chat::store::{NodeReport, NodeRow, ReportAnswer, RevocationSlice};
use chat::{Fault, NodeId};
use tokio::sync::oneshot;
use wire::{Seq, Timestamp};

use super::cluster::Cluster;
use super::connection::PostgresConnection;
use super::steps::{LiveNode, Schema};
use crate::sql::{Db, SqlError, SqlResult, params};
use crate::tables::ended_sessions;
use crate::threads::{Threads, Worker};

/// The thread that keeps the row of this node.
pub(super) struct NodeThread {
    threads: Threads<Job>,
}

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

enum Job {
    Report(NodeReport, Answer<ReportAnswer>),
    List(Answer<Vec<NodeRow>>),
}

/// The most queued jobs.
const WAITING: usize = 8;
/// The milliseconds after which a node that has not reported counts as dead, and after which its row is deleted.
const DEAD: i64 = 10_000;
const GONE: i64 = 60_000;
/// The number of reports between two attempts at a step of the schema that waits.
const STEPS_EVERY: u64 = 10;
/// The time of the database, in milliseconds since 1970.
pub(super) const NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS INTEGER)";

impl NodeThread {
    /// Starts the thread of a node with this random id, over the connection by which its row was made.
    pub(super) fn start(
        cluster: &Arc<Cluster>,
        id: [u8; 8],
        name: String,
        connection: PostgresConnection,
    ) -> Result<Self, Fault> {
        let cluster = Arc::clone(cluster);
        let worker = NodeWorker { cluster, id, name, connection: Some(connection), reports: 0, steps: None };
        Ok(Self { threads: Threads::start("store-node", WAITING, [worker])? })
    }

    pub(super) async fn report(&self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        self.ask(|answer| Job::Report(report, answer)).await
    }

    pub(super) async fn list(&self) -> Result<Vec<NodeRow>, Fault> {
        self.ask(Job::List).await
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        self.threads.hand_over(job(answer)).await?;
        answered.await.unwrap_or_else(|_| Err(Fault::new("store.nodes", "the thread has ended")))
    }

    /// Deletes the row of this node, unless the database does not answer, and closes the connection.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        self.threads.close().await
    }

    /// As [`NodeThread::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        self.threads.end();
    }
}

/// The state of the thread.
struct NodeWorker {
    cluster: Arc<Cluster>,
    id: [u8; 8],
    name: String,
    /// None after a failure, until the next job.
    connection: Option<PostgresConnection>,
    reports: u64,
    /// The thread that runs steps of the schema which have waited, if one was started.
    steps: Option<JoinHandle<()>>,
}

impl Worker for NodeWorker {
    type Job = Job;

    fn work(&mut self, job: Job) {
        // An error is a caller that no longer waits.
        match job {
            Job::Report(report, answer) => {
                drop(answer.send(self.report(report)));
                self.run_waiting_steps();
            }
            Job::List(answer) => {
                let listed = self.with_connection(|connection| list(Db::postgres(connection)));
                let listed = listed.map_err(|error| Fault::new("store.nodes", error));
                drop(answer.send(listed));
            }
        }
    }

    fn end(self) -> Result<(), Fault> {
        // Without a connection there may be no row; if there is one, the others see it grow old.
        if let Some(connection) = self.connection.filter(PostgresConnection::is_open) {
            let delete = "DELETE FROM nodes WHERE id = ?";
            if let Err(error) = Db::postgres(&connection).execute(delete, [self.id]) {
                tracing::warn!(%error, "other nodes count this one as alive for a few seconds");
            }
        }
        Ok(())
    }
}

impl NodeWorker {
    fn report(&mut self, report: NodeReport) -> Result<ReportAnswer, Fault> {
        let (id, name, reports) = (self.id, self.name.clone(), self.reports);
        let cluster = Arc::clone(&self.cluster);
        let reported = self.with_connection(|connection| {
            let db = Db::postgres(connection);
            cluster.check(db)?;
            let kept = upsert(db, &id, &name, cluster.schema(), report)
                .and_then(|()| if reports.is_multiple_of(10) { remove_gone(db) } else { Ok(()) });
            match kept {
                // Revocations can be read all the same, so this node may go on serving readers.
                Err(error) if error.is_unwritable() => drop(Fault::new("store.nodes.row", error)),
                kept => {
                    kept?;
                    Fault::over("store.nodes.row");
                }
            }
            let seen = look(db)?;
            cluster.set_known_nodes(ids(db)?);
            // Last, and in one snapshot: what was revoked before the report is in the answer.
            connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            let revocations = ended_sessions::after(db, report.revocations_after)?;
            connection.end("COMMIT")?;
            Ok((seen, revocations))
        });
        self.answer(reported)
    }

    fn answer(&mut self, reported: SqlResult<(Seen, RevocationSlice)>) -> Result<ReportAnswer, Fault> {
        match reported {
            Ok((seen, revocations)) => {
                Fault::over("store.nodes");
                self.reports += 1;
                self.cluster.counters.reported(seen.horizon_age, seen.live_nodes);
                Ok(ReportAnswer::Current(revocations))
            }
            Err(error @ (SqlError::OtherDatabase | SqlError::OtherSchema(_))) => {
                // Once in the log, however often it is found.
                drop(Fault::new("store.nodes", error));
                Ok(ReportAnswer::Replaced)
            }
            Err(error) => Err(Fault::new("store.nodes", error)),
        }
    }

    /// Runs the steps of the schema that have waited for older nodes to end, every ten seconds and in a thread of its own:
    /// a step may have to wait for a table.
    fn run_waiting_steps(&mut self) {
        let is_busy = self.steps.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_busy || !self.reports.is_multiple_of(STEPS_EVERY) || !self.cluster.has_waiting_step() {
            return;
        }
        let cluster = Arc::clone(&self.cluster);
        let thread = std::thread::Builder::new().name("store-schema".into());
        // Without a thread now there may be one in ten seconds. If the process ends meanwhile, nothing is committed.
        self.steps = thread
            .spawn(move || match cluster.run_waiting_steps() {
                Ok(()) => Fault::over("store.schema"),
                Err(error) => drop(Fault::new("store.schema", error)),
            })
            .ok();
    }

    /// Executes statements, each a transaction of its own unless one is begun. After an error the next call connects anew.
    fn with_connection<T>(
        &mut self,
        statements: impl FnOnce(&PostgresConnection) -> SqlResult<T>,
    ) -> SqlResult<T> {
        let connection = match self.connection.take().filter(PostgresConnection::is_open) {
            Some(connection) => connection,
            None => {
                let connection = self.cluster.connect()?;
                prepare(&connection)?;
                connection
            }
        };
        let result = statements(&connection)?;
        self.connection = Some(connection);
        Ok(result)
    }
}

/// Makes the settings of the connection.
pub(super) fn prepare(connection: &PostgresConnection) -> SqlResult<()> {
    // The row is about now, and need not outlive a crash of the database.
    connection.batch("SET synchronous_commit = off")
}

/// Makes the row of a node that starts.
pub(super) fn begin(db: Db<'_>, id: &[u8; 8], name: &str, schema: &Schema) -> SqlResult<()> {
    let report = NodeReport { sockets: 0, is_stopping: false, revocations_after: Seq::ZERO };
    upsert(db, id, name, schema, report)
}

fn upsert(db: Db<'_>, id: &[u8; 8], name: &str, schema: &Schema, report: NodeReport) -> SqlResult<()> {
    let NodeReport { sockets, is_stopping, .. } = report;
    let version = env!("CARGO_PKG_VERSION");
    let upsert = format!(
        "INSERT INTO nodes (id, name, version, schema_min, schema_max, started, seen, sockets, draining)
         VALUES (?, ?, ?, ?4, ?5, {NOW}, {NOW}, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, sockets = excluded.sockets,
                                        draining = excluded.draining"
    );
    let (least, most) = (schema.least(), schema.most());
    db.execute(&upsert, params![id, name, version, least, most, sockets, is_stopping])?;
    Ok(())
}

/// Removes the rows of nodes that are gone.
fn remove_gone(db: Db<'_>) -> SqlResult<()> {
    db.execute(&format!("DELETE FROM nodes WHERE seen < {NOW} - ?"), [GONE])?;
    // The rows of writers whose node is gone; one that is alive after all makes its row anew.
    let unused = format!(
        "DELETE FROM writers WHERE since < {NOW} - ?
             AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = substr(writers.id, 2))"
    );
    db.execute(&unused, [GONE])?;
    Ok(())
}

/// The findings of a report.
struct Seen {
    /// The age of the oldest transaction under way that may hold the horizon back.
    horizon_age: Duration,
    live_nodes: u64,
}

fn look(db: Db<'_>) -> SqlResult<Seen> {
    // As the horizon itself, it looks at the transactions of this database.
    let select = format!(
        "SELECT (SELECT CAST(coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) * 1000 AS INTEGER)
                 FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL),
                (SELECT count(*) FROM nodes WHERE seen >= {NOW} - ?)"
    );
    db.query_row(&select, [DEAD], |row| {
        Ok(Seen { horizon_age: Duration::from_millis(row.get(0)?), live_nodes: row.get(1)? })
    })
}

/// Reads which nodes count as alive, and the schemas that they work with.
pub(super) fn live(db: Db<'_>) -> SqlResult<Vec<LiveNode>> {
    let select =
        format!("SELECT name, version, schema_max FROM nodes WHERE seen >= {NOW} - ? ORDER BY schema_max");
    let mut select = db.prepare_cached(&select)?;
    let mut rows = select.query([DEAD])?;
    let mut nodes = Vec::new();
    while let Some(row) = rows.next()? {
        nodes.push(LiveNode { name: row.get(0)?, version: row.get(1)?, most: row.get(2)? });
    }
    Ok(nodes)
}

/// Reads the ids of all nodes that have a row.
fn ids(db: Db<'_>) -> SqlResult<Vec<NodeId>> {
    let mut select = db.prepare_cached("SELECT id FROM nodes")?;
    let mut rows = select.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(NodeId(u64::from_be_bytes(row.get(0)?)));
    }
    Ok(ids)
}

/// Reads all rows.
pub(super) fn list(db: Db<'_>) -> SqlResult<Vec<NodeRow>> {
    let select = format!(
        "SELECT id, name, version, started, seen, sockets, draining, seen >= {NOW} - ?
         FROM nodes ORDER BY name, started, id"
    );
    let mut select = db.prepare_cached(&select)?;
    let mut rows = select.query([DEAD])?;
    let mut nodes = Vec::new();
    while let Some(row) = rows.next()? {
        nodes.push(NodeRow {
            id: row.get(0)?,
            name: row.get(1)?,
            version: row.get(2)?,
            started: Timestamp(row.get(3)?),
            seen: Timestamp(row.get(4)?),
            sockets: row.get(5)?,
            is_stopping: row.get(6)?,
            is_alive: row.get(7)?,
        });
    }
    Ok(nodes)
}
