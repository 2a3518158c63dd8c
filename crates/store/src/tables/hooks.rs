//! Incoming webhooks as rows.

use chat::TokenHash;
use chat::names::HookName;
use chat::store::{FoundHook, Hook, HookFact, HookPost, LogOutcome};
use wire::{ApplicationId, GroupId, Person, PersonName, Refusal, Timestamp};

use super::commit::post_alone;
use super::damaged;
use super::scope::Scope;
use super::values::checked;
use crate::sql::{Db, Row, SqlResult, params};

/// Returns the incoming webhook with a token, whichever application it belongs to; none if that is deleted.
pub(crate) fn find(db: Db<'_>, token: TokenHash) -> SqlResult<Option<FoundHook>> {
    let mut find = db.prepare_cached(
        "SELECT hooks.name, hooks.\"group\", hooks.bot, hooks.display_name, hooks.created, hooks.application
         FROM hooks JOIN applications ON applications.application = hooks.application
         WHERE hooks.token_hash = ? AND applications.deleted IS NULL",
    )?;
    damaged::one(&mut find, [token.0], "hooks", |row| {
        Ok(FoundHook { application: ApplicationId(row.get(5)?), hook: hook(row)? })
    })
}

/// Returns the incoming webhooks of a group, by name.
pub(super) fn of_group(db: Db<'_>, application: ApplicationId, group: GroupId) -> SqlResult<Vec<Hook>> {
    let mut select = db.prepare_cached(
        "SELECT name, \"group\", bot, display_name, created
         FROM hooks WHERE application = ? AND \"group\" = ? ORDER BY name",
    )?;
    damaged::list(&mut select, params![application.0, group.to_string()], "hooks", hook)
}

/// Carries out a change of an incoming webhook of a group.
pub(super) fn establish(
    db: Db<'_>,
    application: ApplicationId,
    group: &str,
    fact: &HookFact,
) -> SqlResult<()> {
    match fact {
        HookFact::Added { hook: Hook { name, bot, created, .. }, token } => {
            let mut insert = db.prepare_cached(
                "INSERT INTO hooks (application, \"group\", name, bot, display_name, token_hash, created)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            let Person { id, name: display_name } = bot;
            insert.execute(params![
                application.0,
                group,
                name.as_str(),
                id.to_string(),
                display_name.as_str(),
                token.0,
                created.0
            ])?;
        }
        HookFact::Renamed(name, display_name) => {
            let mut rename = db.prepare_cached(
                "UPDATE hooks SET display_name = ? WHERE application = ? AND \"group\" = ? AND name = ?",
            )?;
            rename.execute(params![display_name.as_str(), application.0, group, name.as_str()])?;
        }
        HookFact::TokenReplaced(name, token) => {
            let mut replace = db.prepare_cached(
                "UPDATE hooks SET token_hash = ? WHERE application = ? AND \"group\" = ? AND name = ?",
            )?;
            replace.execute(params![token.0, application.0, group, name.as_str()])?;
        }
        HookFact::Removed(name) => {
            let mut remove =
                db.prepare_cached("DELETE FROM hooks WHERE application = ? AND \"group\" = ? AND name = ?")?;
            remove.execute(params![application.0, group, name.as_str()])?;
        }
    }
    Ok(())
}

/// Appends a message of an incoming webhook, if the group has it.
pub(super) fn post(scope: Scope<'_>, HookPost { draft, token }: &HookPost) -> SqlResult<LogOutcome> {
    // Whoever changes a webhook of the group holds this lock until the commit.
    scope.locks.take(scope.db, &scope.log(&draft.topic))?;
    let mut find = scope.db.prepare_cached(
        "SELECT 1 FROM hooks WHERE token_hash = ? AND application = ? AND ? = 'group/' || \"group\"",
    )?;
    if !find.exists(params![token.0, scope.application.0, draft.topic.as_str()])? {
        return Ok(LogOutcome::Refused(Refusal::NotFound));
    }
    post_alone(scope, draft)
}

/// Reads a webhook. A damaged display name gets a replacement: its URL keeps working.
fn hook(row: Row<'_>) -> SqlResult<Hook> {
    let display_name = checked(row, 3, |name: String| PersonName::new(&name).ok().map(Some));
    let display_name = match damaged::or(row, "hooks", display_name, None)? {
        Some(name) => name,
        None => checked(row, 0, |_: String| PersonName::new("Damaged name").ok())?,
    };
    let id = checked(row, 2, |id: String| id.parse().ok())?;
    Ok(Hook {
        name: checked(row, 0, |name: String| HookName::new(&name).ok())?,
        group: checked(row, 1, |id: String| id.parse().ok())?,
        bot: Person { id, name: display_name },
        created: Timestamp(damaged::or(row, "hooks", row.get(4), 0)?),
    })
}
