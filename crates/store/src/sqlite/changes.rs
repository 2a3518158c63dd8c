//! Changes of groups, as rows.

use chat::store::{Fact, GroupChange, Outcome, Version, folded};
use rusqlite::{ToSql, Transaction, params};
use wire::{Invite, JoinPolicy, Member, Settings};

use super::append::append;
use super::values::{APPLICATION, join_policy, role};
use super::{damaged, names};

/// Changes a group, if it is what was looked at when that was decided.
pub(super) fn apply(db: &Transaction<'_>, change: &GroupChange) -> rusqlite::Result<Outcome> {
    let id = change.group.to_string();
    let mut find = db.prepare_cached("SELECT id, version FROM groups WHERE id = ?")?;
    let version = damaged::one(&mut find, [&id], "groups", |row| row.get::<_, u64>(1).map(Version))?;
    if version != change.version {
        return Ok(Outcome::Stale);
    }
    for fact in &change.facts {
        establish(db, &id, fact)?;
    }
    db.prepare_cached("UPDATE groups SET version = version + 1 WHERE id = ?")?.execute([&id])?;
    let places = change.news.iter().map(|draft| append(db, draft)).collect::<Result<_, _>>()?;
    Ok(Outcome::Changed { places })
}

fn establish(db: &Transaction<'_>, group: &str, fact: &Fact) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn ToSql]| db.prepare_cached(sql)?.execute(values).map(|_| ());
    match fact {
        Fact::Created { settings, at } => {
            run(
                "INSERT INTO groups (id, application, name, sort, member_limit, version, since)
                 VALUES (?, ?, '', '', 0, 0, ?)",
                &[&group, &APPLICATION, &at.0],
            )?;
            settle(db, group, settings)
        }
        Fact::SettingsChanged(settings) => settle(db, group, settings),
        Fact::Deleted => delete(db, group),
        Fact::MemberAdded(Member { person, role: as_role, since, muted_until, .. }) => {
            run(
                "INSERT INTO members (\"group\", user, role, since, muted_until, read_mark)
                 VALUES (?1, ?2, ?3, ?4, ?5, coalesce(
                     (SELECT head FROM logs WHERE application = 1 AND topic = 'group/' || ?1), 0))",
                &[
                    &group,
                    &person.id.to_string(),
                    &role(*as_role),
                    &since.0,
                    &muted_until.map(|until| until.0),
                ],
            )?;
            run("UPDATE groups SET members = members + 1 WHERE id = ?", &[&group])
        }
        Fact::AddedBy { to, by } => run(
            "UPDATE members SET given_by = ? WHERE \"group\" = ? AND user = ?",
            &[&by.to_string(), &group, &to.to_string()],
        ),
        Fact::MemberRemoved(user) => {
            let mut delete = db.prepare_cached("DELETE FROM members WHERE \"group\" = ? AND user = ?")?;
            let gone = delete.execute(params![group, user.to_string()])?;
            run("UPDATE groups SET members = members - ? WHERE id = ?", &[&gone, &group])
        }
        Fact::RoleChanged(user, as_role) => run(
            "UPDATE members SET role = ? WHERE \"group\" = ? AND user = ?",
            &[&role(*as_role), &group, &user.to_string()],
        ),
        Fact::Muted(user, until) => run(
            "UPDATE members SET muted_until = ? WHERE \"group\" = ? AND user = ?",
            &[&until.map(|until| until.0), &group, &user.to_string()],
        ),
        Fact::Banned(person) => {
            run("INSERT INTO bans (\"group\", user) VALUES (?, ?)", &[&group, &person.id.to_string()])
        }
        Fact::Unbanned(user) => {
            run("DELETE FROM bans WHERE \"group\" = ? AND user = ?", &[&group, &user.to_string()])
        }
        Fact::Invited(Invite { id, by, until, uses }) => run(
            "INSERT INTO invites (\"group\", secret, by, until, uses) VALUES (?, ?, ?, ?, ?)",
            &[&group, &id.to_string(), &by.id.to_string(), &until.map(|until| until.0), uses],
        ),
        Fact::InviteUsed(id) => run(
            "UPDATE invites SET uses = max(uses - 1, 0) WHERE \"group\" = ? AND secret = ?",
            &[&group, &id.to_string()],
        ),
        Fact::InviteRevoked(id) => {
            run("DELETE FROM invites WHERE \"group\" = ? AND secret = ?", &[&group, &id.to_string()])
        }
    }
}

fn settle(db: &Transaction<'_>, group: &str, settings: &Settings) -> rusqlite::Result<()> {
    forget_name(db, group)?;
    let listed = settings.join_policy == JoinPolicy::Listed && !settings.archived;
    names::note_group(db, group, settings.name.as_str(), listed)?;
    let mut update = db.prepare_cached(
        "UPDATE groups SET name = ?, sort = ?, description = ?, member_limit = ?, door = ?, announcing = ?, slow_s = ?,
                           archived = ?, listed = ?
         WHERE id = ?",
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
        group
    ])?;
    Ok(())
}

/// The name of a group is no longer found.
fn forget_name(db: &Transaction<'_>, group: &str) -> rusqlite::Result<()> {
    let mut find = db.prepare_cached("SELECT id, name, listed AND NOT archived FROM groups WHERE id = ?")?;
    let old = damaged::one(&mut find, [group], "groups", |row| Ok((row.get::<_, String>(1)?, row.get(2)?)))?;
    match old {
        Some((name, listed)) => names::forget_group(db, group, &name, listed),
        None => Ok(()),
    }
}

/// Nothing of a group stays behind, and nothing of what was said in it.
fn delete(db: &Transaction<'_>, group: &str) -> rusqlite::Result<()> {
    forget_name(db, group)?;
    for table in ["members", "bans", "invites"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE \"group\" = ?"))?.execute([group])?;
    }
    db.prepare_cached("DELETE FROM groups WHERE id = ?")?.execute([group])?;
    for topic in [format!("group/{group}"), format!("audit/{group}")] {
        let mut mentions = db.prepare_cached(
            "DELETE FROM mentions WHERE log = (SELECT id FROM logs WHERE application = ? AND topic = ?)",
        )?;
        mentions.execute(params![APPLICATION, topic])?;
        let mut entries = db.prepare_cached(
            "DELETE FROM entries WHERE log = (SELECT id FROM logs WHERE application = ? AND topic = ?)",
        )?;
        entries.execute(params![APPLICATION, topic])?;
        let mut log = db.prepare_cached("DELETE FROM logs WHERE application = ? AND topic = ?")?;
        log.execute(params![APPLICATION, topic])?;
    }
    Ok(())
}
