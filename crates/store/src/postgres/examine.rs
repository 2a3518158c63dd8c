//! The examination of a database for the operator: what the server says about itself, without changing anything.

use std::time::Duration;

use chat::store::NodeRow;
use chat::{BlobId, BlobKey, MasterSecret};
use tokio::time::Instant;
use wire::{ApplicationId, Timestamp};

use super::config::PostgresConfig;
use super::connection::PostgresConnection;
use super::migrate;
use super::nodes;
use super::open_error::OpenError;
use super::steps::Schema;
use crate::sql::{Db, SqlError, SqlResult};

/// The state of a database and of its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The version of the server, such as 150004.
    pub version: u32,
    /// The setting `synchronous_commit` of this node's connections.
    pub synchronous_commit: String,
    /// The names of synchronous standbys; empty without any.
    pub synchronous_standbys: String,
    /// True if the server only follows another one.
    pub is_standby: bool,
    /// The time of the server, in the middle of a round trip.
    pub now: Timestamp,
    /// The shortest of several round trips.
    pub round_trip: Duration,
    /// The most connections of ordinary users, of all programs.
    pub most_connections: u64,
    /// The connections that are open now.
    pub open_connections: u64,
    /// Transactions that have been under way for more than ten seconds and hold back the horizon, as far as this user may
    /// see them.
    pub long_transactions: Vec<LongTransaction>,
    /// The schema, and the one that this version works with; none if there are no tables yet.
    pub schema: Option<(i64, i64)>,
    /// True if this version works with the schema, perhaps after it has changed it.
    pub works_with_schema: bool,
    /// True if the tables belong to the given master secret; none without tables or without a secret.
    pub has_secret: Option<bool>,
    /// The nodes that use the database.
    pub nodes: Vec<NodeRow>,
}

/// A transaction that has been under way for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongTransaction {
    /// The server's process; 0 for a prepared transaction, which has none.
    pub process: i32,
    /// The user, and the program or the name of the prepared transaction.
    pub owner: String,
    /// Seconds since it began.
    pub seconds: i64,
}

/// The round trips that are measured.
const ROUND_TRIPS: usize = 5;

/// Connects and examines.
pub(super) fn examine(
    config: &PostgresConfig,
    secret: Option<&MasterSecret>,
) -> Result<Examination, OpenError> {
    // In a thread of its own: the caller may be one of a runtime, which must not wait.
    let examined = std::thread::scope(|scope| {
        let examine = || {
            let connection = PostgresConnection::connect(config)?;
            look(Db::postgres(&connection), secret, &config.schema)
        };
        scope.spawn(examine).join()
    });
    let examined = examined.map_err(|_| OpenError::refused("the connection has panicked"))?;
    examined.map_err(|error: SqlError| OpenError::of(config, &error))
}

/// Reads the names of all blobs.
pub(super) fn blob_names(config: &PostgresConfig) -> Result<Vec<BlobKey>, OpenError> {
    let read = || -> SqlResult<Vec<BlobKey>> {
        let connection = PostgresConnection::connect(config)?;
        let db = Db::postgres(&connection);
        let mut select = db.prepare_cached(
            "SELECT application, blob FROM files WHERE state <> 'removing'
             UNION ALL
             SELECT application, thumbnail FROM files WHERE thumbnail IS NOT NULL AND state <> 'removing'",
        )?;
        let mut rows = select.query([])?;
        let mut names = Vec::new();
        while let Some(row) = rows.next()? {
            let (application, name) = (ApplicationId(row.get(0)?), row.get::<String>(1)?);
            names.extend(BlobId::parse(&name).map(|id| BlobKey { application, id }));
        }
        Ok(names)
    };
    let names = std::thread::scope(|scope| scope.spawn(read).join());
    let names = names.map_err(|_| OpenError::refused("the connection has panicked"))?;
    names.map_err(|error: SqlError| OpenError::of(config, &error))
}

fn look(db: Db<'_>, secret: Option<&MasterSecret>, ours: &Schema) -> SqlResult<Examination> {
    let (now, round_trip) = clock(db)?;
    let settings = "SELECT CAST(current_setting('server_version_num') AS INTEGER),
                           current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
                           pg_is_in_recovery(),
                           CAST(current_setting('max_connections') AS INTEGER)
                               - CAST(current_setting('superuser_reserved_connections') AS INTEGER)
                               - CAST(coalesce(current_setting('reserved_connections', true), '0') AS INTEGER),
                           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";
    let has_tables = "SELECT to_regclass('meta') IS NOT NULL AND to_regclass('schema_steps') IS NOT NULL";
    let mut found = db.query_row(settings, [], |row| {
        Ok(Examination {
            version: row.get(0)?,
            synchronous_commit: row.get(1)?,
            synchronous_standbys: row.get(2)?,
            is_standby: row.get(3)?,
            now,
            round_trip,
            most_connections: row.get(4)?,
            open_connections: row.get(5)?,
            long_transactions: Vec::new(),
            schema: None,
            works_with_schema: true,
            has_secret: None,
            nodes: Vec::new(),
        })
    })?;
    found.long_transactions = long_transactions(db)?;
    if db.query_row(has_tables, [], |row| row.get(0))? {
        let read = |row: crate::sql::Row<'_>| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?));
        let (schema, check) = db.query_row("SELECT schema, secret_check FROM meta", [], read)?;
        let present = migrate::find(db)?;
        found.schema = Some((schema, ours.newest()));
        found.works_with_schema = ours.works_with(present.number, present.contracted);
        found.has_secret = secret.map(|secret| secret.check()[..] == check);
        if found.works_with_schema {
            found.nodes = nodes::list(db)?;
        }
    }
    Ok(found)
}

/// Returns the time of the server, and the shortest round trip. The time was read in the middle of it.
fn clock(db: Db<'_>) -> SqlResult<(Timestamp, Duration)> {
    let select = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS INTEGER)";
    let mut best: Option<(Timestamp, Duration)> = None;
    for _ in 0..=ROUND_TRIPS {
        let begun = Instant::now();
        let now = Timestamp(db.query_row(select, [], |row| row.get(0))?);
        let took = begun.elapsed();
        if best.is_none_or(|(_, shortest)| took < shortest) {
            best = Some((now, took));
        }
    }
    best.ok_or(SqlError::NoRows)
}

fn long_transactions(db: Db<'_>) -> SqlResult<Vec<LongTransaction>> {
    let select = "SELECT pid, concat_ws(' ', usename, application_name),
                         CAST(extract(epoch FROM clock_timestamp() - xact_start) AS INTEGER)
                  FROM pg_stat_activity
                  WHERE datname = current_database() AND backend_xid IS NOT NULL
                      AND xact_start < clock_timestamp() - interval '10 seconds'
                  UNION ALL
                  SELECT 0, concat_ws(' ', owner, gid),
                         CAST(extract(epoch FROM clock_timestamp() - prepared) AS INTEGER)
                  FROM pg_prepared_xacts
                  WHERE database = current_database() AND prepared < clock_timestamp() - interval '10 seconds'
                  ORDER BY 3 DESC LIMIT 5";
    let mut select = db.prepare_cached(select)?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(LongTransaction { process: row.get(0)?, owner: row.get(1)?, seconds: row.get(2)? });
    }
    Ok(found)
}
