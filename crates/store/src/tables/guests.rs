//! Guests: users without an account, deleted if they never do anything.

use wire::{ApplicationId, Timestamp, UserId};

use super::values::{checked, sender};
use super::{damaged, names, people, user_tokens};
use crate::sql::{Db, SqlResult, params};

/// Stores a new user as a guest that has done nothing yet.
pub(super) fn came(db: Db<'_>, application: ApplicationId, user: UserId, at: Timestamp) -> SqlResult<()> {
    db.prepare_cached(
        "INSERT INTO newcomers (application, user, since) VALUES (?, ?, ?)
         ON CONFLICT (application, user) DO UPDATE SET since = excluded.since",
    )?
    .execute(params![application.0, user.to_string(), at.0])
    .map(|_| ())
}

/// Deletes guests of an application who never did anything and were not seen since; examines at most this many.
pub(super) fn sweep(
    db: Db<'_>,
    application: ApplicationId,
    before: Timestamp,
    most: usize,
) -> SqlResult<Vec<UserId>> {
    let mut select = db.prepare_cached(
        "SELECT user FROM newcomers WHERE application = ? AND since < ? ORDER BY since LIMIT ?",
    )?;
    let key = params![application.0, before.0, most];
    let users: Vec<UserId> = damaged::list(&mut select, key, "newcomers", |row| {
        checked(row, 0, |user: String| user.parse().ok())
    })?;
    let mut gone = Vec::new();
    for user in users {
        let id = user.to_string();
        let key = params![application.0, id];
        db.prepare_cached("DELETE FROM newcomers WHERE application = ? AND user = ?")?.execute(key)?;
        if has_done_something(db, application, user)? {
            continue;
        }
        let seen: Option<i64> = db
            .prepare_cached("SELECT max(seen) FROM sessions WHERE application = ? AND user = ?")?
            .query_row(key, |row| damaged::or(row, "sessions", row.get(0), None))?;
        match seen {
            Some(seen) if seen >= before.0 => came(db, application, user, Timestamp(seen))?,
            _ => {
                db.prepare_cached("DELETE FROM sessions WHERE application = ? AND user = ?")?.execute(key)?;
                user_tokens::remove_links(db, application, user)?;
                if let Some(person) = people::user(db, application, user)? {
                    names::forget_user(db, application, user, person.name.as_str(), false)?;
                }
                db.prepare_cached("DELETE FROM users WHERE application = ? AND id = ?")?.execute(key)?;
                gone.push(user);
            }
        }
    }
    Ok(gone)
}

/// Returns true if any other data of a user is stored; each part is found by an index.
pub(super) fn has_done_something(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<bool> {
    let mut find = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE application = ?1 AND user = ?2)
             OR EXISTS (SELECT 1 FROM members WHERE application = ?1 AND user = ?2)
             OR EXISTS (SELECT 1 FROM directs WHERE application = ?1 AND user = ?2)
             OR EXISTS (SELECT 1 FROM blocks WHERE application = ?1 AND user = ?2)
             OR EXISTS (SELECT 1 FROM blocks WHERE application = ?1 AND blocked = ?2)
             OR EXISTS (SELECT 1 FROM logs WHERE application = ?1 AND topic = 'user/' || ?2)
             OR EXISTS (SELECT 1 FROM entries WHERE application = ?1 AND sender = ?3)",
    )?;
    let sender = sender(chat::store::Sender::User(user));
    find.query_row(params![application.0, user.to_string(), sender], |row| row.get(0))
}
