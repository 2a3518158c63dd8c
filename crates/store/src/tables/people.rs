//! Users: names, profiles and pictures.

use bytes::Bytes;
use chat::store::Profile;
use wire::{ApplicationId, Description, Person, PersonName, Timestamp, UserId};

use super::values::checked;
use super::{damaged, guests};
use crate::sql::{Db, Row, SqlResult, params};

/// Returns a user; the system user of an application is none that others meet.
pub(super) fn user(db: Db<'_>, application: ApplicationId, id: UserId) -> SqlResult<Option<Person>> {
    let mut find = db
        .prepare_cached("SELECT id, name FROM users WHERE application = ? AND id = ? AND kind <> 'system'")?;
    damaged::one(&mut find, params![application.0, id.to_string()], "users", |row| person(row, 0))
}

/// Reads a person from the columns id and name that begin at `column`. A damaged name gets a replacement: its user
/// keeps their memberships.
pub(super) fn person(row: Row<'_>, column: usize) -> SqlResult<Person> {
    let id = checked(row, column, |id: String| id.parse().ok())?;
    let name = checked(row, column + 1, |name: String| PersonName::new(&name).ok().map(Some));
    let name = match damaged::or(row, "users", name, None)? {
        Some(name) => name,
        None => checked(row, column, |_: String| PersonName::new("Damaged name").ok())?,
    };
    Ok(Person { id, name })
}

/// Returns true if a user was deleted.
pub(super) fn is_deleted(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM users WHERE application = ? AND id = ? AND kind = 'deleted'")?
        .exists(params![application.0, user.to_string()])
}

/// Writes the system user of an application, under the name that others see.
pub(super) fn put_system_user(
    db: Db<'_>,
    application: ApplicationId,
    author: &Person,
    since: Timestamp,
) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO users (application, id, name, since, kind) VALUES (?, ?, ?, ?, 'system')
         ON CONFLICT (application, id) DO UPDATE SET name = excluded.name",
    )?;
    insert.execute(params![application.0, author.id.to_string(), author.name.as_str(), since.0]).map(|_| ())
}

/// Returns the profile of a user.
pub(super) fn profile(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Option<Profile>> {
    let mut find = db.prepare_cached(
        "SELECT id, name, since, bio, EXISTS (
             SELECT 1 FROM pictures WHERE pictures.application = users.application AND pictures.user = users.id)
         FROM users WHERE application = ? AND id = ? AND kind <> 'system'",
    )?;
    damaged::one(&mut find, params![application.0, user.to_string()], "users", |row| {
        let bio = checked(row, 3, |bio: String| Description::new(&bio).ok());
        Ok(Profile {
            person: person(row, 0)?,
            since: Timestamp(row.get(2)?),
            bio: damaged::or(row, "users", bio, Description::default())?,
            has_picture: row.get(4)?,
        })
    })
}

/// Returns the users after one of them, by id, but guests who never did anything.
pub(super) fn after(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<Profile>> {
    let mut select = db.prepare_cached(
        "SELECT id, EXISTS (
             SELECT 1 FROM newcomers WHERE newcomers.application = users.application AND newcomers.user = users.id)
         FROM users WHERE application = ? AND id > ? AND kind <> 'system' ORDER BY id LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let (mut users, mut after) = (Vec::new(), after.map_or_else(String::new, |after| after.to_string()));
    loop {
        let mut page = Vec::new();
        let mut rows = select.query(params![application.0, after, most])?;
        while let Some(row) = rows.next()? {
            page.push((row.get::<String>(0)?, row.get::<bool>(1)?));
        }
        drop(rows);
        let Some((last, _)) = page.last() else { return Ok(users) };
        after.clone_from(last);
        for (id, is_newcomer) in page {
            let Ok(user) = id.parse() else { continue };
            if is_newcomer && !guests::has_done_something(db, application, user)? {
                continue;
            }
            users.extend(profile(db, application, user)?);
            if users.len() == limit {
                return Ok(users);
            }
        }
    }
}

/// Returns the picture of a user.
pub(super) fn picture(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Option<Bytes>> {
    let mut find = db.prepare_cached("SELECT user, jpeg FROM pictures WHERE application = ? AND user = ?")?;
    let key = params![application.0, user.to_string()];
    damaged::one(&mut find, key, "pictures", |row| row.get::<Vec<u8>>(1).map(Bytes::from))
}

/// Sets the bio of a user.
pub(super) fn describe(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    bio: &Description,
) -> SqlResult<()> {
    let mut update = db.prepare_cached("UPDATE users SET bio = ? WHERE application = ? AND id = ?")?;
    update.execute(params![bio.as_str(), application.0, user.to_string()])?;
    Ok(())
}

/// Sets or removes the picture of a user.
pub(super) fn portray(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    picture: Option<&Bytes>,
) -> SqlResult<()> {
    match picture {
        Some(jpeg) => db
            .prepare_cached(
                "INSERT INTO pictures (application, user, jpeg) VALUES (?, ?, ?)
                 ON CONFLICT (application, user) DO UPDATE SET jpeg = excluded.jpeg",
            )?
            .execute(params![application.0, user.to_string(), jpeg.as_ref()])?,
        None => db
            .prepare_cached("DELETE FROM pictures WHERE application = ? AND user = ?")?
            .execute(params![application.0, user.to_string()])?,
    };
    Ok(())
}
