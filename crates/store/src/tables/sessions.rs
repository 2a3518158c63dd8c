//! Sessions as rows.

use chat::store::{Checked, NewSession, Revocation, SessionWrite, Sessions};
use chat::{Session, TokenHash};
use wire::{ApplicationId, Timestamp, UserId, UserKey};

use super::people::person;
use super::scope::Scope;
use super::values::checked;
use super::{accounts, damaged, ended_sessions};
use crate::sql::{Db, SqlResult, params};

/// Carries out a change of the sessions of a user.
pub(super) fn write(scope: Scope<'_>, write: &SessionWrite) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    match write {
        SessionWrite::SignIn { user, checked, session } => {
            if let Some(checked) = checked
                && !accounts::is_password(db, application, *user, checked)?
            {
                return Ok(Checked::Stale);
            }
            begin(db, application, *user, session)?;
        }
        SessionWrite::SignOut { user, which, at } => {
            if sign_out(db, application, *user, *which)? {
                let user = UserKey { application, user: *user };
                ended_sessions::note(scope, *at, &[Revocation::Sessions { user, which: *which }])?;
            }
        }
        SessionWrite::Touch { token, at } => {
            let mut touch = db.prepare_cached(
                "UPDATE sessions SET seen = ?1, since = min(since, ?1)
                 WHERE application = ?2 AND token_hash = ?3",
            )?;
            touch.execute(params![at.0, application.0, token.0])?;
        }
    }
    Ok(Checked::Done)
}

pub(super) fn begin(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    session: &NewSession,
) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO sessions (token_hash, application, user, label, since, seen, number)
         VALUES (?, ?, ?, ?, ?, ?,
                 (SELECT coalesce(max(number), 0) + 1 FROM sessions WHERE application = ?2 AND user = ?3))",
    )?;
    let NewSession { token, label, at } = session;
    insert.execute(params![token.0, application.0, user.to_string(), label, at.0, at.0]).map(|_| ())
}

/// Deletes sessions; returns true if there were any.
pub(super) fn sign_out(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    which: Sessions,
) -> SqlResult<bool> {
    let user = user.to_string();
    let ended = match which {
        Sessions::One(token) => db
            .prepare_cached("DELETE FROM sessions WHERE application = ? AND user = ? AND token_hash = ?")?
            .execute(params![application.0, user, token.0])?,
        Sessions::Others(token) => db
            .prepare_cached("DELETE FROM sessions WHERE application = ? AND user = ? AND token_hash <> ?")?
            .execute(params![application.0, user, token.0])?,
        Sessions::All => db
            .prepare_cached("DELETE FROM sessions WHERE application = ? AND user = ?")?
            .execute(params![application.0, user])?,
    };
    Ok(ended > 0)
}

/// Returns the session of a token, whichever application it belongs to.
pub(crate) fn session(db: Db<'_>, token: TokenHash) -> SqlResult<Option<Session>> {
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
            linked: row.get::<bool>(5)?.then_some(Timestamp(row.get(6)?)),
            revocations,
        })
    })
}

/// Deletes the sessions that were seen last, or began, before a time; returns those that can be read.
pub(super) fn sweep(
    db: Db<'_>,
    application: ApplicationId,
    seen_before: Timestamp,
    begun_before: Timestamp,
) -> SqlResult<Vec<Revocation>> {
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
