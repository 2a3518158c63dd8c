//! Removal of the data of an application, in slices, so that no commit takes long.

use super::damaged;
use super::scope::Scope;
use crate::sql::{SqlResult, params};

/// The tables other than those of logs, in an order in which no row refers to a removed one. Each statement removes
/// rows of application `?1`, at most `?2` of them. A test compares them with the schema.
const STATEMENTS: [&str; 37] = [
    "DELETE FROM files WHERE (application, id) IN (
         SELECT application, id FROM files WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM file_usage WHERE (application, owner) IN (
         SELECT application, owner FROM file_usage WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM broadcast_refusals WHERE (application, user, seq, target) IN (
         SELECT application, user, seq, target FROM broadcast_refusals WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM recipients WHERE (application, log, seq, user) IN (
         SELECT application, log, seq, user FROM recipients WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM restricted WHERE (application, log, seq) IN (
         SELECT application, log, seq FROM restricted WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM user_keys WHERE (application, key) IN (
         SELECT application, key FROM user_keys WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM allowed_origins WHERE (application, origin) IN (
         SELECT application, origin FROM allowed_origins WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM sign_in_links WHERE (application, user, token_hash) IN (
         SELECT application, user, token_hash FROM sign_in_links WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM ended_user_keys WHERE (application, key) IN (
         SELECT application, key FROM ended_user_keys WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM hooks WHERE (application, \"group\", name) IN (
         SELECT application, \"group\", name FROM hooks WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM deliveries WHERE (application, webhook, job) IN (
         SELECT application, webhook, job FROM deliveries WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM webhooks WHERE (application, name) IN (
         SELECT application, name FROM webhooks WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM group_keys WHERE (application, key) IN (
         SELECT application, key FROM group_keys WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM group_numbers WHERE application IN (
         SELECT application FROM group_numbers WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM directs WHERE (application, user, other) IN (
         SELECT application, user, other FROM directs WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM invites WHERE id IN (SELECT id FROM invites WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM bans WHERE id IN (SELECT id FROM bans WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM members WHERE id IN (SELECT id FROM members WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM group_names WHERE (application, listed, part, \"group\") IN (
         SELECT application, listed, part, \"group\" FROM group_names WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM groups WHERE (application, id) IN (
         SELECT application, id FROM groups WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM resets WHERE token_hash IN (
         SELECT token_hash FROM resets WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM sessions WHERE token_hash IN (
         SELECT token_hash FROM sessions WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM newcomers WHERE (application, user) IN (
         SELECT application, user FROM newcomers WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM devices WHERE (application, user, token_hash) IN (
         SELECT application, user, token_hash FROM devices WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM logins WHERE (application, key) IN (
         SELECT application, key FROM logins WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM identities WHERE (application, user, provider) IN (
         SELECT application, user, provider FROM identities WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM accounts WHERE (application, user) IN (
         SELECT application, user FROM accounts WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM pictures WHERE (application, user) IN (
         SELECT application, user FROM pictures WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM user_names WHERE (application, has_account, part, user) IN (
         SELECT application, has_account, part, user FROM user_names WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM users WHERE (application, id) IN (
         SELECT application, id FROM users WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM open_topics WHERE application IN (
         SELECT application FROM open_topics WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM tokens WHERE token_hash IN (
         SELECT token_hash FROM tokens WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM mentions WHERE log IN (SELECT id FROM logs WHERE application = ?1 LIMIT ?2)",
    "DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE application = ?1 LIMIT ?2)",
];

/// Removes about this many rows of an application; returns true if nothing of it is left.
pub(super) fn remove(scope: Scope<'_>, limit: usize) -> SqlResult<bool> {
    let Scope { db, application, .. } = scope;
    let mut left = limit.saturating_sub(entries(scope, limit)?);
    for statement in STATEMENTS {
        if left == 0 {
            return Ok(false);
        }
        let most = i64::try_from(left).unwrap_or(i64::MAX);
        left = left.saturating_sub(db.prepare_cached(statement)?.execute(params![application.0, most])?);
    }
    Ok(left > 0)
}

/// Removes entries and the mentions in them; returns the number of entries.
fn entries(scope: Scope<'_>, limit: usize) -> SqlResult<usize> {
    let Scope { db, application, positions, .. } = scope;
    let mut select = db.prepare_cached("SELECT log, seq FROM entries WHERE application = ?1 LIMIT ?2")?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<(i64, i64)> =
        damaged::list(&mut select, params![application.0, most], "entries", |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    for (log, seq) in &found {
        db.prepare_cached("DELETE FROM mentions WHERE log = ? AND seq = ?")?.execute(params![log, seq])?;
        let mut delete =
            db.prepare_cached("DELETE FROM entries WHERE application = ? AND log = ? AND seq = ?")?;
        delete.execute(params![application.0, log, seq])?;
    }
    if !found.is_empty() {
        positions.keep(db)?;
    }
    Ok(found.len())
}
