//! A connection to PostgreSQL, as a thread of the store uses it: each call waits for its answer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row, SimpleQueryMessage, Statement};
use wire::{LogKey, Seq};

use super::cluster::POSITION_BITS;
use super::config::PostgresConfig;
use super::tls::Tls;
use crate::sql::{SqlError, SqlResult, Value, to_postgres};

/// A connection with its prepared statements. It belongs to one thread, whose calls drive it.
pub(crate) struct PostgresConnection {
    runtime: Runtime,
    client: Client,
    /// The prepared statements, by their text.
    statements: RefCell<HashMap<String, Statement>>,
    /// A statement that begins a transaction and is sent with the next one, so that it costs no round trip.
    begin: Cell<Option<&'static str>>,
    /// True once a statement was not answered in time: its answer may come later, so nothing more is sent.
    is_lost: Cell<bool>,
}

/// The time after which a connection without an answer counts as lost. The server gives a statement up before.
const UNANSWERED: Duration = Duration::from_secs(6);
/// The same for statements that change the schema, and for connecting.
const LONG: Duration = Duration::from_secs(60);
const CONNECTING: Duration = Duration::from_secs(10);

const LOCK: &str = "
    SELECT CAST(CAST(pg_current_xact_id() AS text) AS INTEGER), held.locks
    FROM (SELECT count(pg_advisory_xact_lock(one)) AS locks FROM unnest(CAST(? AS bigint[])) AS one) AS held";
const COUNT: &str = "
    INSERT INTO writers (id, committed, since)
    VALUES (?, ?, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS INTEGER))
    ON CONFLICT (id) DO UPDATE SET committed = excluded.committed";

/// The settings of a session. Plans do not depend on values, as on SQLite, and tables that are small today are read as
/// they will be when they are large.
const SETTINGS: &str = "
    SET application_name = 'hubbub';
    SET default_transaction_isolation = 'read committed';
    SET idle_in_transaction_session_timeout = '2s';
    SET lock_timeout = '3s';
    SET statement_timeout = '5s';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off";

impl PostgresConnection {
    /// Connects to the first host that is no standby, and makes the settings of the session.
    pub(crate) fn connect(config: &PostgresConfig) -> SqlResult<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(SqlError::Thread)?;
        let client = runtime.block_on(async { timeout(CONNECTING, primary(config)).await });
        let client = client.map_err(|_| SqlError::Unanswered)??;
        Ok(Self {
            runtime,
            client,
            statements: RefCell::default(),
            begin: Cell::new(None),
            is_lost: Cell::new(false),
        })
    }

    /// Begins a transaction with the next statement.
    pub(super) fn begin(&self, begin: &'static str) {
        self.begin.set(Some(begin));
    }

    /// Ends a transaction with `COMMIT` or `ROLLBACK`, if a statement was executed in it.
    pub(super) fn end(&self, end: &str) -> SqlResult<()> {
        if self.begin.take().is_some() {
            return Ok(());
        }
        self.wait(UNANSWERED, self.client.batch_execute(end))
    }

    /// Commits the transaction, and reads the head of a log in a snapshot after it, in one round trip. The head is 0 if
    /// there is no such log, and none if only the commit was answered.
    pub(super) fn commit_and_read_head(&self, log: &LogKey) -> SqlResult<Option<Seq>> {
        let find = self.prepare_cached("SELECT head FROM logs WHERE application = ? AND topic = ?")?;
        let (application, topic) = (i64::from(log.application.0), log.topic.as_str());
        let key: [&(dyn ToSql + Sync); 2] = [&application, &topic];
        let commit = self.client.batch_execute("COMMIT");
        let read = self.client.query_opt(&find, &key);
        let both = async {
            let (committed, found) = futures::future::join(commit, read).await;
            committed.map(|()| found)
        };
        let Ok(found) = self.wait(UNANSWERED, both)? else { return Ok(None) };
        let head: i64 = found.map_or(Ok(0), |row| row.try_get(0))?;
        Ok(Some(Seq(head.unsigned_abs())))
    }

    /// Executes statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> SqlResult<()> {
        self.wait(LONG, self.client.batch_execute(sql))
    }

    /// Lets the connection notice that the server has closed it; returns false if it has.
    pub(super) fn is_open(&self) -> bool {
        self.runtime.block_on(tokio::task::yield_now());
        !self.is_lost.get() && !self.client.is_closed()
    }

    /// Returns the prepared statement with this text, written for SQLite.
    pub(crate) fn prepare_cached(&self, sql: &str) -> SqlResult<Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(UNANSWERED, self.client.prepare(&to_postgres(sql)))?;
        self.statements.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Prepares several statements.
    pub(super) fn prepare_all<const N: usize>(&self, texts: [&str; N]) -> SqlResult<[Statement; N]> {
        let prepared = texts.iter().map(|sql| self.prepare_cached(sql)).collect::<SqlResult<Vec<_>>>()?;
        prepared.try_into().map_err(|_| SqlError::ChangedRows(N))
    }

    /// Returns the client, for statements that are sent together; see [`PostgresConnection::within_transaction`].
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Executes a statement and returns all its rows.
    pub(crate) fn query<'v>(
        &self,
        statement: &Statement,
        values: impl ExactSizeIterator<Item = Value<'v>>,
    ) -> SqlResult<Vec<Row>> {
        let rows = async { self.client.query_raw(statement, values).await?.try_collect().await };
        self.within_transaction(rows)
    }

    /// Executes a statement; returns the number of rows that it has changed.
    pub(crate) fn execute<'v>(
        &self,
        statement: &Statement,
        values: impl ExactSizeIterator<Item = Value<'v>>,
    ) -> SqlResult<usize> {
        let changed = self.within_transaction(self.client.execute_raw(statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Waits for work with the client itself.
    pub(crate) fn run<T>(&self, work: impl AsyncFnOnce(&Client) -> T) -> T {
        self.runtime.block_on(work(&self.client))
    }

    /// Returns the position of the oldest transaction under way in this database; every earlier position is that of an
    /// entry which a transaction sees that begins now, or of none. Called before the first statement of a transaction.
    ///
    /// The horizon of snapshots would do as well, but it is that of the whole server: a long transaction in another
    /// database would hold it.
    pub(crate) fn horizon(&self) -> SqlResult<i64> {
        // The snapshot is older than the list. A transaction that is not on it has ended, or has an id from `xmax` on.
        let statement = self.prepare_cached(
            "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS INTEGER), meta.tx_base,
                    CAST(CAST(running.backend_xid AS text) AS INTEGER)
             FROM meta LEFT JOIN pg_stat_activity AS running
                 ON running.datname = current_database() AND running.backend_xid IS NOT NULL",
        )?;
        let rows = self.wait(UNANSWERED, self.client.query(&statement, &[]))?;
        let mut horizon = i64::MAX;
        for row in &rows {
            let (next, base, running): (i64, i64, Option<i64>) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let oldest = running.map_or(next, |running| whole_id(running, next).min(next));
            horizon = horizon.min(oldest.saturating_add(base) << POSITION_BITS);
        }
        Ok(horizon)
    }

    /// Waits for locks, in their order, and returns the id of the transaction, which it gets only then: the later of two
    /// transactions with a lock in common has the greater id.
    pub(crate) fn lock(&self, locks: &[i64]) -> SqlResult<i64> {
        let statement = self.prepare_cached(LOCK)?;
        let row = self.within_transaction(self.client.query_one(&statement, &[&locks]))?;
        Ok(row.try_get(0)?)
    }

    /// As [`PostgresConnection::lock`], at the beginning of a transaction with this number of a writer.
    pub(super) fn begin_write(&self, locks: &[i64], writer: &[u8], number: i64) -> SqlResult<i64> {
        let [lock, count] = self.prepare_all([LOCK, COUNT])?;
        let (locks, counted): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 2]) =
            ([&locks], [&writer, &number]);
        let (row, _) = self.within_transaction(futures::future::try_join(
            self.client.query_one(&lock, &locks),
            self.client.execute(&count, &counted),
        ))?;
        Ok(row.try_get(0)?)
    }

    /// Waits for the answer to a statement, or to several. If a transaction begins with it, all are sent together.
    pub(super) fn within_transaction<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> SqlResult<T> {
        match self.begin.take() {
            None => self.wait(UNANSWERED, statement),
            Some(begin) => self.wait(UNANSWERED, async {
                let (begin, statement) = (pin!(self.client.batch_execute(begin)), pin!(statement));
                let (begun, answer) = futures::future::join(begin, statement).await;
                begun?;
                answer
            }),
        }
    }

    /// Drives the connection until an answer comes, or for so long that it will not.
    fn wait<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> SqlResult<T> {
        if self.is_lost.get() {
            return Err(SqlError::Unanswered);
        }
        match self.runtime.block_on(async { timeout(limit, answer).await }) {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                self.is_lost.set(true);
                Err(SqlError::Unanswered)
            }
        }
    }
}

/// Connects to the first host that is no standby. It may refuse writes all the same, and is read from then.
async fn primary(config: &PostgresConfig) -> SqlResult<Client> {
    let mut last = SqlError::Standby;
    for host in config.hosts() {
        match usable(&host, &config.tls).await {
            Ok(client) => return Ok(client),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn usable(host: &Config, tls: &Tls) -> SqlResult<Client> {
    let client = match tls {
        Tls::Off => {
            let (client, connection) = host.connect(tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client
        }
        Tls::On(connector) => {
            let (client, connection) = host.connect(connector.clone()).await?;
            tokio::spawn(connection);
            client
        }
    };
    let look = client.simple_query("SELECT 1 WHERE pg_is_in_recovery()");
    let ((), found) = futures::future::try_join(client.batch_execute(SETTINGS), look).await?;
    // A standby may lag behind the end of a right.
    let is_standby = found.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_)));
    if is_standby { Err(SqlError::Standby) } else { Ok(client) }
}

/// Returns the transaction id with 64 bits of which these are the lower 32, given one that is close.
fn whole_id(lower: i64, close: i64) -> i64 {
    const TURN: i64 = 1 << 32;
    let id = (close & !(TURN - 1)) | lower;
    match id - close {
        ahead if ahead > TURN / 2 => id - TURN,
        behind if behind < -TURN / 2 => id + TURN,
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_id_is_the_close_one_with_these_lower_bits() {
        let turn = 1 << 32;
        assert_eq!(whole_id(900, 1_000), 900);
        assert_eq!(whole_id(1_100, 1_000), 1_100);
        assert_eq!(whole_id(turn - 5, 3 * turn + 7), 3 * turn - 5);
        assert_eq!(whole_id(5, 3 * turn - 7), 3 * turn + 5);
    }
}
