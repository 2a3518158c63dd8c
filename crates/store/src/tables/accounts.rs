//! Accounts: logins, passwords, roles, devices and password resets.

use chat::SessionSummary;
use chat::TokenHash;
use chat::store::{
    Account, AccountKey, AccountListing, AccountWrite, Checked, CreateAccount, CreateAccountOutcome, DEVICES,
    FirstRole, Login, PasswordHash, folded,
};
use wire::{AppRole, ApplicationId, Timestamp, UserId};

use super::people::person;
use super::values::{app_role, app_role_of, checked};
use super::{damaged, names, people};
use crate::sql::{Db, Row, SqlError, SqlResult, params};

/// Returns an account, by its user or by its login.
pub(super) fn account(
    db: Db<'_>,
    application: ApplicationId,
    key: &AccountKey,
) -> SqlResult<Option<Account>> {
    let user = match key {
        AccountKey::User(user) => Some(user.to_string()),
        AccountKey::Login(login) => owner_of(db, application, login)?,
    };
    let Some(user) = user else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, accounts.password, accounts.role
         FROM accounts JOIN users ON users.application = accounts.application AND users.id = accounts.user
         WHERE accounts.application = ? AND accounts.user = ?",
    )?;
    damaged::one(&mut find, params![application.0, user], "accounts", |row| {
        let password = damaged::or(row, "accounts", row.get(2), String::new())?;
        Ok(Account { person: person(row, 0)?, password: PasswordHash(password), role: role_at(row, 3)? })
    })
}

/// Returns the user whose login looks like this one.
fn owner_of(db: Db<'_>, application: ApplicationId, login: &Login) -> SqlResult<Option<String>> {
    let mut find = db.prepare_cached("SELECT user FROM logins WHERE application = ? AND key = ?")?;
    for key in login.keys() {
        let key = params![application.0, key];
        if let Some(user) = damaged::one(&mut find, key, "logins", |row| row.get(0))? {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// Returns the sessions of a user, newest first.
pub(super) fn sessions(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
) -> SqlResult<Vec<SessionSummary>> {
    let mut select = db.prepare_cached(
        "SELECT token_hash, label, since, seen FROM sessions
         WHERE application = ? AND user = ? ORDER BY number DESC",
    )?;
    damaged::list(&mut select, params![application.0, user.to_string()], "sessions", |row| {
        Ok(SessionSummary {
            token: TokenHash(row.get(0)?),
            label: row.get(1)?,
            since: Timestamp(row.get(2)?),
            seen: Timestamp(row.get(3)?),
        })
    })
}

/// Carries out a change of an account.
pub(super) fn write(db: Db<'_>, application: ApplicationId, write: &AccountWrite) -> SqlResult<Checked> {
    match write {
        AccountWrite::MakeOwner { user } => own(db, application, *user),
        AccountWrite::SetPassword { user, checked, password } => {
            set_password(db, application, *user, checked, password)
        }
        AccountWrite::SetApplicationRole { user, role } => rank(db, application, *user, *role),
        AccountWrite::CreateReset { token, user, by, until } => {
            offer_reset(db, application, *token, *user, *by, *until)
        }
        AccountWrite::ResetPassword { token, password } => use_reset(db, application, *token, password),
        AccountWrite::RememberDevice { user, device, at } => {
            know_device(db, application, *user, *device, *at)
        }
    }
}

pub(super) fn create(
    db: Db<'_>,
    application: ApplicationId,
    CreateAccount { user, login, password, rank }: &CreateAccount,
) -> SqlResult<CreateAccountOutcome> {
    let user = *user;
    let mut find = db.prepare_cached("SELECT 1 FROM accounts WHERE application = ? AND user = ?")?;
    if find.exists(params![application.0, user.to_string()])? || owner_of(db, application, login)?.is_some() {
        return Ok(CreateAccountOutcome::LoginTaken);
    }
    let role = match rank {
        FirstRole::Owner if has_owner(db, application)? => return Ok(CreateAccountOutcome::Stale),
        FirstRole::Owner => AppRole::Owner,
        FirstRole::FirstIsOwner if !has_accounts(db, application)? => AppRole::Owner,
        FirstRole::FirstIsOwner | FirstRole::Member => AppRole::Member,
    };
    let person = people::user(db, application, user)?.ok_or(SqlError::NoRows)?;
    let name = person.name.as_str();
    let mut insert = db.prepare_cached(
        "INSERT INTO accounts (application, user, sort, password, role) VALUES (?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![application.0, user.to_string(), folded(name), password.0, app_role(role)])?;
    let mut insert = db.prepare_cached("INSERT INTO logins (application, key, user) VALUES (?, ?, ?)")?;
    for key in login.keys() {
        insert.execute(params![application.0, key, user.to_string()])?;
    }
    names::forget_user(db, application, user, name, false)?;
    names::note_user(db, application, user, name, true)?;
    Ok(CreateAccountOutcome::Done)
}

/// Makes a user the owner, if there is no owner.
fn own(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Checked> {
    if has_owner(db, application)? {
        return Ok(Checked::Stale);
    }
    let mut update = db.prepare_cached("UPDATE accounts SET role = ? WHERE application = ? AND user = ?")?;
    let changed = update.execute(params![app_role(AppRole::Owner), application.0, user.to_string()])?;
    Ok(if changed == 0 { Checked::Stale } else { Checked::Done })
}

pub(super) fn has_owner(db: Db<'_>, application: ApplicationId) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM accounts WHERE application = ? AND role = 'owner'")?
        .exists([application.0])
}

/// Returns true if this is the password of an account.
pub(super) fn is_password(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    checked: &PasswordHash,
) -> SqlResult<bool> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM accounts WHERE application = ? AND user = ? AND password = ?")?;
    find.exists(params![application.0, user.to_string(), checked.0])
}

/// Changes a password, if the current one is still the one that was checked.
fn set_password(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    checked: &PasswordHash,
    password: &PasswordHash,
) -> SqlResult<Checked> {
    if !is_password(db, application, user, checked)? {
        return Ok(Checked::Stale);
    }
    put_password(db, application, user, password)
}

fn put_password(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    password: &PasswordHash,
) -> SqlResult<Checked> {
    let mut update =
        db.prepare_cached("UPDATE accounts SET password = ? WHERE application = ? AND user = ?")?;
    update.execute(params![password.0, application.0, user.to_string()])?;
    forget_resets(db, application, user)
}

/// Stores a device that a user has signed in with, and deletes the ones that were used longest ago.
fn know_device(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    device: TokenHash,
    at: Timestamp,
) -> SqlResult<Checked> {
    let user = user.to_string();
    let mut insert = db.prepare_cached(
        "INSERT INTO devices (application, user, token_hash, seen) VALUES (?, ?, ?, ?)
         ON CONFLICT (application, user, token_hash) DO UPDATE SET seen = excluded.seen",
    )?;
    insert.execute(params![application.0, user, device.0, at.0])?;
    // The limit is there for the offset only: SQLite has none without it.
    let mut forget = db.prepare_cached(
        "DELETE FROM devices WHERE application = ?1 AND user = ?2 AND token_hash IN (
             SELECT token_hash FROM devices WHERE application = ?1 AND user = ?2 AND token_hash <> ?3
             ORDER BY seen DESC LIMIT 1000000 OFFSET ?4)",
    )?;
    forget.execute(params![application.0, user, device.0, DEVICES - 1])?;
    Ok(Checked::Done)
}

pub(super) fn knows_device(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    device: TokenHash,
) -> SqlResult<bool> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM devices WHERE application = ? AND user = ? AND token_hash = ?")?;
    find.exists(params![application.0, user.to_string(), device.0])
}

fn rank(db: Db<'_>, application: ApplicationId, user: UserId, role: AppRole) -> SqlResult<Checked> {
    let mut update = db.prepare_cached("UPDATE accounts SET role = ? WHERE application = ? AND user = ?")?;
    update.execute(params![app_role(role), application.0, user.to_string()])?;
    db.prepare_cached("DELETE FROM resets WHERE application = ? AND offered_by = ?")?
        .execute(params![application.0, user.to_string()])?;
    forget_resets(db, application, user)
}

/// Deletes the password resets of an account, which no longer apply after it has changed.
fn forget_resets(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Checked> {
    db.prepare_cached("DELETE FROM resets WHERE application = ? AND user = ?")?
        .execute(params![application.0, user.to_string()])?;
    Ok(Checked::Done)
}

fn offer_reset(
    db: Db<'_>,
    application: ApplicationId,
    token: TokenHash,
    user: UserId,
    by: Option<UserId>,
    until: Timestamp,
) -> SqlResult<Checked> {
    let mut insert = db.prepare_cached(
        "INSERT INTO resets (token_hash, application, user, offered_by, until) VALUES (?, ?, ?, ?, ?)",
    )?;
    let by = by.map(|by| by.to_string());
    insert.execute(params![token.0, application.0, user.to_string(), by, until.0])?;
    Ok(Checked::Done)
}

fn use_reset(
    db: Db<'_>,
    application: ApplicationId,
    token: TokenHash,
    password: &PasswordHash,
) -> SqlResult<Checked> {
    let Some((user, _)) = reset(db, application, token)? else { return Ok(Checked::Stale) };
    put_password(db, application, user, password)
}

/// Returns the user whose password a reset token changes, and its expiry.
pub(super) fn reset(
    db: Db<'_>,
    application: ApplicationId,
    token: TokenHash,
) -> SqlResult<Option<(UserId, Timestamp)>> {
    let mut find =
        db.prepare_cached("SELECT user, until FROM resets WHERE application = ? AND token_hash = ?")?;
    damaged::one(&mut find, params![application.0, token.0], "resets", |row| {
        Ok((checked(row, 0, |user: String| user.parse().ok())?, Timestamp(row.get(1)?)))
    })
}

/// Returns true if there is an account.
pub(super) fn has_accounts(db: Db<'_>, application: ApplicationId) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM accounts WHERE application = ? LIMIT 1")?.exists([application.0])
}

/// Returns accounts by name, without case: those with these words in it, or all after one of them.
pub(super) fn accounts(
    db: Db<'_>,
    application: ApplicationId,
    words: &str,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<AccountListing>> {
    let words = folded(words);
    if words.is_empty() {
        return accounts_after(db, application, after, limit);
    }
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, accounts.role
         FROM accounts JOIN users ON users.application = accounts.application AND users.id = accounts.user
         WHERE accounts.application = ? AND accounts.user = ?",
    )?;
    let mut found = Vec::new();
    for user in names::users_with(db, application, &words, true, limit)? {
        found.extend(damaged::one(&mut find, params![application.0, user], "accounts", listed)?);
    }
    found.sort_by_cached_key(|listed| (folded(listed.person.name.as_str()), listed.person.id));
    Ok(found)
}

fn accounts_after(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<AccountListing>> {
    // Users without an account are sorted by their name, like those with one.
    let (sort, id) = match after.map(|after| people::user(db, application, after)).transpose()?.flatten() {
        Some(person) => (folded(person.name.as_str()), person.id.to_string()),
        None => (String::new(), String::new()),
    };
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, accounts.role
         FROM accounts CROSS JOIN users ON users.application = accounts.application AND users.id = accounts.user
         WHERE accounts.application = ? AND (accounts.sort, accounts.user) > (?, ?)
         ORDER BY accounts.sort, accounts.user LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    damaged::list(&mut select, params![application.0, sort, id, most], "accounts", listed)
}

fn listed(row: Row<'_>) -> SqlResult<AccountListing> {
    Ok(AccountListing { person: person(row, 0)?, role: role_at(row, 2)? })
}

/// Reads the role in a column; a damaged one is the lowest role of an account.
fn role_at(row: Row<'_>, column: usize) -> SqlResult<AppRole> {
    let role = checked(row, column, |role: String| app_role_of(&role));
    damaged::or(row, "accounts", role, AppRole::Member)
}
