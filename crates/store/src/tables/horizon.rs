//! The horizon of positions: below it, everything that will ever be there is there. Whoever follows positions reads only up
//! to it.

use crate::postgres::PostgresConnection;
use crate::sql::{Db, SqlResult};

/// Returns the position from which on more entries may still appear. On PostgreSQL it is that of the oldest transaction
/// under way; on SQLite, whose commits follow each other, there is none.
pub(super) fn horizon(db: Db<'_>) -> SqlResult<i64> {
    db.as_postgres().map_or(Ok(i64::MAX), PostgresConnection::horizon)
}

/// Returns true if there are entries at the horizon or after it, which a later read finds.
pub(super) fn hides_some(db: Db<'_>, horizon: i64) -> SqlResult<bool> {
    if db.as_postgres().is_none() {
        return Ok(false);
    }
    db.prepare_cached("SELECT 1 FROM entries WHERE position >= ? LIMIT 1")?.exists([horizon])
}
