//! Users and groups that an application names by keys, as rows.

use std::collections::{BTreeMap, BTreeSet};

use chat::store::{
    CALLED, ExternalKey, FoundUser, KeyedGroup, KeyedUser, PutUser, PutUserOutcome, Sessions, Version,
    folded, past,
};
use wire::{ApplicationId, Description, GroupId, PersonName, UserId};

use super::people::person;
use super::values::checked;
use super::{accounts, damaged, identities, names, people, sessions, user_tokens};
use crate::sql::{Db, Row, SqlError, SqlResult, params};

/// Returns the user of a key.
pub(super) fn user(
    db: Db<'_>,
    application: ApplicationId,
    key: &ExternalKey,
) -> SqlResult<Option<KeyedUser>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, users.bio, user_keys.key, user_keys.version
         FROM user_keys JOIN users ON users.application = user_keys.application AND users.id = user_keys.user
         WHERE user_keys.application = ? AND user_keys.key = ?",
    )?;
    damaged::one(&mut find, params![application.0, key.as_str()], "user_keys", keyed_user)
}

/// Returns the key of a user.
pub(super) fn key_of_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
) -> SqlResult<Option<KeyedUser>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, users.bio, user_keys.key, user_keys.version
         FROM user_keys JOIN users ON users.application = user_keys.application AND users.id = user_keys.user
         WHERE user_keys.application = ? AND user_keys.user = ?",
    )?;
    damaged::one(&mut find, params![application.0, user.to_string()], "user_keys", keyed_user)
}

/// Returns the users with keys, by key, after one of them.
pub(super) fn users(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<&ExternalKey>,
    limit: usize,
) -> SqlResult<Vec<KeyedUser>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, users.bio, user_keys.key, user_keys.version
         FROM user_keys JOIN users ON users.application = user_keys.application AND users.id = user_keys.user
         WHERE user_keys.application = ? AND user_keys.key > ? ORDER BY user_keys.key LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = after.map_or("", ExternalKey::as_str);
    damaged::list(&mut select, params![application.0, after, limit], "user_keys", keyed_user)
}

/// Returns users whose key begins with these words, and then those whose name contains them.
pub(super) fn users_with(
    db: Db<'_>,
    application: ApplicationId,
    words: &str,
    limit: usize,
) -> SqlResult<Vec<FoundUser>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, users.bio, user_keys.key, user_keys.version
         FROM user_keys JOIN users ON users.application = user_keys.application AND users.id = user_keys.user
         WHERE user_keys.application = ? AND user_keys.key >= ? AND user_keys.key < ?
         ORDER BY user_keys.key LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = params![application.0, words, past(words), most];
    let by_key = damaged::list(&mut select, key, "user_keys", keyed_user)?;
    let words = folded(words);
    let mut named = BTreeMap::new();
    for has_account in [false, true] {
        for id in names::users_with(db, application, &words, has_account, CALLED)? {
            if let Some(person) =
                id.parse().ok().map(|id| people::user(db, application, id)).transpose()?.flatten()
                && !people::is_deleted(db, application, person.id)?
            {
                named.insert((folded(person.name.as_str()), person.id), person);
            }
        }
    }
    let seen: BTreeSet<UserId> = by_key.iter().map(|user| user.person.id).collect();
    let mut found: Vec<FoundUser> =
        by_key.into_iter().map(|user| FoundUser { person: user.person.clone(), keyed: Some(user) }).collect();
    let room = limit.saturating_sub(found.len());
    for person in named.into_values().filter(|person| !seen.contains(&person.id)).take(room) {
        found.push(FoundUser { keyed: key_of_user(db, application, person.id)?, person });
    }
    Ok(found)
}

/// Returns the group of a key.
pub(super) fn group(
    db: Db<'_>,
    application: ApplicationId,
    key: &ExternalKey,
) -> SqlResult<Option<KeyedGroup>> {
    let mut find =
        db.prepare_cached("SELECT key, \"group\" FROM group_keys WHERE application = ? AND key = ?")?;
    damaged::one(&mut find, params![application.0, key.as_str()], "group_keys", keyed_group)
}

/// Returns the key of a group.
pub(super) fn key_of_group(
    db: Db<'_>,
    application: ApplicationId,
    group: GroupId,
) -> SqlResult<Option<KeyedGroup>> {
    let mut find =
        db.prepare_cached("SELECT key, \"group\" FROM group_keys WHERE application = ? AND \"group\" = ?")?;
    damaged::one(&mut find, params![application.0, group.to_string()], "group_keys", keyed_group)
}

/// Returns the groups with keys, by key, after one of them.
pub(super) fn groups(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<&ExternalKey>,
    limit: usize,
) -> SqlResult<Vec<KeyedGroup>> {
    let mut select = db.prepare_cached(
        "SELECT key, \"group\" FROM group_keys WHERE application = ? AND key > ? ORDER BY key LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = after.map_or("", ExternalKey::as_str);
    damaged::list(&mut select, params![application.0, after, limit], "group_keys", keyed_group)
}

/// Gives a new group a key. A number is not given again by [`number_group`].
pub(super) fn key_group(
    db: Db<'_>,
    application: ApplicationId,
    group: &str,
    key: &ExternalKey,
) -> SqlResult<()> {
    let mut insert =
        db.prepare_cached("INSERT INTO group_keys (application, key, \"group\") VALUES (?, ?, ?)")?;
    insert.execute(params![application.0, key.as_str(), group])?;
    if let Some(number) = key.number() {
        let mut update = db.prepare_cached(
            "INSERT INTO group_numbers (application, last) VALUES (?, ?)
             ON CONFLICT (application) DO UPDATE SET last = max(group_numbers.last, excluded.last)",
        )?;
        update.execute(params![application.0, number])?;
    }
    Ok(())
}

/// Gives a new group the next number of its application as its key; numbers that are keys already are passed over.
pub(super) fn number_group(db: Db<'_>, application: ApplicationId, group: &str) -> SqlResult<()> {
    let mut count = db.prepare_cached(
        "INSERT INTO group_numbers (application, last) VALUES (?, 1)
         ON CONFLICT (application) DO UPDATE SET last = group_numbers.last + 1 RETURNING last",
    )?;
    let mut insert = db.prepare_cached(
        "INSERT INTO group_keys (application, key, \"group\") VALUES (?, ?, ?)
         ON CONFLICT (application, key) DO NOTHING",
    )?;
    loop {
        let number: i64 = count.query_row([application.0], |row| row.get(0))?;
        if insert.execute(params![application.0, number.to_string(), group])? > 0 {
            return Ok(());
        }
    }
}

/// Creates a user with a key, or changes the one that has it.
pub(super) fn put_user(db: Db<'_>, application: ApplicationId, put: &PutUser) -> SqlResult<PutUserOutcome> {
    let PutUser { key, person, bio, version, sign_up, at } = put;
    let present = user(db, application, key)?;
    if version.is_some() && *version != present.as_ref().map(|user| user.version) {
        return Ok(PutUserOutcome::Stale);
    }
    let created = present.is_none();
    let valid_from = user_tokens::valid_from_of_key(db, application, key)?;
    if created && sign_up.is_some_and(|sign_up| sign_up.issued < valid_from) {
        return Ok(PutUserOutcome::Stale);
    }
    match present {
        Some(_) if sign_up.is_some() => {}
        Some(present) => {
            let bio = bio.as_ref().unwrap_or(&present.bio);
            if (&present.person.name, &present.bio) != (&person.name, bio) {
                rename(db, application, present.person.id, &person.name)?;
                people::describe(db, application, present.person.id, bio)?;
                let mut count = db.prepare_cached(
                    "UPDATE user_keys SET version = version + 1 WHERE application = ? AND key = ?",
                )?;
                count.execute(params![application.0, key.as_str()])?;
            }
        }
        None => {
            let (id, name) = (person.id.to_string(), person.name.as_str());
            let bio = bio.as_ref().map_or("", Description::as_str);
            let mut insert = db.prepare_cached(
                "INSERT INTO users (application, id, name, since, bio, tokens_valid_from) VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            insert.execute(params![application.0, id, name, at.0, bio, valid_from.0])?;
            names::note_user(db, application, person.id, name, false)?;
            let mut insert =
                db.prepare_cached("INSERT INTO user_keys (application, key, user) VALUES (?, ?, ?)")?;
            insert.execute(params![application.0, key.as_str(), id])?;
        }
    }
    let user = user(db, application, key)?.ok_or(SqlError::NoRows)?;
    Ok(PutUserOutcome::Put { user, created })
}

/// Removes what a user has, but their messages and memberships; returns true if that ended sessions.
pub(super) fn remove_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    name: &PersonName,
) -> SqlResult<bool> {
    let id = user.to_string();
    let key = params![application.0, id];
    db.prepare_cached("DELETE FROM user_keys WHERE application = ? AND user = ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM blocks WHERE application = ? AND user = ?")?.execute(key)?;
    identities::forget_user(db, application, user)?;
    rename(db, application, user, name)?;
    // Nobody looks for them any more.
    for has_account in [false, true] {
        names::forget_user(db, application, user, name.as_str(), has_account)?;
    }
    db.prepare_cached("UPDATE users SET kind = 'deleted' WHERE application = ? AND id = ?")?.execute(key)?;
    people::describe(db, application, user, &Description::default())?;
    people::portray(db, application, user, None)?;
    sessions::sign_out(db, application, user, Sessions::All)
}

/// Gives a user another name.
fn rename(db: Db<'_>, application: ApplicationId, user: UserId, name: &PersonName) -> SqlResult<()> {
    let Some(before) = people::user(db, application, user)? else { return Ok(()) };
    for has_account in [false, true] {
        names::forget_user(db, application, user, before.name.as_str(), has_account)?;
    }
    let has_account = accounts::account(db, application, &chat::store::AccountKey::User(user))?.is_some();
    names::note_user(db, application, user, name.as_str(), has_account)?;
    let mut update = db.prepare_cached("UPDATE users SET name = ? WHERE application = ? AND id = ?")?;
    update.execute(params![name.as_str(), application.0, user.to_string()]).map(|_| ())
}

fn keyed_user(row: Row<'_>) -> SqlResult<KeyedUser> {
    Ok(KeyedUser {
        person: person(row, 0)?,
        bio: checked(row, 2, |bio: String| Description::new(&bio).ok())?,
        key: key(row, 3)?,
        version: Version(row.get(4)?),
    })
}

fn keyed_group(row: Row<'_>) -> SqlResult<KeyedGroup> {
    Ok(KeyedGroup { key: key(row, 0)?, group: checked(row, 1, |id: String| id.parse().ok())? })
}

fn key(row: Row<'_>, column: usize) -> SqlResult<ExternalKey> {
    checked(row, column, |key: String| ExternalKey::new(&key).ok())
}
