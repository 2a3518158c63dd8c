use chat::store::{Groups, Roster, Version};
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::{GroupId, GroupName, GroupSummary, Member, Person, PersonName, Role, Timestamp, Topic, UserId};

use super::logs;
use super::values::{checked, role_of};

/// Settings, members and version of a group.
pub(super) fn roster(db: &Connection, id: GroupId) -> rusqlite::Result<Option<Roster>> {
    let mut find = db.prepare_cached("SELECT name, member_limit, version FROM groups WHERE id = ?")?;
    let found = find
        .query_row([id.to_string()], |row| {
            let group = GroupSummary { id, name: group_name(row, 0)? };
            Ok((group, row.get::<_, u32>(1)?, Version(row.get(2)?)))
        })
        .optional()?;
    let Some((group, limit, version)) = found else { return Ok(None) };
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since
         FROM members JOIN users ON users.id = members.user
         WHERE members.\"group\" = ? ORDER BY members.id",
    )?;
    let members = select.query_map([id.to_string()], member)?.collect::<Result<_, _>>()?;
    let head = logs::head(db, &Topic::group(id))?;
    Ok(Some(Roster { group, limit, members, version, head }))
}

/// What a user may do in a group.
pub(super) fn seat(db: &Connection, group: GroupId, user: UserId) -> rusqlite::Result<Option<Role>> {
    let mut find = db.prepare_cached("SELECT role FROM members WHERE \"group\" = ? AND user = ?")?;
    find.query_row(params![group.to_string(), user.to_string()], |row| {
        checked(row, 0, |role: String| role_of(&role))
    })
    .optional()
}

/// The groups of a user, the one joined last first.
pub(super) fn of_user(db: &Connection, user: UserId) -> rusqlite::Result<Groups> {
    let mut select = db.prepare_cached(
        "SELECT groups.id, groups.name FROM members JOIN groups ON groups.id = members.\"group\"
         WHERE members.user = ? ORDER BY members.id DESC",
    )?;
    let groups = select.query_map([user.to_string()], |row| {
        Ok(GroupSummary { id: checked(row, 0, |id: String| id.parse().ok())?, name: group_name(row, 1)? })
    })?;
    Ok(Groups { groups: groups.collect::<Result<_, _>>()?, head: logs::head(db, &Topic::user(user))? })
}

/// A person, from the columns id and name that begin at `column`.
pub(super) fn person(row: &Row<'_>, column: usize) -> rusqlite::Result<Person> {
    let id = checked(row, column, |id: String| id.parse().ok())?;
    let name = checked(row, column + 1, |name: String| PersonName::new(&name).ok())?;
    Ok(Person { id, name })
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    let role = checked(row, 2, |role: String| role_of(&role))?;
    Ok(Member { person: person(row, 0)?, role, since: Timestamp(row.get(3)?) })
}

fn group_name(row: &Row<'_>, column: usize) -> rusqlite::Result<GroupName> {
    checked(row, column, |name: String| GroupName::new(&name).ok())
}
