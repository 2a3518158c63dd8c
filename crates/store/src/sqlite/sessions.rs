//! Sessions, by their token.

use chat::store::{Revocation, Sessions};
use chat::{Session, TokenHash};
use rusqlite::{Connection, params};
use wire::{ApplicationId, Timestamp, UserKey};

use super::people::person;
use super::values::checked;
use super::{damaged, ended_sessions};

/// Returns the session of a token, whichever application it belongs to.
pub(super) fn session(db: &Connection, token: TokenHash) -> rusqlite::Result<Option<Session>> {
    let revocations = ended_sessions::head(db)?;
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, sessions.since, sessions.seen, sessions.application, sessions.is_linked,
                max(users.tokens_valid_from, coalesce(applications.tokens_valid_from, 0))
         FROM sessions JOIN users ON users.application = sessions.application AND users.id = sessions.user
         LEFT JOIN applications ON applications.application = sessions.application
         WHERE sessions.token_hash = ? AND applications.deleted IS NULL",
    )?;
    damaged::one(&mut find, [token.0], "sessions", |row| {
        Ok(Session {
            application: ApplicationId(row.get(4)?),
            person: person(row, 0)?,
            since: Timestamp(row.get(2)?),
            seen: Timestamp(row.get(3)?),
            linked: row.get::<_, bool>(5)?.then_some(Timestamp(row.get(6)?)),
            revocations,
        })
    })
}

/// Deletes the sessions that were seen last, or began, before a time; returns those that can be read.
pub(super) fn sweep(
    db: &Connection,
    application: ApplicationId,
    seen_before: Timestamp,
    begun_before: Timestamp,
) -> rusqlite::Result<Vec<Revocation>> {
    let mut expired = Vec::new();
    for (statement, before) in [
        ("DELETE FROM sessions WHERE application = ? AND seen < ? RETURNING user, token_hash", seen_before),
        ("DELETE FROM sessions WHERE application = ? AND since < ? RETURNING user, token_hash", begun_before),
    ] {
        let mut delete = db.prepare_cached(statement)?;
        expired.extend(damaged::list(&mut delete, params![application.0, before.0], "sessions", |row| {
            let user = checked(row, 0, |user: String| user.parse().ok())?;
            let which = Sessions::One(TokenHash(row.get(1)?));
            Ok(Revocation::Sessions { user: UserKey { application, user }, which })
        })?);
    }
    Ok(expired)
}
