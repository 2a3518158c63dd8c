//! The tables of a PostgreSQL database: created in an empty one, and changed by the steps that a newer version knows.

use chat::RandomSource;

use super::config::PostgresConfig;
use super::connection::PostgresConnection;
use super::nodes;
use super::open_error::OpenError;
use super::steps::{Next, Schema, Step, StepKind};
use crate::sql::{Db, SqlError, SqlResult, params};

/// The number of channels of the bus.
const BUCKETS: i64 = 64;
/// The settings of the transaction from its first step on. A step that waits for a table makes others wait behind it, so it
/// gives up soon and is tried again.
const SETTINGS: &str = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '55s'";

/// The schema of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The number after the last step.
    pub(super) number: i64,
    /// The number of the last step that took something away; 0 if there was none.
    pub(super) contracted: i64,
}

/// Creates the tables in an empty database, and runs the steps that may run; in the transaction of the caller, who holds
/// the lock for it.
///
/// # Errors
/// If the database has another encoding than UTF-8, tables of another program or a version that this one does not work with, if nodes still run that
/// would not work after a step, or a table may not be changed or is in use.
pub(crate) fn migrate(
    connection: &PostgresConnection,
    config: &PostgresConfig,
    secret_check: &[u8],
    chance: &dyn RandomSource,
) -> Result<(), OpenError> {
    let db = Db::postgres(connection);
    let fault = |error: SqlError| OpenError::of(config, &error);
    let encoding: String =
        db.query_row("SELECT current_setting('server_encoding')", [], |row| row.get(0)).map_err(fault)?;
    if encoding != "UTF8" {
        let (user, database) = (config.user(), config.database());
        return Err(OpenError::refused(format!(
            "the database {database} has the encoding {encoding}, which lacks letters that people write; create it anew: \
             createdb -E UTF8 -T template0 -O {user} {database}"
        )));
    }
    match content(db).map_err(fault)? {
        Content::Nothing => {
            if let Some(first) = config.schema.first() {
                create(connection, first, secret_check, chance).map_err(fault)?;
            }
        }
        Content::Ours => {}
        Content::Other => {
            let sentence = "the database has tables of another program; create one for Hubbub alone";
            return Err(OpenError::refused(sentence));
        }
    }
    let found = find(db).map_err(fault)?;
    if !config.schema.works_with(found.number, found.contracted) {
        return Err(OpenError::refused(unknown(found, &config.schema)));
    }
    match advance(connection, &config.schema).map_err(fault)? {
        Advanced::All | Advanced::SoFar => Ok(()),
        Advanced::Blocked(sentence) => Err(OpenError::refused(sentence)),
    }
}

/// Runs the steps that may run now, each once, in the transaction of the caller, who holds the lock for it.
///
/// # Errors
/// Those of the statements. After one nothing of the transaction may be committed.
pub(super) fn advance(connection: &PostgresConnection, schema: &Schema) -> SqlResult<Advanced> {
    let db = Db::postgres(connection);
    loop {
        let found = find(db)?;
        match schema.next(found.number, &nodes::live(db)?) {
            Next::Done => return Ok(Advanced::All),
            Next::Wait => return Ok(Advanced::SoFar),
            Next::Blocked(step, older) => {
                return Ok(Advanced::Blocked(format!(
                    "the database has schema {}, this version needs {}, and the node {} of version {} is running, \
                     which does not work with schema {}: stop it, or upgrade it to a version in between first",
                    found.number,
                    schema.least(),
                    older.name,
                    older.version,
                    step.number,
                )));
            }
            Next::Run(step) => run(connection, step)?,
        }
    }
}

/// The state after [`advance`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Advanced {
    /// Every step has run.
    All,
    /// A step waits for older nodes, and this version works without it.
    SoFar,
    /// A step waits that this version needs, with a sentence for the operator.
    Blocked(String),
}

fn create(
    connection: &PostgresConnection,
    first: &Step,
    secret_check: &[u8],
    chance: &dyn RandomSource,
) -> SqlResult<()> {
    connection.batch(first.sql)?;
    let (mut cluster, mut epoch) = ([0; 16], [0; 8]);
    chance.fill(&mut cluster);
    chance.fill(&mut epoch);
    let insert = "INSERT INTO meta (cluster, epoch, schema, secret_check, buckets) VALUES (?, ?, ?, ?, ?)";
    let db = Db::postgres(connection);
    db.execute(insert, params![cluster, epoch, first.number, secret_check, BUCKETS])?;
    note(db, first)
}

fn run(connection: &PostgresConnection, step: &Step) -> SqlResult<()> {
    tracing::info!(schema.number = step.number, schema.kind = ?step.kind, "changing the schema");
    connection.batch(SETTINGS)?;
    connection.batch(step.sql)?;
    let db = Db::postgres(connection);
    db.execute("UPDATE meta SET schema = ?", [step.number])?;
    note(db, step)
}

/// Notes that a step has run.
fn note(db: Db<'_>, step: &Step) -> SqlResult<()> {
    let insert = format!("INSERT INTO schema_steps (number, takes_away, at) VALUES (?, ?, {})", nodes::NOW);
    db.execute(&insert, params![step.number, step.kind == StepKind::Contract])?;
    Ok(())
}

/// Reads the schema of a database with tables.
pub(super) fn find(db: Db<'_>) -> SqlResult<Found> {
    let select =
        "SELECT meta.schema, coalesce((SELECT max(number) FROM schema_steps WHERE takes_away), 0) FROM meta";
    db.query_row(select, [], |row| Ok(Found { number: row.get(0)?, contracted: row.get(1)? }))
}

/// Explains a schema that a version does not work with.
pub(super) fn unknown(found: Found, schema: &Schema) -> String {
    let (number, newest) = (found.number, schema.newest());
    if number > newest {
        format!(
            "the database has schema {number}, and this version works with {newest} and with what the next one adds; \
             start a newer version"
        )
    } else {
        format!(
            "the database has schema {number}, and this version works with {newest}; start the version that made it"
        )
    }
}

/// The content of a database.
enum Content {
    Nothing,
    Ours,
    Other,
}

fn content(db: Db<'_>) -> SqlResult<Content> {
    let count = "SELECT count(*), count(*) FILTER (WHERE tablename IN ('meta', 'entries', 'open_topics'))
                 FROM pg_tables WHERE schemaname = current_schema()";
    let (tables, ours) = db.query_row(count, [], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    Ok(match (tables, ours) {
        (0, _) => Content::Nothing,
        (_, 3) => Content::Ours,
        _ => Content::Other,
    })
}
