//! Conversations of a user: the list, unread counts, blocks, and people to write to.

use std::collections::BTreeMap;

use chat::store::{CALLED, Conversations, MembershipState, NEAR, Unread, folded};
use wire::{
    ApplicationId, Conversation, ConversationItem, ConversationSummary, GroupId, GroupSummary, LogKey,
    NotificationLevel, Pair, Person, Role, Seq, Timestamp, Topic, UserId, UserKey,
};

use super::logs::LogRow;
use super::people::person;
use super::unread::UnreadCounts;
use super::values::{checked, notify_of, seq};
use super::{accounts, damaged, groups, logs, names, people};
use crate::sql::{Db, Row, SqlResult, ValueRef, params};

/// Returns the membership state of a user in a conversation.
pub(super) fn standing(
    db: Db<'_>,
    application: ApplicationId,
    conversation: Conversation,
    user: UserId,
) -> SqlResult<Option<MembershipState>> {
    match conversation {
        Conversation::Group(id) => groups::standing(db, application, id, user),
        Conversation::Direct(pair) if pair.has(user) => in_direct(db, application, pair, user),
        Conversation::Direct(_) => Ok(None),
    }
}

/// Counts the unread entries of a conversation after a Seq, for a user.
pub(super) fn unread(
    db: Db<'_>,
    application: ApplicationId,
    counts: &UnreadCounts,
    conversation: Conversation,
    user: UserId,
    after: Seq,
) -> SqlResult<Unread> {
    match logs::log_row(db, &LogKey::new(application, Topic::of(conversation)))? {
        Some(log) => counts.count(db, conversation, log, UserKey { application, user }, after),
        None => Ok(Unread::default()),
    }
}

fn in_direct(
    db: Db<'_>,
    application: ApplicationId,
    pair: Pair,
    user: UserId,
) -> SqlResult<Option<MembershipState>> {
    let (me, other) = (user.to_string(), pair.other(user).to_string());
    let key = params![application.0, me, other];
    let mut both = db.prepare_cached(
        "SELECT count(*) FROM users WHERE application = ? AND id IN (?, ?) AND kind <> 'system'",
    )?;
    if both.query_row(key, |row| row.get::<i64>(0))? < 2 {
        return Ok(None);
    }
    let mut find = db.prepare_cached(
        "SELECT user, read_mark, notify, hidden, delivered_mark, seen_mark FROM directs
         WHERE application = ? AND user = ? AND other = ?",
    )?;
    let standing = damaged::one(&mut find, key, "directs", direct_marks)?.unwrap_or_default();
    let mut blocked =
        db.prepare_cached("SELECT 1 FROM blocks WHERE application = ? AND user = ? AND blocked = ?")?;
    let blocks = blocked.exists(key)?;
    Ok(Some(MembershipState {
        role: Some(Role::Member),
        blocked: is_blocked(db, application, Conversation::Direct(pair))?,
        blocks,
        ..standing
    }))
}

/// Reads the marks and settings of a user in a direct from the columns of [`in_direct`].
fn direct_marks(row: Row<'_>) -> SqlResult<MembershipState> {
    let notify = checked(row, 2, |notify: String| notify_of(&notify));
    Ok(MembershipState {
        read: damaged::or(row, "directs", seq(row, 1), Seq::ZERO)?,
        notify: damaged::or(row, "directs", notify, NotificationLevel::default())?,
        hidden: damaged::or(row, "directs", row.get(3), false)?,
        delivered: damaged::or(row, "directs", seq(row, 4), Seq::ZERO)?,
        seen: damaged::or(row, "directs", seq(row, 5), Seq::ZERO)?,
        listed: true,
        ..MembershipState::default()
    })
}

/// Reads a membership state in a direct: marks and settings, then three flags: listed, blocks the other, and is blocked.
pub(crate) fn direct_standing(row: Row<'_>) -> SqlResult<MembershipState> {
    let (listed, blocks, is_blocked): (bool, bool, bool) = (row.get(6)?, row.get(7)?, row.get(8)?);
    let blocked = blocks || is_blocked;
    Ok(MembershipState { role: Some(Role::Member), listed, blocks, blocked, ..direct_marks(row)? })
}

/// Returns true for a direct in which one user has blocked the other.
pub(super) fn is_blocked(
    db: Db<'_>,
    application: ApplicationId,
    conversation: Conversation,
) -> SqlResult<bool> {
    let Conversation::Direct(pair) = conversation else { return Ok(false) };
    let [one, other] = pair.people().map(|user| user.to_string());
    let mut find = db.prepare_cached(
        "SELECT 1 FROM blocks WHERE (application = ?1 AND user = ?2 AND blocked = ?3)
             OR (application = ?1 AND user = ?3 AND blocked = ?2)",
    )?;
    find.exists(params![application.0, one, other])
}

/// Returns the conversations of a user, the one with the newest entry first, up to the limit.
pub(super) fn conversations(
    db: Db<'_>,
    application: ApplicationId,
    counts: &UnreadCounts,
    user: UserId,
    limit: usize,
) -> SqlResult<Conversations> {
    let mut all = groups_in_list(db, application, user)?;
    all.extend(directs_in_list(db, application, user, limit)?);
    all.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| other.what.topic().cmp(&one.what.topic())));
    let more = all.len() > limit;
    all.truncate(limit);
    let mut mine = Vec::with_capacity(all.len());
    for one in all {
        mine.push(one.counted(db, counts, UserKey { application, user })?);
    }
    Ok(Conversations { mine, more, head: logs::head(db, &LogKey::new(application, Topic::user(user)))? })
}

/// A conversation in the list of a user, before its unread messages are counted.
struct InList {
    conversation: Conversation,
    what: ConversationSummary,
    read: Seq,
    notify: NotificationLevel,
    hidden: bool,
    at: Timestamp,
    /// Its log, if it has begun.
    log: Option<LogRow>,
}

impl InList {
    fn counted(self, db: Db<'_>, counts: &UnreadCounts, user: UserKey) -> SqlResult<ConversationItem> {
        let Self { conversation, what, read, notify, hidden, at, log } = self;
        let Unread { messages: unread, mentions } = match log {
            Some(log) => counts.count(db, conversation, log, user, read)?,
            None => Unread::default(),
        };
        let head = log.map_or(Seq::ZERO, |log| log.head);
        Ok(ConversationItem { what, unread, mentions, notify, hidden, head, at })
    }
}

/// Returns the groups of a user; the number of memberships is limited.
fn groups_in_list(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Vec<InList>> {
    let mut select = db.prepare_cached(
        "SELECT groups.id, groups.name, members.since, members.read_mark, members.notify, members.hidden,
                logs.at, logs.id, logs.head, logs.recounts, logs.begins
         FROM members
         CROSS JOIN groups ON groups.application = members.application AND groups.id = members.\"group\"
         LEFT JOIN logs ON logs.application = members.application AND logs.topic = 'group/' || groups.id
         WHERE members.application = ? AND members.user = ?",
    )?;
    damaged::list(&mut select, params![application.0, user.to_string()], "members", |row| {
        let id: GroupId = checked(row, 0, |id: String| id.parse().ok())?;
        let since = damaged::or(row, "members", row.get(2), 0)?;
        let at = damaged::or(row, "logs", row.get::<Option<i64>>(6), None)?;
        let notify = checked(row, 4, |notify: String| notify_of(&notify));
        let has_log = row.get_ref(7)? != ValueRef::Null;
        let log = has_log.then(|| logs::read_log(db, row, 7)).transpose()?;
        Ok(InList {
            conversation: Conversation::Group(id),
            what: ConversationSummary::Group(GroupSummary { id, name: groups::group_name(row, 1)? }),
            read: damaged::or(row, "members", seq(row, 3), Seq::ZERO)?,
            notify: damaged::or(row, "members", notify, NotificationLevel::default())?,
            hidden: damaged::or(row, "members", row.get(5), false)?,
            at: Timestamp(at.unwrap_or(since)),
            log,
        })
    })
}

/// Returns the directs of a user with the newest entries; one more than the limit if there are more.
fn directs_in_list(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    limit: usize,
) -> SqlResult<Vec<InList>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name, directs.read_mark, directs.notify, directs.hidden, directs.at
         FROM directs CROSS JOIN users ON users.application = directs.application AND users.id = directs.other
         WHERE directs.application = ? AND directs.user = ? ORDER BY directs.at DESC, directs.other DESC LIMIT ?",
    )?;
    let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let key = params![application.0, user.to_string(), most];
    let directs = damaged::list(&mut select, key, "directs", |row| {
        let with = person(row, 0)?;
        let Some(pair) = Pair::of(user, with.id) else { return Ok(None) };
        let notify = checked(row, 3, |notify: String| notify_of(&notify));
        Ok(Some(InList {
            conversation: Conversation::Direct(pair),
            what: ConversationSummary::direct(pair, with),
            read: damaged::or(row, "directs", seq(row, 2), Seq::ZERO)?,
            notify: damaged::or(row, "directs", notify, NotificationLevel::default())?,
            hidden: damaged::or(row, "directs", row.get(4), false)?,
            at: Timestamp(damaged::or(row, "directs", row.get(5), 0)?),
            log: logs::log_row(db, &LogKey::new(application, Topic::direct(pair)))?,
        }))
    })?;
    Ok(directs.into_iter().flatten().collect())
}

/// Returns the groups of a user, in the order of joining.
pub(super) fn groups_of(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Vec<GroupId>> {
    let mut select =
        db.prepare_cached("SELECT \"group\" FROM members WHERE application = ? AND user = ? ORDER BY id")?;
    damaged::list(&mut select, params![application.0, user.to_string()], "members", |row| {
        checked(row, 0, |id: String| id.parse().ok())
    })
}

/// Returns people to write to, by name.
pub(super) fn people(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    words: &str,
    everyone: bool,
    after: Option<UserId>,
    limit: usize,
) -> SqlResult<Vec<Person>> {
    let words = folded(words);
    let after = match after.filter(|_| words.is_empty()) {
        Some(after) => people::user(db, application, after)?.map(|person| by_name(&person)),
        None => None,
    };
    let mut known: BTreeMap<(String, UserId), Person> = BTreeMap::new();
    let mut take = |person: Person| {
        let key = by_name(&person);
        if person.id != user && key.0.contains(&words) && after.as_ref().is_none_or(|after| key > *after) {
            known.insert(key, person);
        }
    };
    for person in near(db, application, user)? {
        take(person);
    }
    if !words.is_empty() {
        for has_account in [false, true] {
            for id in names::users_with(db, application, &words, has_account, CALLED)? {
                if let Some(person) = person_near(db, application, user, &id)? {
                    take(person);
                }
            }
        }
    }
    if everyone {
        let after = after.as_ref().map(|(_, id)| *id);
        for listed in accounts::accounts(db, application, &words, after, limit.saturating_add(1))? {
            take(listed.person);
        }
    }
    Ok(known.into_values().take(limit).collect())
}

/// Returns members of a user's groups, up to the most that are examined.
fn near(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Vec<Person>> {
    // Without the name of the index, every member of the application would be read.
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name FROM (
             SELECT others.application, others.user FROM members AS mine INDEXED BY members_by_user
             CROSS JOIN members AS others
                 ON others.application = mine.application AND others.\"group\" = mine.\"group\"
             WHERE mine.application = ? AND mine.user = ? LIMIT ?
         ) AS near CROSS JOIN users ON users.application = near.application AND users.id = near.user",
    )?;
    let most = i64::try_from(NEAR).unwrap_or(i64::MAX);
    let key = params![application.0, user.to_string(), most];
    damaged::list(&mut select, key, "users", |row| person(row, 0))
}

/// Returns a person, if they share a group with a user.
fn person_near(db: Db<'_>, application: ApplicationId, user: UserId, id: &str) -> SqlResult<Option<Person>> {
    let mut find = db.prepare_cached(
        "SELECT users.id, users.name FROM users WHERE users.application = ?1 AND users.id = ?2 AND EXISTS (
             SELECT 1 FROM members AS theirs INDEXED BY members_by_user
             CROSS JOIN members AS mine
                 ON mine.application = theirs.application AND mine.\"group\" = theirs.\"group\" AND mine.user = ?3
             WHERE theirs.application = ?1 AND theirs.user = ?2)",
    )?;
    let key = params![application.0, id, user.to_string()];
    damaged::one(&mut find, key, "users", |row| person(row, 0))
}

/// Returns the sort key of lists of people.
fn by_name(person: &Person) -> (String, UserId) {
    (folded(person.name.as_str()), person.id)
}

/// Returns the people a user has blocked, newest first.
pub(super) fn blocked(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Vec<Person>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name
         FROM blocks JOIN users ON users.application = blocks.application AND users.id = blocks.blocked
         WHERE blocks.application = ? AND blocks.user = ? ORDER BY blocks.id DESC",
    )?;
    damaged::list(&mut select, params![application.0, user.to_string()], "users", |row| person(row, 0))
}
