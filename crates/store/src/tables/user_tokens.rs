//! User tokens as rows: the times from which they count, the versions of signing keys, and links that sign in.

use chat::TokenHash;
use chat::store::{Checked, ExternalKey, NewSession, Revocation, SignInLink, UserTokenWrite};
use wire::{ApplicationId, Timestamp, UserId};

use super::people::person;
use super::scope::Scope;
use super::{applications, damaged, ended_sessions, sessions};
use crate::sql::{Db, SqlResult, params};

/// Carries out a change of which user tokens work.
pub(super) fn write(scope: Scope<'_>, write: &UserTokenWrite) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    match write {
        UserTokenWrite::EndIssued { user, before, at } => {
            end_issued(db, application, *user, *before)?;
            let ended = Revocation::Issued { application, user: *user, before: *before };
            ended_sessions::note(scope, *at, &[ended])?;
            Ok(Checked::Done)
        }
        UserTokenWrite::RotateKey { keep_until, at } => {
            let mut update = db.prepare_cached(
                "UPDATE applications SET key_version = key_version + 1, previous_key_until = ?2
                 WHERE application = ?1 AND deleted IS NULL RETURNING key_version",
            )?;
            let until = keep_until.map(|until| until.0);
            let mut rows = update.query(params![application.0, until])?;
            let Some(row) = rows.next()? else { return Ok(Checked::Stale) };
            let version: u32 = row.get(0)?;
            drop(rows);
            let ended = Revocation::SigningKey { application, version, previous_until: *keep_until };
            ended_sessions::note(scope, *at, &[ended])?;
            Ok(Checked::Done)
        }
        UserTokenWrite::AddLink { link, user, at, until } => {
            if valid_from(db, application, *user)?.is_none() {
                return Ok(Checked::Stale);
            }
            let mut insert = db.prepare_cached(
                "INSERT INTO sign_in_links (application, token_hash, user, created, until) VALUES (?, ?, ?, ?, ?)",
            )?;
            insert.execute(params![application.0, link.0, user.to_string(), at.0, until.0])?;
            Ok(Checked::Done)
        }
        UserTokenWrite::UseLink { link, session, at } => use_link(db, application, *link, session, *at),
    }
}

/// Returns the time from which tokens must be issued to work for a user; none if there is no such user.
pub(super) fn valid_from(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
) -> SqlResult<Option<Timestamp>> {
    let mut find = db.prepare_cached(
        "SELECT max(users.tokens_valid_from, coalesce(applications.tokens_valid_from, 0))
         FROM users LEFT JOIN applications ON applications.application = users.application
         WHERE users.application = ? AND users.id = ?",
    )?;
    damaged::one(&mut find, params![application.0, user.to_string()], "users", |row| {
        row.get(0).map(Timestamp)
    })
}

/// Returns a link that was neither used nor ended.
pub(super) fn link(db: Db<'_>, application: ApplicationId, link: TokenHash) -> SqlResult<Option<SignInLink>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, sign_in_links.until, sign_in_links.created
         FROM sign_in_links
         JOIN users ON users.application = sign_in_links.application AND users.id = sign_in_links.user
         WHERE sign_in_links.application = ? AND sign_in_links.token_hash = ?",
    )?;
    let found = damaged::one(&mut find, params![application.0, link.0], "sign_in_links", |row| {
        let link = SignInLink { person: person(row, 0)?, until: Timestamp(row.get(2)?) };
        Ok((link, Timestamp(row.get(3)?)))
    })?;
    let Some((link, created)) = found else { return Ok(None) };
    let valid_from = valid_from(db, application, link.person.id)?;
    Ok(valid_from.is_some_and(|valid_from| created >= valid_from).then_some(link))
}

/// Deletes the links of a user.
pub(super) fn remove_links(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<()> {
    let mut delete = db.prepare_cached("DELETE FROM sign_in_links WHERE application = ? AND user = ?")?;
    delete.execute(params![application.0, user.to_string()]).map(|_| ())
}

/// Deletes the links that expired, and the keys of deleted users whose last tokens did, before a time.
pub(super) fn sweep(db: Db<'_>, application: ApplicationId, before: Timestamp) -> SqlResult<()> {
    let key = params![application.0, before.0];
    db.prepare_cached("DELETE FROM sign_in_links WHERE application = ? AND until < ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM ended_user_keys WHERE application = ? AND tokens_valid_from < ?")?
        .execute(key)
        .map(|_| ())
}

/// Ends all tokens of a user who is deleted, for good, and those that name their key, whose user may be another one
/// from now on.
pub(super) fn end_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    before: Timestamp,
) -> SqlResult<()> {
    end_issued(db, application, Some(user), Timestamp(i64::MAX))?;
    remove_links(db, application, user)?;
    let mut keep = db.prepare_cached(
        "INSERT INTO ended_user_keys (application, key, tokens_valid_from)
         SELECT application, key, CAST(?3 AS INTEGER) FROM user_keys WHERE application = ?1 AND user = ?2
         ON CONFLICT (application, key) DO UPDATE SET tokens_valid_from = excluded.tokens_valid_from",
    )?;
    keep.execute(params![application.0, user.to_string(), before.0]).map(|_| ())
}

/// Returns the time from which tokens must be issued to work for a new user of a key.
pub(super) fn valid_from_of_key(
    db: Db<'_>,
    application: ApplicationId,
    key: &ExternalKey,
) -> SqlResult<Timestamp> {
    let mut find =
        db.prepare_cached("SELECT tokens_valid_from FROM ended_user_keys WHERE application = ? AND key = ?")?;
    let found = damaged::one(&mut find, params![application.0, key.as_str()], "ended_user_keys", |row| {
        row.get(0).map(Timestamp)
    })?;
    Ok(found.unwrap_or(Timestamp(0)))
}

fn end_issued(
    db: Db<'_>,
    application: ApplicationId,
    user: Option<UserId>,
    before: Timestamp,
) -> SqlResult<()> {
    match user {
        Some(user) => db
            .prepare_cached(
                "UPDATE users SET tokens_valid_from = max(tokens_valid_from, ?3)
                 WHERE application = ?1 AND id = ?2",
            )?
            .execute(params![application.0, user.to_string(), before.0]),
        None => db
            .prepare_cached(
                "UPDATE applications SET tokens_valid_from = max(tokens_valid_from, ?2)
                 WHERE application = ?1",
            )?
            .execute(params![application.0, before.0]),
    }
    .map(|_| ())
}

fn use_link(
    db: Db<'_>,
    application: ApplicationId,
    hash: TokenHash,
    session: &NewSession,
    at: Timestamp,
) -> SqlResult<Checked> {
    let found = link(db, application, hash)?.filter(|link| at < link.until);
    let mut delete =
        db.prepare_cached("DELETE FROM sign_in_links WHERE application = ? AND token_hash = ?")?;
    delete.execute(params![application.0, hash.0])?;
    if !applications::is_alive(db, application)? {
        return Ok(Checked::Stale);
    }
    let Some(SignInLink { person, .. }) = found else { return Ok(Checked::Stale) };
    sessions::begin(db, application, person.id, session)?;
    let mut mark =
        db.prepare_cached("UPDATE sessions SET is_linked = true WHERE application = ? AND token_hash = ?")?;
    mark.execute(params![application.0, session.token.0])?;
    Ok(Checked::Done)
}
