//! Sessions, by their token.

use chat::{Session, TokenHash};
use rusqlite::{Connection, params};
use wire::{ApplicationId, Timestamp};

use super::damaged;
use super::people::person;

/// Returns the session of a token, whichever application it belongs to.
pub(super) fn session(db: &Connection, token: TokenHash) -> rusqlite::Result<Option<Session>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, sessions.since, sessions.seen, sessions.application
         FROM sessions JOIN users ON users.application = sessions.application AND users.id = sessions.user
         WHERE sessions.token_hash = ? AND NOT EXISTS (
             SELECT 1 FROM applications
             WHERE applications.application = sessions.application AND deleted IS NOT NULL)",
    )?;
    damaged::one(&mut find, [token.0], "sessions", |row| {
        Ok(Session {
            application: ApplicationId(row.get(4)?),
            person: person(row, 0)?,
            since: Timestamp(row.get(2)?),
            seen: Timestamp(row.get(3)?),
        })
    })
}

/// Deletes the sessions that were seen last, or began, before a time.
pub(super) fn sweep(
    db: &Connection,
    application: ApplicationId,
    seen_before: Timestamp,
    begun_before: Timestamp,
) -> rusqlite::Result<()> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE application = ? AND seen < ?")?;
    delete.execute(params![application.0, seen_before.0])?;
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE application = ? AND since < ?")?;
    delete.execute(params![application.0, begun_before.0]).map(|_| ())
}
