use std::collections::BTreeMap;

use chat::store::{CALLED, GroupOverview, Listing, Roster, Seats, Standing, Version, folded};
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::{
    Description, GroupId, GroupName, GroupSummary, Invite, Member, Settings, Timestamp, Topic, UserId,
};

use super::people::person;
use super::values::{APPLICATION, checked, door_of, notify_of, role_of, seq};
use super::{logs, names};

/// Settings, members, bans, invites and version of a group.
pub(super) fn roster(db: &Connection, id: GroupId) -> rusqlite::Result<Option<Roster>> {
    let mut find = db.prepare_cached(
        "SELECT name, description, member_limit, door, listed, announcing, slow_s, archived, version
         FROM groups WHERE id = ?",
    )?;
    let found =
        find.query_row([id.to_string()], |row| Ok((settings(row)?, Version(row.get(8)?)))).optional()?;
    let Some((settings, version)) = found else { return Ok(None) };
    let mut members = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                EXISTS (SELECT 1 FROM accounts WHERE accounts.user = members.user)
         FROM members JOIN users ON users.id = members.user
         WHERE members.\"group\" = ? ORDER BY members.id",
    )?;
    let mut bans = db.prepare_cached(
        "SELECT users.id, users.name FROM bans JOIN users ON users.id = bans.user
         WHERE bans.\"group\" = ? ORDER BY bans.id",
    )?;
    let mut invites = db.prepare_cached(
        "SELECT users.id, users.name, invites.secret, invites.until, invites.uses
         FROM invites JOIN users ON users.id = invites.by
         WHERE invites.\"group\" = ? ORDER BY invites.id",
    )?;
    Ok(Some(Roster {
        id,
        settings,
        members: members.query_map([id.to_string()], member)?.collect::<Result<_, _>>()?,
        bans: bans.query_map([id.to_string()], |row| person(row, 0))?.collect::<Result<_, _>>()?,
        invites: invites.query_map([id.to_string()], invite)?.collect::<Result<_, _>>()?,
        version,
        head: logs::head(db, &Topic::group(id))?,
    }))
}

/// How a user stands in a group.
pub(super) fn standing(db: &Connection, group: GroupId, user: UserId) -> rusqlite::Result<Option<Standing>> {
    let mut find = db.prepare_cached(
        "SELECT groups.archived, groups.announcing, groups.slow_s,
                members.role, members.muted_until, members.spoke_at, coalesce(members.read_mark, 0),
                coalesce(members.notify, 'all'), coalesce(members.hidden, 0),
                coalesce(members.delivered_mark, 0), coalesce(members.seen_mark, 0)
         FROM groups LEFT JOIN members ON members.\"group\" = groups.id AND members.user = ?
         WHERE groups.id = ?",
    )?;
    let found = find.query_row(params![user.to_string(), group.to_string()], |row| {
        let role = checked(row, 3, |role: Option<String>| match role {
            None => Some(None),
            Some(role) => role_of(&role).map(Some),
        })?;
        Ok(Standing {
            role,
            muted_until: row.get::<_, Option<i64>>(4)?.map(Timestamp),
            spoke_at: row.get::<_, Option<i64>>(5)?.map(Timestamp),
            archived: row.get(0)?,
            announcing: row.get(1)?,
            slow_s: row.get(2)?,
            read: seq(row, 6)?,
            notify: checked(row, 7, |notify: String| notify_of(&notify))?,
            hidden: row.get(8)?,
            delivered: seq(row, 9)?,
            seen: seq(row, 10)?,
            ..Standing::default()
        })
    });
    let standing = found.optional()?;
    Ok(standing.map(|standing| Standing { listed: standing.role.is_some(), ..standing }))
}

/// Groups by name, without case: those with these words in it, or all after one of them.
pub(super) fn listings(
    db: &Connection,
    words: &str,
    all: bool,
    after: Option<GroupId>,
    limit: usize,
) -> rusqlite::Result<Vec<Listing>> {
    let words = folded(words);
    if words.is_empty() {
        return listings_after(db, all, after, limit);
    }
    let mut ids = names::groups_with(db, &words, true, limit)?;
    if all {
        ids.extend(names::groups_with(db, &words, false, limit)?);
    }
    let mut find = db.prepare_cached("SELECT id, name, description, members FROM groups WHERE id = ?")?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(find.query_row([id], listing).optional()?);
    }
    found.sort_by_cached_key(|listing| (folded(listing.group.name.as_str()), listing.group.id));
    found.truncate(limit);
    Ok(found)
}

fn listings_after(
    db: &Connection,
    all: bool,
    after: Option<GroupId>,
    limit: usize,
) -> rusqlite::Result<Vec<Listing>> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut find = db.prepare_cached("SELECT sort FROM groups WHERE id = ?")?;
    let sort: Option<String> = find.query_row([&after], |row| row.get(0)).optional()?;
    let statement = if all {
        "SELECT id, name, description, members FROM groups
         WHERE application = ? AND (sort, id) > (?, ?) ORDER BY sort, id LIMIT ?"
    } else {
        "SELECT id, name, description, members FROM groups
         WHERE application = ? AND listed AND NOT archived AND (sort, id) > (?, ?) ORDER BY sort, id LIMIT ?"
    };
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = db.prepare_cached(statement)?;
    let key = params![APPLICATION, sort.unwrap_or_default(), after, most];
    select.query_map(key, listing)?.collect()
}

fn listing(row: &Row<'_>) -> rusqlite::Result<Listing> {
    Ok(Listing {
        group: GroupSummary { id: checked(row, 0, |id: String| id.parse().ok())?, name: group_name(row, 1)? },
        description: checked(row, 2, |text: String| Description::new(&text).ok())?,
        members: row.get(3)?,
    })
}

/// Settings and head of a group, how many members it has, and some of them.
pub(super) fn overview(
    db: &Connection,
    id: GroupId,
    viewer: Option<UserId>,
    limit: usize,
) -> rusqlite::Result<Option<GroupOverview>> {
    let mut find = db.prepare_cached(
        "SELECT name, description, member_limit, door, listed, announcing, slow_s, archived, members
         FROM groups WHERE id = ?",
    )?;
    let found = find.query_row([id.to_string()], |row| Ok((settings(row)?, row.get(8)?))).optional()?;
    let Some((settings, count)) = found else { return Ok(None) };
    let mut members = members_after(db, id, None, limit)?;
    if let Some(viewer) = viewer.filter(|viewer| members.iter().all(|member| member.person.id != *viewer)) {
        let mut find = db.prepare_cached(
            "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                    members.delivered_mark, members.seen_mark,
                    EXISTS (SELECT 1 FROM accounts WHERE accounts.user = members.user)
             FROM members CROSS JOIN users ON users.id = members.user
             WHERE members.\"group\" = ? AND members.user = ?",
        )?;
        members.extend(find.query_row(params![id.to_string(), viewer.to_string()], member).optional()?);
    }
    Ok(Some(GroupOverview { settings, members, count, head: logs::head(db, &Topic::group(id))? }))
}

/// Members of a group: those with these words in their name, or all after one of them.
pub(super) fn members(
    db: &Connection,
    id: GroupId,
    words: &str,
    after: Option<UserId>,
    limit: usize,
) -> rusqlite::Result<Vec<Member>> {
    let words = folded(words);
    if words.is_empty() {
        return members_after(db, id, after, limit);
    }
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                EXISTS (SELECT 1 FROM accounts WHERE accounts.user = members.user),
                members.id
         FROM members CROSS JOIN users ON users.id = members.user
         WHERE members.\"group\" = ? AND members.user = ?",
    )?;
    let mut found = BTreeMap::new();
    for has_account in [false, true] {
        for user in names::users_with(db, &words, has_account, CALLED)? {
            let seat = find
                .query_row(params![id.to_string(), user], |row| Ok((row.get::<_, i64>(8)?, member(row)?)));
            found.extend(seat.optional()?);
        }
    }
    Ok(found.into_values().take(limit).collect())
}

fn members_after(
    db: &Connection,
    id: GroupId,
    after: Option<UserId>,
    limit: usize,
) -> rusqlite::Result<Vec<Member>> {
    let mut find = db.prepare_cached("SELECT id FROM members WHERE \"group\" = ? AND user = ?")?;
    let after = match after {
        Some(after) => {
            find.query_row(params![id.to_string(), after.to_string()], |row| row.get(0)).optional()?
        }
        None => None,
    };
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                EXISTS (SELECT 1 FROM accounts WHERE accounts.user = members.user)
         FROM members CROSS JOIN users ON users.id = members.user
         WHERE members.\"group\" = ? AND members.id > ? ORDER BY members.id LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    select.query_map(params![id.to_string(), after.unwrap_or(0), most], member)?.collect()
}

fn settings(row: &Row<'_>) -> rusqlite::Result<Settings> {
    Ok(Settings {
        name: group_name(row, 0)?,
        description: checked(row, 1, |text: String| Description::new(&text).ok())?,
        limit: row.get(2)?,
        door: door_of(row, 3)?,
        announcing: row.get(5)?,
        slow_s: row.get(6)?,
        archived: row.get(7)?,
    })
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        person: person(row, 0)?,
        role: checked(row, 2, |role: String| role_of(&role))?,
        since: Timestamp(row.get(3)?),
        muted_until: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        delivered: seq(row, 5)?,
        read: seq(row, 6)?,
        account: row.get(7)?,
    })
}

fn invite(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        by: person(row, 0)?,
        id: checked(row, 2, |secret: String| secret.parse().ok())?,
        until: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        uses: row.get(4)?,
    })
}

pub(super) fn group_name(row: &Row<'_>, column: usize) -> rusqlite::Result<GroupName> {
    checked(row, column, |name: String| GroupName::new(&name).ok())
}

/// Counts a user's seats, and those that another user gave them.
pub(super) fn seats(db: &Connection, user: UserId, adder: UserId) -> rusqlite::Result<Seats> {
    let mut count = db.prepare_cached(
        "SELECT count(*) - count(given_by), count(given_by), coalesce(sum(given_by = ?2), 0)
         FROM members WHERE user = ?1",
    )?;
    count.query_row([user.to_string(), adder.to_string()], |row| {
        Ok(Seats { taken: row.get(0)?, given: row.get(1)?, given_by: row.get(2)? })
    })
}

/// Returns true if two users have a group in common.
pub(super) fn share_group(db: &Connection, one: UserId, other: UserId) -> rusqlite::Result<bool> {
    let mut find = db.prepare_cached(
        "SELECT 1 FROM members AS mine JOIN members AS theirs ON theirs.\"group\" = mine.\"group\" AND theirs.user = ?2
         WHERE mine.user = ?1 LIMIT 1",
    )?;
    find.exists([one.to_string(), other.to_string()])
}
