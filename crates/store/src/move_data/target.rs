//! An empty database as the target of `hubbub move`: everything is written in one transaction, so that nothing is left
//! of a move that fails.

use std::pin::pin;

use bytes::Bytes;
use chat::{Fault, MasterSecret, RandomSource};
use futures::{SinkExt as _, TryStreamExt as _};
use tokio_postgres::CopyInSink;
use wire::Epoch;

use super::plan::{Column, Described, Kind, Table, quoted};
use crate::postgres::{IDENTITY_LOCK, OpenError, POSITION_BITS, PostgresConfig, PostgresConnection, migrate};
use crate::sql::{Db, SqlError, SqlResult, params};

/// A database in a transaction that is not committed yet; dropping it undoes everything.
pub(super) struct Target {
    config: PostgresConfig,
    connection: PostgresConnection,
    /// The identity of the new cluster.
    cluster: Vec<u8>,
}

/// The settings of the transaction. It is one long one, and no node has the database yet.
const SETTINGS: &str = "
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL statement_timeout = 0;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_hashjoin = on;
    SET LOCAL plan_cache_mode = auto";

/// The beginning of the binary format: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The end of the binary format.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// The size from which rows are sent.
const PART: usize = 64 * 1024;

impl Target {
    /// Connects, and makes empty tables.
    ///
    /// # Errors
    /// If the server cannot be reached, or the database has tables already.
    pub(super) fn open(
        config: PostgresConfig,
        secret: &MasterSecret,
        chance: &dyn RandomSource,
    ) -> Result<Self, Fault> {
        let place = config.shown();
        let fault = |error: SqlError| Fault::unlogged(OpenError::of(&config, &error).to_string());
        let connection = PostgresConnection::connect(&config).map_err(fault)?;
        long(&connection, "BEGIN").and_then(|()| long(&connection, SETTINGS)).map_err(fault)?;
        let db = Db::postgres(&connection);
        lock_identity(&connection).map_err(fault)?;
        let count = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
        if db.query_row(count, [], |row| row.get::<i64>(0)).map_err(fault)? > 0 {
            return Err(Fault::unlogged(format!(
                "{place} has tables already, and data is moved into an empty database only: create another one"
            )));
        }
        let made = migrate(&connection, &config, &secret.check(), chance);
        made.map_err(|error| Fault::unlogged(error.to_string()))?;
        let cluster = db.query_row("SELECT cluster FROM meta", [], |row| row.get(0)).map_err(fault)?;
        Ok(Self { config, connection, cluster })
    }

    /// Describes the columns of all tables.
    pub(super) fn columns(&self) -> SqlResult<Vec<Described>> {
        let select = "
            SELECT class.relname::text, attribute.attname::text, format_type(attribute.atttypid, NULL),
                   NOT attribute.attnotnull, attribute.attidentity <> '',
                   array_position(pg_index.indkey::int2[], attribute.attnum)::bigint
            FROM pg_class AS class JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
                LEFT JOIN pg_index ON pg_index.indrelid = class.oid AND pg_index.indisprimary
            WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind = 'r'
                AND attribute.attnum > 0 AND NOT attribute.attisdropped
            ORDER BY class.relname, attribute.attnum";
        let rows = self.connection.run(async |client| client.query(select, &[]).await)?;
        let read = |row: &tokio_postgres::Row| -> SqlResult<Described> {
            let kind = match row.try_get(2)? {
                "bigint" => Kind::Integer,
                "boolean" => Kind::Boolean,
                "text" => Kind::Text,
                "bytea" => Kind::Bytes,
                other => {
                    return Err(SqlError::value(2, format!("no column of the type {other} can be moved")));
                }
            };
            let column =
                Column { name: row.try_get(1)?, kind, nullable: row.try_get(3)?, identity: row.try_get(4)? };
            Ok(Described { table: row.try_get(0)?, column, in_key: row.try_get(5)? })
        };
        rows.iter().map(read).collect()
    }

    /// Removes the rows of new tables, of which there are few: those that belong to others first.
    pub(super) fn empty(&self, tables: &[Table]) -> SqlResult<()> {
        let deletes: Vec<String> =
            tables.iter().rev().map(|table| format!("DELETE FROM {}", quoted(&table.name))).collect();
        long(&self.connection, &deletes.join(";"))
    }

    /// Writes the rows of a table, which `rows` puts into a buffer until it returns false; returns their number.
    ///
    /// # Errors
    /// Those of the database, and the first of `rows`.
    pub(super) fn copy(
        &self,
        table: &Table,
        mut rows: impl FnMut(&mut Vec<u8>) -> Result<bool, Fault>,
    ) -> Result<u64, Fault> {
        let copy =
            format!("COPY {} ({}) FROM STDIN (FORMAT binary)", quoted(&table.name), table.column_list());
        let unwritten = |error: tokio_postgres::Error| {
            Fault::unlogged(format!("{} cannot be written: {}", table.name, SqlError::from(error)))
        };
        self.connection.run(async |client| {
            let sink: CopyInSink<Bytes> = client.copy_in(&copy).await.map_err(unwritten)?;
            let mut sink = pin!(sink);
            let mut part = HEADER.to_vec();
            let mut tuple = Vec::new();
            while rows(&mut tuple)? {
                part.extend(&tuple);
                if part.len() >= PART {
                    sink.send(std::mem::take(&mut part).into()).await.map_err(unwritten)?;
                }
            }
            part.extend(TRAILER);
            sink.send(part.into()).await.map_err(unwritten)?;
            sink.finish().await.map_err(unwritten)
        })
    }

    /// Reads all rows of a table in the order of its key and compares each with the next one that `rows` puts into a
    /// buffer; returns false if there are others, more or fewer. The row in question is then the last that was read.
    ///
    /// # Errors
    /// Those of the database, and the first of `rows`.
    pub(super) fn has_equal(
        &self,
        table: &Table,
        mut rows: impl FnMut(&mut Vec<u8>) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let copy = format!("COPY ({}) TO STDOUT (FORMAT binary)", table.select());
        let unread = |error: tokio_postgres::Error| {
            Fault::unlogged(format!("{} cannot be read again: {}", table.name, SqlError::from(error)))
        };
        self.connection.run(async |client| {
            let stream = client.copy_out(&copy).await.map_err(unread)?;
            let mut stream = pin!(stream);
            // The bytes that were received and not compared yet.
            let mut received = Vec::new();
            let mut expected = HEADER.to_vec();
            loop {
                while received.len() < expected.len() {
                    match stream.try_next().await.map_err(unread)? {
                        Some(bytes) => received.extend(bytes),
                        None => return Ok(false),
                    }
                }
                if received[..expected.len()] != expected[..] {
                    return Ok(false);
                }
                received.drain(..expected.len());
                if expected == TRAILER {
                    return Ok(received.is_empty() && stream.try_next().await.map_err(unread)?.is_none());
                }
                if !rows(&mut expected)? {
                    expected = TRAILER.to_vec();
                }
            }
        })
    }

    /// Lets each counter of a table go on after its greatest number, or after `last` if that is greater.
    pub(super) fn count_on(&self, table: &Table, last: i64) -> SqlResult<()> {
        for column in table.columns.iter().filter(|column| column.identity) {
            let (name, column) = (quoted(&table.name), quoted(&column.name));
            let select = format!("SELECT coalesce(max({column}), 0) FROM {name}");
            let row = self.connection.run(async |client| client.query_one(&select, &[]).await)?;
            let last = last.max(row.try_get(0)?);
            // Identities count from 1.
            if last > 0 {
                let set = "SELECT setval(pg_get_serial_sequence($1, $2), $3)";
                let unquoted = column.trim_matches('"');
                self.connection
                    .run(async |client| client.query_one(set, &[&name, &unquoted, &last]).await)?;
            }
        }
        Ok(())
    }

    /// Lets the planner know the new rows, before it has looked at them by itself.
    pub(super) fn analyze(&self, tables: &[Table]) -> SqlResult<()> {
        let names: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
        long(&self.connection, &format!("ANALYZE {}", names.join(", ")))
    }

    /// Sets the epoch, and puts all positions to come after the last one so far.
    pub(super) fn continue_from(&self, epoch: Epoch, last_position: i64) -> SqlResult<()> {
        let db = Db::postgres(&self.connection);
        let own: i64 =
            db.query_row("SELECT CAST(CAST(pg_current_xact_id() AS text) AS INTEGER)", [], |row| row.get(0))?;
        let tx_base = (last_position >> POSITION_BITS).saturating_add(1).saturating_sub(own).max(0);
        db.execute("UPDATE meta SET epoch = ?, tx_base = ?", params![epoch.0.to_be_bytes(), tx_base])?;
        Ok(())
    }

    /// Commits everything. If the answer is lost, looks if it is there.
    ///
    /// # Errors
    /// If nothing was committed, or nobody knows.
    pub(super) fn commit(self) -> Result<(), Uncommitted> {
        let Err(error) = long(&self.connection, "COMMIT") else { return Ok(()) };
        drop(self.connection);
        match is_there(&self.config, &self.cluster) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Uncommitted::Undone(error)),
            Err(_) => Err(Uncommitted::Unknown(error)),
        }
    }
}

/// Executes statements that may take as long as they need.
fn long(connection: &PostgresConnection, sql: &str) -> SqlResult<()> {
    Ok(connection.run(async |client| client.batch_execute(sql).await)?)
}

/// Waits for the lock under which the identity of a database is changed.
fn lock_identity(connection: &PostgresConnection) -> SqlResult<()> {
    let lock = "SELECT pg_advisory_xact_lock($1) IS NULL";
    connection.run(async |client| client.query_one(lock, &[&IDENTITY_LOCK]).await)?;
    Ok(())
}

/// The end of a move that was not confirmed.
pub(super) enum Uncommitted {
    /// Nothing was committed.
    Undone(SqlError),
    /// The server was not reached again.
    Unknown(SqlError),
}

/// Returns true if a database is that of a cluster, once no transaction changes which one it is.
fn is_there(config: &PostgresConfig, cluster: &[u8]) -> SqlResult<bool> {
    let connection = PostgresConnection::connect(config)?;
    long(&connection, "BEGIN")?;
    let db = Db::postgres(&connection);
    lock_identity(&connection)?;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'";
    if db.query_row(tables, [], |row| row.get::<i64>(0))? == 0 {
        return Ok(false);
    }
    db.query_row("SELECT cluster FROM meta", [], |row| Ok(row.get::<Vec<u8>>(0)? == cluster))
}
