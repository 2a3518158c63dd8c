//! The search index of names: users and groups by the words of their names.

use std::collections::BTreeSet;

use chat::store::{folded, name_parts, past};
use wire::{ApplicationId, UserId};

use super::damaged;
use crate::sql::{Db, SqlResult, params};

/// Indexes the name of a user by all of its words.
pub(super) fn note_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    name: &str,
    has_account: bool,
) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO user_names (application, has_account, part, user) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )?;
    for part in name_parts(&folded(name)) {
        insert.execute(params![application.0, has_account, part, user.to_string()])?;
    }
    Ok(())
}

/// Removes the name of a user from the index.
pub(super) fn forget_user(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    name: &str,
    has_account: bool,
) -> SqlResult<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM user_names WHERE application = ? AND has_account = ? AND part = ? AND user = ?",
    )?;
    for part in name_parts(&folded(name)) {
        delete.execute(params![application.0, has_account, part, user.to_string()])?;
    }
    Ok(())
}

/// Returns the ids of users whose name has these folded words in it, up to the limit.
pub(super) fn users_with(
    db: Db<'_>,
    application: ApplicationId,
    words: &str,
    has_account: bool,
    limit: usize,
) -> SqlResult<BTreeSet<String>> {
    // A name may have the words several times.
    let most = i64::try_from(limit.saturating_mul(2)).unwrap_or(i64::MAX);
    let mut select = db.prepare_cached(
        "SELECT user FROM user_names
         WHERE application = ? AND has_account = ? AND part >= ? AND part < ? ORDER BY part, user LIMIT ?",
    )?;
    let key = params![application.0, has_account, words, past(words), most];
    Ok(first(damaged::list(&mut select, key, "user_names", |row| row.get(0))?, limit))
}

/// Indexes the name of a group by all of its words.
pub(super) fn note_group(
    db: Db<'_>,
    application: ApplicationId,
    group: &str,
    name: &str,
    listed: bool,
) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO group_names (application, listed, part, \"group\") VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )?;
    for part in name_parts(&folded(name)) {
        insert.execute(params![application.0, listed, part, group])?;
    }
    Ok(())
}

/// Removes the name of a group from the index.
pub(super) fn forget_group(
    db: Db<'_>,
    application: ApplicationId,
    group: &str,
    name: &str,
    listed: bool,
) -> SqlResult<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM group_names WHERE application = ? AND listed = ? AND part = ? AND \"group\" = ?",
    )?;
    for part in name_parts(&folded(name)) {
        delete.execute(params![application.0, listed, part, group])?;
    }
    Ok(())
}

/// Returns the ids of groups whose name has these folded words in it, up to the limit.
pub(super) fn groups_with(
    db: Db<'_>,
    application: ApplicationId,
    words: &str,
    listed: bool,
    limit: usize,
) -> SqlResult<BTreeSet<String>> {
    let most = i64::try_from(limit.saturating_mul(2)).unwrap_or(i64::MAX);
    let mut select = db.prepare_cached(
        "SELECT \"group\" FROM group_names
         WHERE application = ? AND listed = ? AND part >= ? AND part < ? ORDER BY part, \"group\" LIMIT ?",
    )?;
    let key = params![application.0, listed, words, past(words), most];
    Ok(first(damaged::list(&mut select, key, "group_names", |row| row.get(0))?, limit))
}

fn first(found: Vec<String>, limit: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for id in found {
        if ids.len() >= limit {
            break;
        }
        ids.insert(id);
    }
    ids
}
