use bytes::Bytes;
use chat::store::{Outcome, Profile};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use wire::{Description, Timestamp, UserId};

use super::groups::person;
use super::values::checked;

/// What somebody tells of themselves.
pub(super) fn profile(db: &Connection, user: UserId) -> rusqlite::Result<Option<Profile>> {
    let mut find = db.prepare_cached(
        "SELECT id, name, since, bio, EXISTS (SELECT 1 FROM pictures WHERE user = users.id)
         FROM users WHERE id = ?",
    )?;
    find.query_row([user.to_string()], |row| {
        Ok(Profile {
            person: person(row, 0)?,
            since: Timestamp(row.get(2)?),
            bio: checked(row, 3, |bio: String| Description::new(&bio).ok())?,
            has_picture: row.get(4)?,
        })
    })
    .optional()
}

/// The picture of a user.
pub(super) fn picture(db: &Connection, user: UserId) -> rusqlite::Result<Option<Bytes>> {
    let mut find = db.prepare_cached("SELECT jpeg FROM pictures WHERE user = ?")?;
    find.query_row([user.to_string()], |row| row.get::<_, Vec<u8>>(0).map(Bytes::from)).optional()
}

/// Somebody tells something else of themselves.
pub(super) fn describe(db: &Transaction<'_>, user: UserId, bio: &Description) -> rusqlite::Result<Outcome> {
    let mut update = db.prepare_cached("UPDATE users SET bio = ? WHERE id = ?")?;
    update.execute(params![bio.as_str(), user.to_string()])?;
    Ok(Outcome::Done)
}

/// Somebody has another picture, or none.
pub(super) fn portray(
    db: &Transaction<'_>,
    user: UserId,
    picture: Option<&Bytes>,
) -> rusqlite::Result<Outcome> {
    match picture {
        Some(jpeg) => db
            .prepare_cached("INSERT OR REPLACE INTO pictures (user, jpeg) VALUES (?, ?)")?
            .execute(params![user.to_string(), jpeg.as_ref()])?,
        None => db.prepare_cached("DELETE FROM pictures WHERE user = ?")?.execute([user.to_string()])?,
    };
    Ok(Outcome::Done)
}
