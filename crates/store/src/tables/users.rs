//! Writes of users: guests, profiles, blocks, preferences, and what a deleted user loses.

use chat::store::{Done, Revocation, Sessions, UserWrite};
use wire::{Timestamp, UserKey};

use super::append::append;
use super::marks::seat;
use super::scope::Scope;
use super::values::notify;
use super::{ended_sessions, guests, jobs, keyed, names, people, sessions, user_tokens};
use crate::sql::{SqlResult, params};

/// Carries out a change of what a user has.
pub(super) fn write(scope: Scope<'_>, write: &UserWrite) -> SqlResult<Done> {
    let Scope { db, application, .. } = scope;
    match write {
        UserWrite::CreateGuest { person, session } => {
            let mut user =
                db.prepare_cached("INSERT INTO users (application, id, name, since) VALUES (?, ?, ?, ?)")?;
            user.execute(params![application.0, person.id.to_string(), person.name.as_str(), session.at.0])?;
            guests::came(db, application, person.id, session.at)?;
            names::note_user(db, application, person.id, person.name.as_str(), false)?;
            sessions::begin(db, application, person.id, session)?;
        }
        UserWrite::Remove { user, name, tokens_valid_from, at } => {
            user_tokens::end_user(db, application, *user, *tokens_valid_from)?;
            let before = Timestamp(i64::MAX);
            let mut ended = vec![Revocation::Issued { application, user: Some(*user), before }];
            if keyed::remove_user(db, application, *user, name)? {
                let user = UserKey { application, user: *user };
                ended.push(Revocation::Sessions { user, which: Sessions::All });
            }
            ended_sessions::note(scope, *at, &ended)?;
        }
        UserWrite::SetBio { user, bio } => people::describe(db, application, *user, bio)?,
        UserWrite::SetAvatar { user, picture } => people::portray(db, application, *user, picture.as_ref())?,
        UserWrite::Block { by, user, on } => {
            let key = params![application.0, by.to_string(), user.to_string()];
            db.prepare_cached("DELETE FROM blocks WHERE application = ? AND user = ? AND blocked = ?")?
                .execute(key)?;
            if *on {
                // A row of its own, even if there was one: the newest comes first in the list.
                db.prepare_cached("INSERT INTO blocks (application, user, blocked) VALUES (?, ?, ?)")?
                    .execute(key)?;
            }
        }
        UserWrite::SetPreferences { conversation, user, notify: wish, hidden, news } => {
            let (table, seat) = seat(*conversation, *user);
            let mut update = db.prepare_cached(&format!(
                "UPDATE {table} SET notify = ?1, hidden = ?2 WHERE application = ?3 AND {} = ?4 AND user = ?5",
                seat.column
            ))?;
            let key = params![notify(*wish), hidden, application.0, seat.value, user.to_string()];
            if update.execute(key)? > 0 {
                append(scope, news)?;
            }
        }
        UserWrite::KeepRefusals { user, seq, refused } => {
            jobs::keep_refusals(db, application, *user, *seq, refused)?;
        }
    }
    Ok(Done)
}
