//! Groups: rosters, members and listings.

use std::collections::BTreeMap;

use chat::Limits;
use chat::store::{
    CALLED, GroupListing, GroupOverview, MembershipState, NewMembers, Roster, Version, folded,
};
use wire::{
    ApplicationId, Description, GroupId, GroupName, GroupSummary, Invite, JoinPolicy, LogKey, Member,
    NotificationLevel, Role, Seq, Settings, Timestamp, Topic, UserId,
};

use super::people::person;
use super::values::{checked, join_policy_of, notify_of, role_of, seq};
use super::{damaged, logs, names};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// Returns settings, members, bans, invites and version of a group.
pub(super) fn roster(db: Db<'_>, application: ApplicationId, id: GroupId) -> SqlResult<Option<Roster>> {
    let mut find = db.prepare_cached(
        "SELECT id, name, description, member_limit, join_policy, listed, announcing, slow_s, archived, version
         FROM groups WHERE application = ? AND id = ?",
    )?;
    let found = damaged::one(&mut find, params![application.0, id.to_string()], "groups", |row| {
        Ok((settings(row)?, Version(row.get(9)?)))
    })?;
    let Some((settings, version)) = found else { return Ok(None) };
    let mut members = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                (EXISTS (SELECT 1 FROM accounts
                         WHERE accounts.application = members.application AND accounts.user = members.user)
                 OR EXISTS (SELECT 1 FROM user_keys
                            WHERE user_keys.application = members.application
                                AND user_keys.user = members.user))
         FROM members JOIN users ON users.application = members.application AND users.id = members.user
         WHERE members.application = ? AND members.\"group\" = ? ORDER BY members.id",
    )?;
    let mut bans = db.prepare_cached(
        "SELECT users.id, users.name
         FROM bans JOIN users ON users.application = bans.application AND users.id = bans.user
         WHERE bans.application = ? AND bans.\"group\" = ? ORDER BY bans.id",
    )?;
    let mut invites = db.prepare_cached(
        "SELECT users.id, users.name, invites.secret, invites.until, invites.uses
         FROM invites JOIN users ON users.application = invites.application AND users.id = invites.by
         WHERE invites.application = ? AND invites.\"group\" = ? ORDER BY invites.id",
    )?;
    let key = params![application.0, id.to_string()];
    Ok(Some(Roster {
        id,
        settings,
        members: damaged::list(&mut members, key, "members", member)?,
        bans: damaged::list(&mut bans, key, "bans", |row| person(row, 0))?,
        invites: damaged::list(&mut invites, key, "invites", invite)?,
        version,
        head: logs::head(db, &LogKey::new(application, Topic::group(id)))?,
        owner: None,
    }))
}

/// Returns the membership state of a user in a group.
pub(super) fn standing(
    db: Db<'_>,
    application: ApplicationId,
    group: GroupId,
    user: UserId,
) -> SqlResult<Option<MembershipState>> {
    let mut find = db.prepare_cached(
        "SELECT groups.id, groups.archived, groups.announcing, groups.slow_s,
                members.role, members.muted_until, members.spoke_at, coalesce(members.read_mark, 0),
                coalesce(members.notify, 'all'), coalesce(members.hidden, false),
                coalesce(members.delivered_mark, 0), coalesce(members.seen_mark, 0)
         FROM groups LEFT JOIN members
             ON members.application = groups.application AND members.\"group\" = groups.id AND members.user = ?
         WHERE groups.application = ? AND groups.id = ?",
    )?;
    let key = params![user.to_string(), application.0, group.to_string()];
    damaged::one(&mut find, key, "members", member_standing)
}

/// Reads a membership state from the columns of [`standing`].
pub(crate) fn member_standing(row: Row<'_>) -> SqlResult<MembershipState> {
    let role = checked(row, 4, |role: Option<String>| match role {
        None => Some(None),
        Some(role) => role_of(&role).map(Some),
    });
    let notify = checked(row, 8, |notify: String| notify_of(&notify));
    let role = damaged::or(row, "members", role, Some(Role::Member))?;
    Ok(MembershipState {
        role,
        muted_until: damaged::or(row, "members", row.get::<Option<i64>>(5), None)?.map(Timestamp),
        spoke_at: damaged::or(row, "members", row.get::<Option<i64>>(6), None)?.map(Timestamp),
        archived: damaged::or(row, "groups", row.get(1), false)?,
        announcing: damaged::or(row, "groups", row.get(2), false)?,
        slow_s: damaged::or(row, "groups", row.get(3), 0)?,
        read: damaged::or(row, "members", seq(row, 7), Seq::ZERO)?,
        notify: damaged::or(row, "members", notify, NotificationLevel::default())?,
        hidden: damaged::or(row, "members", row.get(9), false)?,
        delivered: damaged::or(row, "members", seq(row, 10), Seq::ZERO)?,
        seen: damaged::or(row, "members", seq(row, 11), Seq::ZERO)?,
        listed: role.is_some(),
        ..MembershipState::default()
    })
}

/// Returns groups by name, without case: those with these words in it, or all after one of them.
pub(super) fn listings(
    db: Db<'_>,
    application: ApplicationId,
    words: &str,
    all: bool,
    after: Option<GroupId>,
    limit: usize,
) -> SqlResult<Vec<GroupListing>> {
    let words = folded(words);
    if words.is_empty() {
        return listings_after(db, application, all, after, limit);
    }
    let mut ids = names::groups_with(db, application, &words, true, limit)?;
    if all {
        ids.extend(names::groups_with(db, application, &words, false, limit)?);
    }
    let mut find = db.prepare_cached(
        "SELECT id, name, description, members FROM groups WHERE application = ? AND id = ?",
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(damaged::one(&mut find, params![application.0, id], "groups", listing)?);
    }
    found.sort_by_cached_key(|listing| (folded(listing.group.name.as_str()), listing.group.id));
    found.truncate(limit);
    Ok(found)
}

fn listings_after(
    db: Db<'_>,
    application: ApplicationId,
    all: bool,
    after: Option<GroupId>,
    limit: usize,
) -> SqlResult<Vec<GroupListing>> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut find = db.prepare_cached("SELECT sort FROM groups WHERE application = ? AND id = ?")?;
    let sort: Option<String> =
        damaged::one(&mut find, params![application.0, after], "groups", |row| row.get(0))?;
    let statement = if all {
        "SELECT id, name, description, members FROM groups
         WHERE application = ? AND (sort, id) > (?, ?) ORDER BY sort, id LIMIT ?"
    } else {
        "SELECT id, name, description, members FROM groups
         WHERE application = ? AND listed AND NOT archived AND (sort, id) > (?, ?) ORDER BY sort, id LIMIT ?"
    };
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = db.prepare_cached(statement)?;
    let key = params![application.0, sort.unwrap_or_default(), after, most];
    damaged::list(&mut select, key, "groups", listing)
}

fn listing(row: Row<'_>) -> SqlResult<GroupListing> {
    Ok(GroupListing {
        group: GroupSummary { id: checked(row, 0, |id: String| id.parse().ok())?, name: group_name(row, 1)? },
        description: description(row, 2)?,
        members: damaged::or(row, "groups", row.get(3), 0)?,
    })
}

/// Returns settings and head of a group, its member count, and some members.
pub(super) fn overview(
    db: Db<'_>,
    application: ApplicationId,
    id: GroupId,
    viewer: Option<UserId>,
    limit: usize,
) -> SqlResult<Option<GroupOverview>> {
    let mut find = db.prepare_cached(
        "SELECT id, name, description, member_limit, join_policy, listed, announcing, slow_s, archived, members
         FROM groups WHERE application = ? AND id = ?",
    )?;
    let found = damaged::one(&mut find, params![application.0, id.to_string()], "groups", |row| {
        Ok((settings(row)?, damaged::or(row, "groups", row.get(9), 0)?))
    })?;
    let Some((settings, count)) = found else { return Ok(None) };
    let mut members = members_after(db, application, id, None, limit)?;
    if let Some(viewer) = viewer.filter(|viewer| members.iter().all(|member| member.person.id != *viewer)) {
        let mut find = db.prepare_cached(
            "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                    members.delivered_mark, members.seen_mark,
                    (EXISTS (SELECT 1 FROM accounts
                             WHERE accounts.application = members.application AND accounts.user = members.user)
                     OR EXISTS (SELECT 1 FROM user_keys
                                WHERE user_keys.application = members.application
                                    AND user_keys.user = members.user))
             FROM members CROSS JOIN users ON users.application = members.application AND users.id = members.user
             WHERE members.application = ? AND members.\"group\" = ? AND members.user = ?",
        )?;
        let key = params![application.0, id.to_string(), viewer.to_string()];
        members.extend(damaged::one(&mut find, key, "members", member)?);
    }
    Ok(Some(GroupOverview {
        settings,
        members,
        count,
        head: logs::head(db, &LogKey::new(application, Topic::group(id)))?,
    }))
}

/// Returns members of a group: those with these words in their name, or all after one of them.
pub(super) fn members(
    db: Db<'_>,
    application: ApplicationId,
    id: GroupId,
    words: &str,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<Member>> {
    let words = folded(words);
    if words.is_empty() {
        return members_after(db, application, id, after, limit);
    }
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                (EXISTS (SELECT 1 FROM accounts
                         WHERE accounts.application = members.application AND accounts.user = members.user)
                 OR EXISTS (SELECT 1 FROM user_keys
                            WHERE user_keys.application = members.application
                                AND user_keys.user = members.user)),
                members.id
         FROM members CROSS JOIN users ON users.application = members.application AND users.id = members.user
         WHERE members.application = ? AND members.\"group\" = ? AND members.user = ?",
    )?;
    let mut found = BTreeMap::new();
    for has_account in [false, true] {
        for user in names::users_with(db, application, &words, has_account, CALLED)? {
            let key = params![application.0, id.to_string(), user];
            found.extend(damaged::one(&mut find, key, "members", |row| {
                Ok((row.get::<i64>(8)?, member(row)?))
            })?);
        }
    }
    Ok(found.into_values().take(limit).collect())
}

fn members_after(
    db: Db<'_>,
    application: ApplicationId,
    id: GroupId,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<Member>> {
    let mut find =
        db.prepare_cached("SELECT id FROM members WHERE application = ? AND \"group\" = ? AND user = ?")?;
    let after = match after {
        Some(after) => find
            .query_row(params![application.0, id.to_string(), after.to_string()], |row| row.get(0))
            .optional()?,
        None => None,
    };
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                (EXISTS (SELECT 1 FROM accounts
                         WHERE accounts.application = members.application AND accounts.user = members.user)
                 OR EXISTS (SELECT 1 FROM user_keys
                            WHERE user_keys.application = members.application
                                AND user_keys.user = members.user))
         FROM members CROSS JOIN users ON users.application = members.application AND users.id = members.user
         WHERE members.application = ? AND members.\"group\" = ? AND members.id > ? ORDER BY members.id LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = params![application.0, id.to_string(), after.unwrap_or(0), most];
    damaged::list(&mut select, key, "members", member)
}

fn settings(row: Row<'_>) -> SqlResult<Settings> {
    Ok(Settings {
        name: group_name(row, 1)?,
        description: description(row, 2)?,
        limit: damaged::or(row, "groups", row.get(3), Limits::default().group_members)?,
        join_policy: damaged::or(row, "groups", join_policy_of(row, 4), JoinPolicy::Invite)?,
        announcing: damaged::or(row, "groups", row.get(6), false)?,
        slow_s: damaged::or(row, "groups", row.get(7), 0)?,
        archived: damaged::or(row, "groups", row.get(8), false)?,
    })
}

pub(super) fn member(row: Row<'_>) -> SqlResult<Member> {
    let role = checked(row, 2, |role: String| role_of(&role));
    Ok(Member {
        person: person(row, 0)?,
        role: damaged::or(row, "members", role, Role::Member)?,
        since: Timestamp(damaged::or(row, "members", row.get(3), 0)?),
        muted_until: damaged::or(row, "members", row.get::<Option<i64>>(4), None)?.map(Timestamp),
        delivered: damaged::or(row, "members", seq(row, 5), Seq::ZERO)?,
        read: damaged::or(row, "members", seq(row, 6), Seq::ZERO)?,
        account: row.get(7)?,
    })
}

fn invite(row: Row<'_>) -> SqlResult<Invite> {
    Ok(Invite {
        by: person(row, 0)?,
        id: checked(row, 2, |secret: String| secret.parse().ok())?,
        until: row.get::<Option<i64>>(3)?.map(Timestamp),
        uses: row.get(4)?,
    })
}

/// Reads the name of a group, whose id is the first column. A damaged name gets a replacement: the group still works.
pub(super) fn group_name(row: Row<'_>, column: usize) -> SqlResult<GroupName> {
    let name = checked(row, column, |name: String| GroupName::new(&name).ok().map(Some));
    match damaged::or(row, "groups", name, None)? {
        Some(name) => Ok(name),
        None => checked(row, 0, |_: String| GroupName::new("Damaged name").ok()),
    }
}

fn description(row: Row<'_>, column: usize) -> SqlResult<Description> {
    let text = checked(row, column, |text: String| Description::new(&text).ok());
    damaged::or(row, "groups", text, Description::default())
}

/// Counts the memberships of a user, and those that another user has added.
pub(super) fn seats(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    adder: UserId,
) -> SqlResult<NewMembers> {
    let mut count = db.prepare_cached(
        "SELECT count(*) - count(given_by), count(given_by), count(*) FILTER (WHERE given_by = ?3)
         FROM members WHERE application = ?1 AND user = ?2",
    )?;
    count.query_row(params![application.0, user.to_string(), adder.to_string()], |row| {
        Ok(NewMembers { taken: row.get(0)?, given: row.get(1)?, given_by: row.get(2)? })
    })
}

/// Returns true if two users have a group in common.
pub(super) fn share_group(
    db: Db<'_>,
    application: ApplicationId,
    one: UserId,
    other: UserId,
) -> SqlResult<bool> {
    // Without the name of the index, every member of the application would be read.
    let mut find = db.prepare_cached(
        "SELECT 1 FROM members AS mine INDEXED BY members_by_user CROSS JOIN members AS theirs
             ON theirs.application = mine.application AND theirs.\"group\" = mine.\"group\" AND theirs.user = ?3
         WHERE mine.application = ?1 AND mine.user = ?2 LIMIT 1",
    )?;
    find.exists(params![application.0, one.to_string(), other.to_string()])
}
