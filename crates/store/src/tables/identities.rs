//! Identities as rows: the ways into an account by providers of OpenID Connect.

use chat::store::{
    AccountKey, CreateAccount, Identity, IdentityOutcome, IdentityWrite, Issuer, LinkedIdentity,
    PasswordHash, UserWrite,
};
use wire::{ApplicationId, Person, Timestamp, UserId};

use super::scope::Scope;
use super::values::checked;
use super::{accounts, damaged, people, sessions, users};
use crate::sql::{Db, SqlResult, params};

/// Returns the user whose account an identity is linked to.
pub(super) fn user_of(
    db: Db<'_>,
    application: ApplicationId,
    identity: &Identity,
) -> SqlResult<Option<Person>> {
    let Identity { issuer: Issuer { provider, issuer }, subject } = identity;
    let mut find = db.prepare_cached(
        "SELECT user FROM identities WHERE application = ? AND provider = ? AND issuer = ? AND subject = ?",
    )?;
    let key = params![application.0, provider.as_str(), issuer.as_str(), subject.as_str()];
    let user: Option<UserId> =
        damaged::one(&mut find, key, "identities", |row| checked(row, 0, |user: String| user.parse().ok()))?;
    match user {
        Some(user) => people::user(db, application, user),
        None => Ok(None),
    }
}

/// Returns the identities of a user, by provider.
pub(super) fn of_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
) -> SqlResult<Vec<LinkedIdentity>> {
    let mut select = db.prepare_cached(
        "SELECT provider, issuer, subject, linked FROM identities
         WHERE application = ? AND user = ? ORDER BY provider",
    )?;
    damaged::list(&mut select, params![application.0, user.to_string()], "identities", |row| {
        let issuer = Issuer { provider: row.get(0)?, issuer: row.get(1)? };
        let linked = Timestamp(damaged::or(row, "identities", row.get(3), 0)?);
        Ok(LinkedIdentity { identity: Identity { issuer, subject: row.get(2)? }, linked })
    })
}

/// Carries out a change of identities.
pub(super) fn write(scope: Scope<'_>, write: &IdentityWrite) -> SqlResult<IdentityOutcome> {
    let Scope { db, application, .. } = scope;
    match write {
        IdentityWrite::SignUp { person, login, rank, identity, session } => {
            if is_taken(db, application, identity)? {
                return Ok(IdentityOutcome::Taken);
            }
            if accounts::account(db, application, &AccountKey::Login(login.clone()))?.is_some() {
                return Ok(IdentityOutcome::LoginTaken);
            }
            let guest = UserWrite::CreateGuest { person: person.clone(), session: session.clone() };
            users::write(scope, &guest)?;
            let (user, password) = (person.id, PasswordHash::none());
            let account = CreateAccount { user, login: login.clone(), password, rank: *rank };
            accounts::create(db, application, &account)?;
            link(db, application, user, identity, session.at)?;
        }
        IdentityWrite::SignIn { user, identity, session } => {
            let owner = user_of(db, application, identity)?;
            if owner.is_none_or(|owner| owner.id != *user) {
                return Ok(IdentityOutcome::Stale);
            }
            sessions::begin(db, application, *user, session)?;
        }
        IdentityWrite::Link { user, identity, at } => {
            if accounts::account(db, application, &AccountKey::User(*user))?.is_none() {
                return Ok(IdentityOutcome::Stale);
            }
            let provider = identity.issuer.provider.as_str();
            if is_taken(db, application, identity)? || has_provider(db, application, *user, provider)? {
                return Ok(IdentityOutcome::Taken);
            }
            link(db, application, *user, identity, *at)?;
        }
        IdentityWrite::Unlink { user, provider, usable } => {
            return unlink(db, application, *user, provider, usable);
        }
    }
    Ok(IdentityOutcome::Done)
}

/// Deletes the identities of a user.
pub(super) fn forget_user(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<()> {
    db.prepare_cached("DELETE FROM identities WHERE application = ? AND user = ?")?
        .execute(params![application.0, user.to_string()])
        .map(|_| ())
}

fn is_taken(db: Db<'_>, application: ApplicationId, identity: &Identity) -> SqlResult<bool> {
    let Identity { issuer: Issuer { provider, issuer }, subject } = identity;
    let mut find = db.prepare_cached(
        "SELECT 1 FROM identities WHERE application = ? AND provider = ? AND issuer = ? AND subject = ?",
    )?;
    find.exists(params![application.0, provider.as_str(), issuer.as_str(), subject.as_str()])
}

fn has_provider(db: Db<'_>, application: ApplicationId, user: UserId, provider: &str) -> SqlResult<bool> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM identities WHERE application = ? AND user = ? AND provider = ?")?;
    find.exists(params![application.0, user.to_string(), provider])
}

fn link(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    identity: &Identity,
    at: Timestamp,
) -> SqlResult<()> {
    let Identity { issuer: Issuer { provider, issuer }, subject } = identity;
    let mut insert = db.prepare_cached(
        "INSERT INTO identities (application, provider, issuer, subject, user, linked)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    let user = user.to_string();
    insert
        .execute(params![application.0, provider.as_str(), issuer.as_str(), subject.as_str(), user, at.0])
        .map(|_| ())
}

/// Unlinks the identity of a provider, unless it is the last way into the account.
fn unlink(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    provider: &str,
    usable: &[Issuer],
) -> SqlResult<IdentityOutcome> {
    let Some(account) = accounts::account(db, application, &AccountKey::User(user))? else {
        return Ok(IdentityOutcome::Stale);
    };
    if !has_provider(db, application, user, provider)? {
        return Ok(IdentityOutcome::Stale);
    }
    let lets_in = |linked: &LinkedIdentity| {
        let issuer = &linked.identity.issuer;
        issuer.provider != provider && usable.contains(issuer)
    };
    if account.password.is_none() && !of_user(db, application, user)?.iter().any(lets_in) {
        return Ok(IdentityOutcome::LastWayIn);
    }
    db.prepare_cached("DELETE FROM identities WHERE application = ? AND user = ? AND provider = ?")?
        .execute(params![application.0, user.to_string(), provider])?;
    Ok(IdentityOutcome::Done)
}
