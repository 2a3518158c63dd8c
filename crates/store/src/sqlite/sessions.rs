use chat::{Session, TokenHash};
use rusqlite::{Connection, OptionalExtension};
use wire::Timestamp;

use super::people::person;

/// The session a token belongs to.
pub(super) fn session(db: &Connection, token: TokenHash) -> rusqlite::Result<Option<Session>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, sessions.since, sessions.seen
         FROM sessions JOIN users ON users.id = sessions.user WHERE sessions.token_hash = ?",
    )?;
    find.query_row([token.0], |row| {
        Ok(Session { person: person(row, 0)?, since: Timestamp(row.get(2)?), seen: Timestamp(row.get(3)?) })
    })
    .optional()
}
