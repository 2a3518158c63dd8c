//! Applications as rows.

use chat::store::{
    Application, ApplicationConfig, ApplicationKey, ApplicationWrite, Checked, JobWrite, NewApplication,
    RemoveData, Removed, Revocation, Sessions, Version,
};
use wire::{ApplicationId, ApplicationTitle, Description, Timestamp};

use super::scope::Scope;
use super::values::checked;
use super::{application_data, damaged, ended_sessions, jobs, people, tokens};
use crate::sql::{Db, Row, SqlResult, params};

/// Carries out a change of applications and API tokens.
pub(super) fn write(scope: Scope<'_>, write: &ApplicationWrite) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    match write {
        ApplicationWrite::Change { version, title, description, config } => {
            let mut update = db.prepare_cached(
                "UPDATE applications SET title = ?2, description = ?3, config = ?4, version = version + 1
                 WHERE application = ?1 AND deleted IS NULL AND (CAST(?5 AS INTEGER) IS NULL OR version = ?5)",
            )?;
            let version = version.map(|version| version.0);
            let text = config.to_json();
            let values = params![application.0, title.as_str(), description.as_str(), text.as_str(), version];
            if update.execute(values)? == 0 {
                return Ok(Checked::Stale);
            }
            list_origins(db, application, &config.allowed_origins)?;
            sign(db, application)?;
            Ok(Checked::Done)
        }
        ApplicationWrite::AddToken(new) => tokens::add(db, application, new),
        ApplicationWrite::ReplaceTokens(new) => {
            let outcome = tokens::replace(db, application, new)?;
            if outcome == Checked::Done {
                let which = Sessions::Others(new.token);
                ended_sessions::note(scope, new.at, &[Revocation::Tokens { application, which }])?;
            }
            Ok(outcome)
        }
        ApplicationWrite::RevokeToken { token, at } => {
            let outcome = tokens::revoke(db, application, *token, *at)?;
            if outcome == Checked::Done {
                let which = Sessions::One(*token);
                ended_sessions::note(scope, *at, &[Revocation::Tokens { application, which }])?;
            }
            Ok(outcome)
        }
        ApplicationWrite::TouchToken { token, at } => tokens::touch(db, application, *token, *at),
        ApplicationWrite::Delete { at, job } => {
            let outcome = delete(db, application, *at)?;
            if outcome == Checked::Done {
                tokens::remove_all(db, application)?;
                list_origins(db, application, &[])?;
                ended_sessions::note(scope, *at, &[Revocation::Application(application)])?;
                jobs::write(db, &JobWrite::Add(vec![job.clone()]))?;
            }
            Ok(outcome)
        }
        ApplicationWrite::Forget => {
            let mut delete =
                db.prepare_cached("DELETE FROM applications WHERE application = ? AND deleted IS NOT NULL")?;
            delete.execute([application.0])?;
            Ok(Checked::Done)
        }
        ApplicationWrite::RemoveOldTokens { before } => tokens::remove_old(db, *before),
    }
}

/// Removes a part of the data of a deleted application.
pub(super) fn remove_data(scope: Scope<'_>, RemoveData { limit }: RemoveData) -> SqlResult<Removed> {
    // A job that runs again may find that the number is that of no application.
    let all = !is_deleted(scope.db, scope.application)? || application_data::remove(scope, limit)?;
    Ok(Removed { all })
}

/// Returns an application.
pub(crate) fn application(db: Db<'_>, key: ApplicationKey) -> SqlResult<Option<Application>> {
    match key {
        ApplicationKey::Id(id) => {
            let mut find = db.prepare_cached(
                "SELECT application, public_id, title, description, config, version, since, deleted,
                    key_version, previous_key_until, tokens_valid_from
                 FROM applications WHERE application = ?",
            )?;
            damaged::one(&mut find, [id.0], "applications", read)
        }
        ApplicationKey::Public(id) => {
            let mut find = db.prepare_cached(
                "SELECT application, public_id, title, description, config, version, since, deleted,
                    key_version, previous_key_until, tokens_valid_from
                 FROM applications WHERE public_id = ?",
            )?;
            damaged::one(&mut find, [id.to_string()], "applications", read)
        }
    }
}

/// Returns the applications after one of them, by their numbers.
pub(crate) fn after(db: Db<'_>, after: ApplicationId, limit: usize) -> SqlResult<Vec<Application>> {
    let mut select = db.prepare_cached(
        "SELECT application, public_id, title, description, config, version, since, deleted,
                    key_version, previous_key_until, tokens_valid_from
         FROM applications WHERE application > ? ORDER BY application LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    damaged::list(&mut select, params![after.0, limit], "applications", read)
}

/// Returns true if an application exists and is not deleted.
pub(super) fn is_alive(db: Db<'_>, application: ApplicationId) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM applications WHERE application = ? AND deleted IS NULL")?
        .exists([application.0])
}

/// Returns true if an application lists an origin; those of deleted ones are gone.
pub(crate) fn lists_origin(db: Db<'_>, origin: &str) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM allowed_origins WHERE origin = ?")?.exists([origin])
}

/// Replaces the origins by which an application is found.
fn list_origins(db: Db<'_>, application: ApplicationId, origins: &[String]) -> SqlResult<()> {
    db.prepare_cached("DELETE FROM allowed_origins WHERE application = ?")?.execute([application.0])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO allowed_origins (application, origin) VALUES (?, ?) ON CONFLICT DO NOTHING",
    )?;
    for origin in origins {
        insert.execute(params![application.0, origin])?;
    }
    Ok(())
}

fn is_deleted(db: Db<'_>, application: ApplicationId) -> SqlResult<bool> {
    db.prepare_cached("SELECT 1 FROM applications WHERE application = ? AND deleted IS NOT NULL")?
        .exists([application.0])
}

/// Adds an application and its first token; returns its number.
pub(super) fn create(db: Db<'_>, new: &NewApplication) -> SqlResult<ApplicationId> {
    let NewApplication { public_id, title, description, token } = new;
    let mut insert = db.prepare_cached(
        "INSERT INTO applications (public_id, title, description, config, since) VALUES (?, ?, ?, ?, ?)
         RETURNING application",
    )?;
    let config = ApplicationConfig::default().to_json();
    let values =
        params![public_id.to_string(), title.as_str(), description.as_str(), config.as_str(), token.at.0];
    let application = insert.query_row(values, |row| row.get(0).map(ApplicationId))?;
    sign(db, application)?;
    tokens::add(db, application, token)?;
    Ok(application)
}

/// Gives the system user of an application its title.
fn sign(db: Db<'_>, id: ApplicationId) -> SqlResult<()> {
    match application(db, ApplicationKey::Id(id))? {
        Some(found) => people::put_system_user(db, id, &found.author(), found.since),
        None => Ok(()),
    }
}

fn delete(db: Db<'_>, application: ApplicationId, at: Timestamp) -> SqlResult<Checked> {
    let mut delete =
        db.prepare_cached("UPDATE applications SET deleted = ? WHERE application = ? AND deleted IS NULL")?;
    Ok(if delete.execute(params![at.0, application.0])? == 0 { Checked::Stale } else { Checked::Done })
}

fn read(row: Row<'_>) -> SqlResult<Application> {
    Ok(Application {
        id: ApplicationId(row.get(0)?),
        public_id: checked(row, 1, |id: String| id.parse().ok())?,
        title: checked(row, 2, |title: String| ApplicationTitle::new(&title).ok())?,
        description: checked(row, 3, |description: String| Description::new(&description).ok())?,
        config: checked(row, 4, |config: String| ApplicationConfig::parse(&config))?,
        version: Version(row.get(5)?),
        since: Timestamp(row.get(6)?),
        deleted: row.get::<Option<i64>>(7)?.map(Timestamp),
        key_version: row.get(8)?,
        previous_key_until: row.get::<Option<i64>>(9)?.map(Timestamp),
        tokens_valid_from: Timestamp(row.get(10)?),
    })
}
