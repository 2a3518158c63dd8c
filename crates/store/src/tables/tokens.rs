//! Tokens of programs as rows.

use chat::store::{Checked, NewApiToken};
use chat::{ApiTokenRecord, TokenHash, TokenKind};
use wire::{ApplicationId, Timestamp};

use super::values::checked;
use super::{applications, damaged};
use crate::sql::{Db, Row, SqlResult, params};

/// Returns an API token, whichever application it belongs to.
pub(crate) fn find(db: Db<'_>, token: TokenHash) -> SqlResult<Option<ApiTokenRecord>> {
    let mut find = db.prepare_cached(
        "SELECT token_hash, application, kind, label, created, used, expires, revoked
         FROM tokens WHERE token_hash = ?",
    )?;
    damaged::one(&mut find, [token.0], "tokens", read)
}

/// Returns the API tokens of an application, the one created last first.
pub(super) fn all(db: Db<'_>, application: ApplicationId, limit: usize) -> SqlResult<Vec<ApiTokenRecord>> {
    let mut select = db.prepare_cached(
        "SELECT token_hash, application, kind, label, created, used, expires, revoked
         FROM tokens WHERE application = ? ORDER BY created DESC, token_hash LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    damaged::list(&mut select, params![application.0, limit], "tokens", read)
}

/// Adds a token of an application that can have one.
pub(super) fn add(db: Db<'_>, application: ApplicationId, new: &NewApiToken) -> SqlResult<Checked> {
    if application != ApplicationId::SERVER && !applications::is_alive(db, application)? {
        return Ok(Checked::Stale);
    }
    let NewApiToken { token, kind, label, at, expires } = new;
    let mut insert = db.prepare_cached(
        "INSERT INTO tokens (token_hash, application, kind, label, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    let expires = expires.map(|expires| expires.0);
    insert.execute(params![token.0, application.0, kind.as_str(), label, at.0, expires])?;
    Ok(Checked::Done)
}

/// Adds a token, and revokes the others of its kind.
pub(super) fn replace(db: Db<'_>, application: ApplicationId, new: &NewApiToken) -> SqlResult<Checked> {
    let outcome = add(db, application, new)?;
    if outcome == Checked::Done {
        let mut revoke = db.prepare_cached(
            "UPDATE tokens SET revoked = ?
             WHERE application = ? AND kind = ? AND token_hash <> ? AND revoked IS NULL",
        )?;
        revoke.execute(params![new.at.0, application.0, new.kind.as_str(), new.token.0])?;
    }
    Ok(outcome)
}

/// Revokes one token.
pub(super) fn revoke(
    db: Db<'_>,
    application: ApplicationId,
    token: TokenHash,
    at: Timestamp,
) -> SqlResult<Checked> {
    let mut revoke = db.prepare_cached(
        "UPDATE tokens SET revoked = ? WHERE application = ? AND token_hash = ? AND revoked IS NULL",
    )?;
    let revoked = revoke.execute(params![at.0, application.0, token.0])?;
    Ok(if revoked == 0 { Checked::Stale } else { Checked::Done })
}

/// Records that a token was used.
pub(super) fn touch(
    db: Db<'_>,
    application: ApplicationId,
    token: TokenHash,
    at: Timestamp,
) -> SqlResult<Checked> {
    let mut touch =
        db.prepare_cached("UPDATE tokens SET used = ? WHERE application = ? AND token_hash = ?")?;
    touch.execute(params![at.0, application.0, token.0])?;
    Ok(Checked::Done)
}

/// Removes all tokens of an application.
pub(super) fn remove_all(db: Db<'_>, application: ApplicationId) -> SqlResult<()> {
    db.prepare_cached("DELETE FROM tokens WHERE application = ?")?.execute([application.0]).map(|_| ())
}

/// Removes the tokens of all applications that ended before a time.
pub(super) fn remove_old(db: Db<'_>, before: Timestamp) -> SqlResult<Checked> {
    db.prepare_cached("DELETE FROM tokens WHERE expires < ?")?.execute([before.0])?;
    db.prepare_cached("DELETE FROM tokens WHERE revoked < ?")?.execute([before.0])?;
    Ok(Checked::Done)
}

fn read(row: Row<'_>) -> SqlResult<ApiTokenRecord> {
    let time = |column| row.get::<Option<i64>>(column).map(|time| time.map(Timestamp));
    Ok(ApiTokenRecord {
        token: TokenHash(row.get(0)?),
        application: ApplicationId(row.get(1)?),
        kind: checked(row, 2, |kind: String| TokenKind::parse(&kind))?,
        label: row.get(3)?,
        created: Timestamp(row.get(4)?),
        used: time(5)?,
        expires: time(6)?,
        revoked: time(7)?,
    })
}
