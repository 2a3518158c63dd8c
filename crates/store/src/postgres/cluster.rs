//! The database as a node finds it: which cluster it is of, and whether it still is the same one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chat::{MasterSecret, NodeId, RandomSource};
use parking_lot::Mutex;
use wire::Epoch;

use super::clock::{DatabaseClock, Measurement};
use super::config::{Failover, PostgresConfig};
use super::connection::PostgresConnection;
use super::counters::Counters;
use super::migrate;
use super::nodes;
use super::open_error::OpenError;
use super::steps::Schema;
use crate::sql::{Db, SqlError, SqlResult, params};

/// The identity of the database that this node works with, and the way to it.
pub(super) struct Cluster {
    config: PostgresConfig,
    pub(super) counters: Counters,
    pub(super) clock: DatabaseClock,
    pub(super) epoch: Epoch,
    /// The number that transaction ids count from.
    pub(super) tx_base: i64,
    /// The number of the schema, as of the last look.
    schema: AtomicI64,
    /// The nodes that had a row at the last report.
    nodes: Mutex<Option<Arc<[NodeId]>>>,
}

/// The number of entries in a transaction that have positions of their own, as a power of two.
pub(crate) const POSITION_BITS: u32 = 20;

/// The lock under which the schema and the identity are changed.
pub(crate) const IDENTITY_LOCK: i64 = i64::MIN;

/// The server and the state of its data: what differs after a restored dump, a copy, or a failover.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    system: i64,
    database: i64,
    /// The table `meta`, of which a restored dump makes another one in the same database.
    table: i64,
    timeline: String,
}

/// The row of `meta`.
struct Meta {
    epoch: Epoch,
    tx_base: i64,
    schema: i64,
    secret_check: Vec<u8>,
    server: Option<Server>,
}

impl Cluster {
    /// Connects, creates or migrates the tables, finds out whether the database is the one that it was, and makes the row
    /// of this node. Returns the connection as well.
    ///
    /// # Errors
    /// If the server cannot be reached, the schema is of another version, or the master secret is not that of the cluster.
    pub(super) fn open(
        config: PostgresConfig,
        node: [u8; 8],
        secret: &MasterSecret,
        chance: &dyn RandomSource,
    ) -> Result<(Self, PostgresConnection), OpenError> {
        let failed = |error: SqlError| OpenError::of(&config, &error);
        let connection = PostgresConnection::connect(&config).map_err(failed)?;
        connection.begin("BEGIN");
        let db = Db::postgres(&connection);
        let lock = db.query_row("SELECT pg_advisory_xact_lock(?) IS NULL", [IDENTITY_LOCK], |_| Ok(()));
        lock.map_err(failed)?;
        check_durable(db)?;
        let check = secret.check();
        migrate::migrate(&connection, &config, &check, chance)?;
        let meta = read(db).map_err(failed)?;
        if meta.secret_check != check {
            return Err(OpenError::refused(
                "the master secret is not that of this database; every node needs the same: set HUBBUB_SECRET, or \
                 copy secret.key from the data folder of another node",
            ));
        }
        let server = server(db).map_err(failed)?;
        let meta = settle(db, meta, server, config.failover, chance).map_err(failed)?;
        // In the transaction with the look at the schema: a step that takes something away sees every node that needs it.
        if is_writable(db).map_err(failed)? {
            nodes::begin(db, &node, &config.node, &config.schema).map_err(failed)?;
        }
        connection.end("COMMIT").map_err(failed)?;
        nodes::prepare(&connection).map_err(failed)?;
        let clock = DatabaseClock::new(Measurement::take(db).map_err(failed)?);
        let counters = Counters::default();
        counters.connected();
        let schema = AtomicI64::new(meta.schema);
        let cluster = Self {
            config,
            counters,
            clock,
            epoch: meta.epoch,
            tx_base: meta.tx_base,
            schema,
            nodes: Mutex::default(),
        };
        Ok((cluster, connection))
    }

    /// Connects anew.
    ///
    /// # Errors
    /// If the server cannot be reached, or its data is not what this node began with: it was restored, or another server
    /// took over.
    pub(super) fn connect(&self) -> SqlResult<PostgresConnection> {
        let connection = PostgresConnection::connect(&self.config)?;
        self.counters.connected();
        self.check(Db::postgres(&connection))?;
        Ok(connection)
    }

    /// Makes a folder of files that of the database, if it has none yet.
    ///
    /// # Errors
    /// If it has another one, or the server cannot be reached.
    pub(super) fn claim_blobs(&self, identity: &str) -> Result<(), OpenError> {
        let failed = |error: SqlError| OpenError::of(&self.config, &error);
        // In a thread of its own: the caller may be one of a runtime, which must not wait.
        let claim = || {
            let connection = self.connect().map_err(failed)?;
            let db = Db::postgres(&connection);
            // A database that takes no writes now is served all the same.
            let found: Option<String> =
                db.query_row("SELECT blobs FROM meta", [], |row| row.get(0)).map_err(failed)?;
            if let Some(found) = found {
                return Ok(found);
            }
            let claim = "UPDATE meta SET blobs = coalesce(blobs, ?) RETURNING blobs";
            db.query_row(claim, [identity], |row| row.get(0)).map_err(failed)
        };
        let claimed = std::thread::scope(|scope| scope.spawn(claim).join());
        let claimed = claimed.unwrap_or_else(|_| Err(OpenError::refused("the connection has panicked")))?;
        if claimed == identity {
            return Ok(());
        }
        Err(OpenError::refused(format_args!(
            "the files of this database are in another folder; all nodes need the one whose file folder.id has {claimed}: \
             mount it here, and name it with --blobs"
        )))
    }

    /// Checks that the data is what this node began with, and corrects the clock. Notes a standby that took over without
    /// losing commits.
    ///
    /// # Errors
    /// [`SqlError::OtherDatabase`] and [`SqlError::OtherSchema`] if it is not, and the errors of statements.
    pub(super) fn check(&self, db: Db<'_>) -> SqlResult<()> {
        let meta = read(db)?;
        let server = server(db)?;
        self.clock.correct(Measurement::take(db)?);
        self.check_schema(db, meta.schema)?;
        if meta.epoch != self.epoch || meta.tx_base != self.tx_base {
            return Err(SqlError::OtherDatabase);
        }
        match meta.server {
            Some(known) if known == server => Ok(()),
            Some(known) if self.config.failover.keeps_epoch(&known, &server) => {
                set_timeline(db, &known.timeline, &server.timeline)
            }
            _ => Err(SqlError::OtherDatabase),
        }
    }

    /// Checks that this version works with the schema, which newer nodes may have changed.
    fn check_schema(&self, db: Db<'_>, number: i64) -> SqlResult<()> {
        self.schema.store(number, Ordering::Relaxed);
        let schema = &self.config.schema;
        if number <= schema.newest() {
            return Ok(());
        }
        let found = migrate::find(db)?;
        if schema.works_with(found.number, found.contracted) {
            Ok(())
        } else {
            Err(SqlError::OtherSchema(migrate::unknown(found, schema)))
        }
    }

    /// Returns the nodes that had a row at the last report; none before the first one.
    pub(super) fn known_nodes(&self) -> Option<Arc<[NodeId]>> {
        self.nodes.lock().clone()
    }

    /// Sets the nodes that have a row.
    pub(super) fn set_known_nodes(&self, nodes: Vec<NodeId>) {
        *self.nodes.lock() = Some(nodes.into());
    }

    /// Returns the schema as this node knows it.
    pub(super) const fn schema(&self) -> &Schema {
        &self.config.schema
    }

    /// Returns true if a step of the schema waits for older nodes to end.
    pub(super) fn has_waiting_step(&self) -> bool {
        self.schema.load(Ordering::Relaxed) < self.config.schema.newest()
    }

    /// Runs the steps that have waited, if the nodes are gone that would not work after them, and no other node is about
    /// to do the same.
    ///
    /// # Errors
    /// If the database cannot be reached, or a table is in use: the next call may succeed.
    pub(super) fn run_waiting_steps(&self) -> SqlResult<()> {
        let connection = self.connect()?;
        connection.begin("BEGIN");
        let db = Db::postgres(&connection);
        let lock = "SELECT pg_try_advisory_xact_lock(?)";
        if db.query_row(lock, [IDENTITY_LOCK], |row| row.get(0))? {
            migrate::advance(&connection, &self.config.schema)?;
            connection.end("COMMIT")?;
        }
        Ok(())
    }

    /// Returns the position before the first one of a transaction.
    pub(super) fn before_positions(&self, transaction: i64) -> i64 {
        (transaction.saturating_add(self.tx_base) << POSITION_BITS) - 1
    }
}

/// Refuses a server on which a commit may be lost after it was acknowledged.
fn check_durable(db: Db<'_>) -> Result<(), OpenError> {
    let commit: String = db
        .query_row("SELECT current_setting('synchronous_commit')", [], |row| row.get(0))
        .map_err(OpenError::refused)?;
    if commit == "off" {
        let sentence =
            "synchronous_commit is off on the database, which would lose acknowledged messages; set it to on";
        return Err(OpenError::refused(sentence));
    }
    Ok(())
}

/// Returns false if the database takes no writes.
fn is_writable(db: Db<'_>) -> SqlResult<bool> {
    db.query_row("SELECT current_setting('transaction_read_only') = 'off'", [], |row| row.get(0))
}

fn read(db: Db<'_>) -> SqlResult<Meta> {
    let select =
        "SELECT epoch, tx_base, secret_check, system_identifier, database_oid, table_oid, timeline, schema
                  FROM meta";
    db.query_row(select, [], |row| {
        let server = match (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?) {
            (Some(system), Some(database), Some(table), Some(timeline)) => {
                Some(Server { system, database, table, timeline })
            }
            _ => None,
        };
        Ok(Meta {
            epoch: Epoch(u64::from_be_bytes(row.get(0)?)),
            tx_base: row.get(1)?,
            secret_check: row.get(2)?,
            server,
            schema: row.get(7)?,
        })
    })
}

/// Reads the identity of the server and its data.
fn server(db: Db<'_>) -> SqlResult<Server> {
    let select = "SELECT (SELECT system_identifier FROM pg_control_system()),
                         (SELECT CAST(oid AS INTEGER) FROM pg_database WHERE datname = current_database()),
                         CAST(CAST('meta' AS regclass) AS INTEGER),
                         left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";
    db.query_row(select, [], |row| {
        Ok(Server { system: row.get(0)?, database: row.get(1)?, table: row.get(2)?, timeline: row.get(3)? })
    })
}

/// Notices a database that is a copy, was restored, or is served by a standby that took over: transaction ids may begin
/// anew, so later positions are put after all earlier ones, and the log of each topic may have lost its end, so it gets
/// a new [`Epoch`]; unless a standby took over that had all commits.
fn settle(
    db: Db<'_>,
    meta: Meta,
    server: Server,
    failover: Failover,
    chance: &dyn RandomSource,
) -> SqlResult<Meta> {
    let newest: i64 = db.query_row(
        "SELECT greatest((SELECT coalesce(max(position), 0) FROM entries),
                         (SELECT coalesce(max(trimmed_at), 0) FROM logs WHERE trimmed_at IS NOT NULL),
                         (SELECT coalesce(max(position), 0) FROM relay))",
        [],
        |row| row.get(0),
    )?;
    let used = newest >> POSITION_BITS;
    let own: i64 =
        db.query_row("SELECT CAST(CAST(pg_current_xact_id() AS text) AS INTEGER)", [], |row| row.get(0))?;
    let is_new = meta.server.is_none();
    if let Some(known) = &meta.server
        && own.saturating_add(meta.tx_base) > used
        && (*known == server || failover.keeps_epoch(known, &server))
    {
        set_timeline(db, &known.timeline, &server.timeline)?;
        return Ok(Meta { server: Some(server), ..meta });
    }
    let mut epoch = meta.epoch;
    if !is_new {
        let mut drawn = [0; 8];
        chance.fill(&mut drawn);
        epoch = Epoch(u64::from_be_bytes(drawn));
        tracing::warn!(
            "the database was restored, copied or taken over; it has a new epoch, and readers load anew"
        );
    }
    let tx_base = meta.tx_base.max(used.saturating_add(1).saturating_sub(own));
    db.execute(
        "UPDATE meta SET epoch = ?, tx_base = ?, system_identifier = ?, database_oid = ?, table_oid = ?, timeline = ?",
        params![
            epoch.0.to_be_bytes(),
            tx_base,
            server.system,
            server.database,
            server.table,
            server.timeline
        ],
    )?;
    Ok(Meta { epoch, tx_base, server: Some(server), ..meta })
}

impl Failover {
    /// Returns true if the only change is a standby that took over and had all commits.
    fn keeps_epoch(self, known: &Server, server: &Server) -> bool {
        self == Self::Lossless && Server { timeline: server.timeline.clone(), ..known.clone() } == *server
    }
}

/// Notes the timeline of a standby that took over.
fn set_timeline(db: Db<'_>, known: &str, timeline: &str) -> SqlResult<()> {
    if known != timeline {
        tracing::warn!(timeline, "a standby took over; by the setting failover it had all commits");
        db.execute("UPDATE meta SET timeline = ? WHERE timeline = ?", [timeline, known])?;
    }
    Ok(())
}
