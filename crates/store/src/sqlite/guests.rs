//! Guests: users without an account, deleted if they never do anything.

use rusqlite::{Transaction, params};
use wire::{Timestamp, UserId};

use super::values::{APPLICATION, checked, sender};
use super::{damaged, names, people};

/// Stores a new user as a guest that has done nothing yet.
pub(super) fn came(db: &Transaction<'_>, user: UserId, at: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO newcomers (user, since) VALUES (?, ?)")?
        .execute(params![user.to_string(), at.0])
        .map(|_| ())
}

/// Deletes guests who never did anything and were not seen since; examines at most this many.
pub(super) fn sweep(db: &Transaction<'_>, before: Timestamp, most: usize) -> rusqlite::Result<Vec<UserId>> {
    let mut select =
        db.prepare_cached("SELECT user FROM newcomers WHERE since < ? ORDER BY since LIMIT ?")?;
    let users: Vec<UserId> = damaged::list(&mut select, params![before.0, most], "newcomers", |row| {
        checked(row, 0, |user: String| user.parse().ok())
    })?;
    let mut gone = Vec::new();
    for user in users {
        let id = user.to_string();
        db.prepare_cached("DELETE FROM newcomers WHERE user = ?")?.execute([&id])?;
        if has_done_something(db, user)? {
            continue;
        }
        let seen: Option<i64> = db
            .prepare_cached("SELECT max(seen) FROM sessions WHERE user = ?")?
            .query_row([&id], |row| damaged::or(row, "sessions", row.get(0), None))?;
        match seen {
            Some(seen) if seen >= before.0 => came(db, user, Timestamp(seen))?,
            _ => {
                db.prepare_cached("DELETE FROM sessions WHERE user = ?")?.execute([&id])?;
                if let Some(person) = people::user(db, user)? {
                    names::forget_user(db, user, person.name.as_str(), false)?;
                }
                db.prepare_cached("DELETE FROM users WHERE id = ?")?.execute([&id])?;
                gone.push(user);
            }
        }
    }
    Ok(gone)
}

/// Returns true if any other data of a user is stored; each part is found by an index.
fn has_done_something(db: &Transaction<'_>, user: UserId) -> rusqlite::Result<bool> {
    let mut find = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE user = ?1)
             OR EXISTS (SELECT 1 FROM members WHERE user = ?1)
             OR EXISTS (SELECT 1 FROM directs WHERE user = ?1)
             OR EXISTS (SELECT 1 FROM blocks WHERE user = ?1)
             OR EXISTS (SELECT 1 FROM blocks WHERE blocked = ?1)
             OR EXISTS (SELECT 1 FROM logs WHERE application = ?2 AND topic = 'user/' || ?1)
             OR EXISTS (SELECT 1 FROM entries WHERE application = ?2 AND sender = ?3)",
    )?;
    let sender = sender(chat::store::Sender::User(user));
    find.query_row(params![user.to_string(), APPLICATION, sender], |row| row.get(0))
}
