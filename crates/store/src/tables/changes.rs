//! Changes of groups, as rows.

use chat::rules::Audience;
use chat::store::{
    Checked, Fact, GroupChange, GroupWithMessage, GroupWithMessageOutcome, LogOutcome, Version, folded,
};
use wire::{ApplicationId, GroupId, Invite, JoinPolicy, Member, Settings, Topic};

use super::append::{append, sent_before};
use super::scope::Scope;
use super::values::{join_policy, role, sender};
use super::{damaged, files, hooks, keyed, names, restricted};
use crate::sql::{Db, SqlResult, ToValue, params};

/// Changes a group, if it is what was looked at when that was decided.
pub(super) fn apply(scope: Scope<'_>, change: &GroupChange) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    let id = change.group.to_string();
    let key = params![application.0, id];
    let mut find = db.prepare_cached("SELECT id, version FROM groups WHERE application = ? AND id = ?")?;
    let version = damaged::one(&mut find, key, "groups", |row| row.get::<u64>(1).map(Version))?;
    if version != change.version {
        return Ok(Checked::Stale);
    }
    if is_key_taken(scope, change)? {
        return Ok(Checked::Stale);
    }
    // An id of the caller's names one change.
    for draft in &change.news {
        if sent_before(scope, draft)?.is_some() {
            return Ok(Checked::Stale);
        }
    }
    for fact in &change.facts {
        establish(scope, change.group, &id, fact)?;
    }
    db.prepare_cached("UPDATE groups SET version = version + 1 WHERE application = ? AND id = ?")?
        .execute(key)?;
    for draft in &change.news {
        append(scope, draft)?;
    }
    Ok(Checked::Done)
}

/// Creates a group with its first message, for everyone or for some members.
pub(super) fn create_with_message(
    scope: Scope<'_>,
    new: &GroupWithMessage,
) -> SqlResult<GroupWithMessageOutcome> {
    let GroupWithMessage { change, draft, recipients, files } = new;
    // A repeat of the message that created the group has another topic: it is found in the group of the key.
    if is_key_taken(scope, change)? {
        return Ok(GroupWithMessageOutcome::Stale);
    }
    if let Some(outcome) = sent_before(scope, draft)? {
        return Ok(GroupWithMessageOutcome::Message(outcome));
    }
    if let Some(refusal) = files::check(scope, &sender(draft.sender), files)? {
        return Ok(GroupWithMessageOutcome::Message(LogOutcome::Refused(refusal)));
    }
    if apply(scope, change)? == Checked::Stale {
        return Ok(GroupWithMessageOutcome::Stale);
    }
    let seq = match recipients {
        None => append(scope, draft)?,
        Some(users) => {
            let readers = restricted::author(draft).into_iter().chain(users.iter().copied());
            restricted::append_to(scope, draft, &Audience::of(readers.collect()))?
        }
    };
    files::attach(scope, &draft.topic, seq, files)?;
    Ok(GroupWithMessageOutcome::Message(LogOutcome::Posted { seq }))
}

/// Returns true if the change gives a group a key that another one has.
fn is_key_taken(scope: Scope<'_>, change: &GroupChange) -> SqlResult<bool> {
    for fact in &change.facts {
        if let Fact::Keyed(key) = fact
            && keyed::group(scope.db, scope.application, key)?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn establish(scope: Scope<'_>, id: GroupId, group: &str, fact: &Fact) -> SqlResult<()> {
    let Scope { db, application, .. } = scope;
    let run = |sql: &str, values: &[&dyn ToValue]| db.prepare_cached(sql)?.execute(values).map(|_| ());
    match fact {
        Fact::Created { settings, at } => {
            run(
                "INSERT INTO groups (application, id, name, sort, member_limit, version, since)
                 VALUES (?, ?, '', '', 0, 0, ?)",
                &[&application.0, &group, &at.0],
            )?;
            settle(db, application, group, settings)
        }
        Fact::Keyed(key) => keyed::key_group(db, application, group, key),
        Fact::Numbered => keyed::number_group(db, application, group),
        Fact::SettingsChanged(settings) => settle(db, application, group, settings),
        Fact::Deleted => delete(scope, id, group),
        Fact::MemberAdded(Member { person, role: as_role, since, muted_until, .. }) => {
            run(
                "INSERT INTO members (application, \"group\", user, role, since, muted_until, read_mark, joined_seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                     coalesce((SELECT head FROM logs WHERE application = ?1 AND topic = 'group/' || ?2), 0),
                     coalesce((SELECT head FROM logs WHERE application = ?1 AND topic = 'group/' || ?2), 0))",
                &[
                    &application.0,
                    &group,
                    &person.id.to_string(),
                    &role(*as_role),
                    &since.0,
                    &muted_until.map(|until| until.0),
                ],
            )?;
            run(
                "UPDATE groups SET members = members + 1 WHERE application = ? AND id = ?",
                &[&application.0, &group],
            )
        }
        Fact::AddedBy { to, by } => run(
            "UPDATE members SET given_by = ? WHERE application = ? AND \"group\" = ? AND user = ?",
            &[&by.to_string(), &application.0, &group, &to.to_string()],
        ),
        Fact::MemberRemoved(user) => {
            let mut delete = db
                .prepare_cached("DELETE FROM members WHERE application = ? AND \"group\" = ? AND user = ?")?;
            let gone = delete.execute(params![application.0, group, user.to_string()])?;
            run(
                "UPDATE groups SET members = members - ? WHERE application = ? AND id = ?",
                &[&gone, &application.0, &group],
            )
        }
        Fact::RoleChanged(user, as_role) => run(
            "UPDATE members SET role = ? WHERE application = ? AND \"group\" = ? AND user = ?",
            &[&role(*as_role), &application.0, &group, &user.to_string()],
        ),
        Fact::Muted(user, until) => run(
            "UPDATE members SET muted_until = ? WHERE application = ? AND \"group\" = ? AND user = ?",
            &[&until.map(|until| until.0), &application.0, &group, &user.to_string()],
        ),
        Fact::Banned(person) => run(
            "INSERT INTO bans (application, \"group\", user) VALUES (?, ?, ?)",
            &[&application.0, &group, &person.id.to_string()],
        ),
        Fact::Unbanned(user) => run(
            "DELETE FROM bans WHERE application = ? AND \"group\" = ? AND user = ?",
            &[&application.0, &group, &user.to_string()],
        ),
        Fact::Invited(Invite { id, by, until, uses }) => run(
            "INSERT INTO invites (application, \"group\", secret, by, until, uses) VALUES (?, ?, ?, ?, ?, ?)",
            &[&application.0, &group, &id.to_string(), &by.id.to_string(), &until.map(|until| until.0), uses],
        ),
        Fact::InviteUsed(id) => run(
            "UPDATE invites SET uses = max(uses - 1, 0)
             WHERE application = ? AND \"group\" = ? AND secret = ? AND uses IS NOT NULL",
            &[&application.0, &group, &id.to_string()],
        ),
        Fact::InviteRevoked(id) => run(
            "DELETE FROM invites WHERE application = ? AND \"group\" = ? AND secret = ?",
            &[&application.0, &group, &id.to_string()],
        ),
        Fact::Hook(fact) => hooks::establish(db, application, group, fact),
    }
}

fn settle(db: Db<'_>, application: ApplicationId, group: &str, settings: &Settings) -> SqlResult<()> {
    forget_name(db, application, group)?;
    let listed = settings.join_policy == JoinPolicy::Listed && !settings.archived;
    names::note_group(db, application, group, settings.name.as_str(), listed)?;
    let mut update = db.prepare_cached(
        "UPDATE groups SET name = ?, sort = ?, description = ?, member_limit = ?, join_policy = ?, announcing = ?,
                           slow_s = ?, archived = ?, listed = ?
         WHERE application = ? AND id = ?",
    )?;
    update.execute(params![
        settings.name.as_str(),
        folded(settings.name.as_str()),
        settings.description.as_str(),
        settings.limit,
        join_policy(settings.join_policy),
        settings.announcing,
        settings.slow_s,
        settings.archived,
        settings.join_policy == JoinPolicy::Listed,
        application.0,
        group
    ])?;
    Ok(())
}

/// The name of a group is no longer found.
fn forget_name(db: Db<'_>, application: ApplicationId, group: &str) -> SqlResult<()> {
    let mut find = db.prepare_cached(
        "SELECT id, name, listed AND NOT archived FROM groups WHERE application = ? AND id = ?",
    )?;
    let old = damaged::one(&mut find, params![application.0, group], "groups", |row| {
        Ok((row.get::<String>(1)?, row.get(2)?))
    })?;
    match old {
        Some((name, listed)) => names::forget_group(db, application, group, &name, listed),
        None => Ok(()),
    }
}

/// Nothing of a group stays behind, and nothing of what was said in it.
fn delete(scope: Scope<'_>, id: GroupId, group: &str) -> SqlResult<()> {
    let Scope { db, application, positions, .. } = scope;
    let key = params![application.0, group];
    forget_name(db, application, group)?;
    for table in ["members", "bans", "invites", "hooks", "group_keys"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE application = ? AND \"group\" = ?"))?
            .execute(key)?;
    }
    db.prepare_cached("DELETE FROM groups WHERE application = ? AND id = ?")?.execute(key)?;
    for topic in [Topic::group(id), Topic::audit(id)] {
        let mut mentions = db.prepare_cached(
            "DELETE FROM mentions WHERE log = (SELECT id FROM logs WHERE application = ? AND topic = ?)",
        )?;
        mentions.execute(params![application.0, topic.as_str()])?;
        let key = params![application.0, topic.as_str()];
        let mut recipients = db.prepare_cached(
            "DELETE FROM recipients WHERE application = ?1
                 AND log = (SELECT id FROM logs WHERE application = ?1 AND topic = ?2)",
        )?;
        recipients.execute(key)?;
        let mut restricted = db.prepare_cached(
            "DELETE FROM restricted WHERE application = ?1
                 AND log = (SELECT id FROM logs WHERE application = ?1 AND topic = ?2)",
        )?;
        restricted.execute(key)?;
        let mut entries = db.prepare_cached(
            "DELETE FROM entries WHERE log = (SELECT id FROM logs WHERE application = ? AND topic = ?)",
        )?;
        entries.execute(params![application.0, topic.as_str()])?;
        let mut log = db.prepare_cached("DELETE FROM logs WHERE application = ? AND topic = ?")?;
        log.execute(params![application.0, topic.as_str()])?;
        files::detach_before(scope, &topic, None)?;
        scope.closed(&topic);
    }
    positions.keep(db)
}
