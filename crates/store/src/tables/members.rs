//! Members of a group in parts, with the keys that the application has for them.

use chat::store::{ExternalKey, KeyedUser, ListedMember, Version};
use wire::{ApplicationId, Description, GroupId, Timestamp, UserId};

use super::damaged;
use super::groups::member;
use super::values::checked;
use crate::sql::{Db, Row, SqlResult, params};

/// Returns members of a group after one of them, by the time at which they joined.
pub(super) fn after(
    db: Db<'_>,
    application: ApplicationId,
    group: GroupId,
    after: Option<(Timestamp, UserId)>,
    limit: usize,
) -> SqlResult<Vec<ListedMember>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, members.role, members.since, members.muted_until,
                members.delivered_mark, members.seen_mark,
                (EXISTS (SELECT 1 FROM accounts
                         WHERE accounts.application = members.application AND accounts.user = members.user)
                 OR EXISTS (SELECT 1 FROM user_keys
                            WHERE user_keys.application = members.application
                                AND user_keys.user = members.user)),
                users.bio, user_keys.key, user_keys.version
         FROM members CROSS JOIN users ON users.application = members.application AND users.id = members.user
             LEFT JOIN user_keys ON user_keys.application = members.application AND user_keys.user = members.user
         WHERE members.application = ? AND members.\"group\" = ? AND (members.since, members.user) > (?, ?)
         ORDER BY members.since, members.user LIMIT ?",
    )?;
    let (since, user) = after.map_or((i64::MIN, String::new()), |(since, user)| (since.0, user.to_string()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = params![application.0, group.to_string(), since, user, limit];
    damaged::list(&mut select, key, "members", listed)
}

fn listed(row: Row<'_>) -> SqlResult<ListedMember> {
    let member = member(row)?;
    let key = checked(row, 9, |key: Option<String>| match key {
        Some(key) => ExternalKey::new(&key).ok().map(Some),
        None => Some(None),
    })?;
    let bio = checked(row, 8, |bio: String| Description::new(&bio).ok());
    let bio = damaged::or(row, "users", bio, Description::default())?;
    let version = Version(row.get::<Option<u64>>(10)?.unwrap_or_default());
    let person = member.person.clone();
    let keyed = key.map(|key| KeyedUser { key, person, bio, version });
    Ok(ListedMember { member, keyed })
}
