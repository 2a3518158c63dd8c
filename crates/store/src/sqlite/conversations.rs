use chat::store::{Conversations, Standing, Unread};
use rusqlite::{Connection, OptionalExtension, params};
use wire::{
    Conversation, GroupId, GroupSummary, Mine, Pair, Person, Role, Seq, Summary, Timestamp, Topic, UserId,
};

use super::people::person;
use super::values::{called, checked, notify_of, seq};
use super::{groups, logs};

/// How a user stands in a conversation.
pub(super) fn standing(
    db: &Connection,
    conversation: Conversation,
    user: UserId,
) -> rusqlite::Result<Option<Standing>> {
    match conversation {
        Conversation::Group(id) => groups::standing(db, id, user),
        Conversation::Direct(pair) if pair.has(user) => in_direct(db, pair, user),
        Conversation::Direct(_) => Ok(None),
    }
}

/// What of a conversation follows a place and counts as unread for a user.
pub(super) fn unread(
    db: &Connection,
    conversation: Conversation,
    user: UserId,
    after: Seq,
) -> rusqlite::Result<Unread> {
    let unread = logs::unread(db, &Topic::of(conversation), user, after)?;
    Ok(match conversation {
        Conversation::Group(_) => unread,
        // Everything in a direct is meant for one.
        Conversation::Direct(_) => Unread { mentions: unread.messages, ..unread },
    })
}

fn in_direct(db: &Connection, pair: Pair, user: UserId) -> rusqlite::Result<Option<Standing>> {
    let (me, other) = (user.to_string(), pair.other(user).to_string());
    let mut both = db.prepare_cached("SELECT count(*) FROM users WHERE id IN (?, ?)")?;
    if both.query_row([&me, &other], |row| row.get::<_, i64>(0))? < 2 {
        return Ok(None);
    }
    let mut find = db.prepare_cached(
        "SELECT read_mark, notify, hidden, delivered_mark, seen_mark FROM directs WHERE user = ? AND other = ?",
    )?;
    let found = find.query_row([&me, &other], |row| {
        Ok(Standing {
            read: seq(row, 0)?,
            notify: checked(row, 1, |notify: String| notify_of(&notify))?,
            hidden: row.get(2)?,
            delivered: seq(row, 3)?,
            seen: seq(row, 4)?,
            listed: true,
            ..Standing::default()
        })
    });
    let standing = found.optional()?.unwrap_or_default();
    let mut blocked = db.prepare_cached("SELECT 1 FROM blocks WHERE user = ? AND blocked = ?")?;
    let blocks = blocked.exists([&me, &other])?;
    Ok(Some(Standing {
        role: Some(Role::Member),
        blocked: is_blocked(db, Conversation::Direct(pair))?,
        blocks,
        ..standing
    }))
}

/// Whether it is a direct in which one has blocked the other.
pub(super) fn is_blocked(db: &Connection, conversation: Conversation) -> rusqlite::Result<bool> {
    let Conversation::Direct(pair) = conversation else { return Ok(false) };
    let people = pair.people().map(|user| user.to_string());
    let mut find = db.prepare_cached(
        "SELECT 1 FROM blocks WHERE (user = ?1 AND blocked = ?2) OR (user = ?2 AND blocked = ?1)",
    )?;
    find.exists(people)
}

/// The conversations of a user, the one with the newest entry first.
pub(super) fn conversations(db: &Connection, user: UserId) -> rusqlite::Result<Conversations> {
    let mut mine = Vec::new();
    let mut select = db.prepare_cached(
        "SELECT groups.id, groups.name, members.since
         FROM members JOIN groups ON groups.id = members.\"group\" WHERE members.user = ?",
    )?;
    let rows = select.query_map([user.to_string()], |row| {
        let id: GroupId = checked(row, 0, |id: String| id.parse().ok())?;
        Ok((GroupSummary { id, name: groups::group_name(row, 1)? }, Timestamp(row.get(2)?)))
    })?;
    for row in rows {
        let (group, since) = row?;
        let conversation = Conversation::Group(group.id);
        mine.extend(one_of_mine(db, Summary::Group(group), conversation, user, since)?);
    }
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name FROM directs JOIN users ON users.id = directs.other
         WHERE directs.user = ?",
    )?;
    for row in select.query_map([user.to_string()], |row| person(row, 0))? {
        let with = row?;
        let Some(pair) = Pair::of(user, with.id) else { continue };
        let summary = Summary::direct(pair, with);
        mine.extend(one_of_mine(db, summary, Conversation::Direct(pair), user, Timestamp(0))?);
    }
    mine.sort_by_key(|mine| std::cmp::Reverse((mine.at, mine.what.topic())));
    Ok(Conversations { mine, head: logs::head(db, &Topic::user(user))? })
}

fn one_of_mine(
    db: &Connection,
    what: Summary,
    conversation: Conversation,
    user: UserId,
    since: Timestamp,
) -> rusqlite::Result<Option<Mine>> {
    let Some(standing) = standing(db, conversation, user)? else { return Ok(None) };
    let Standing { read, notify, hidden, .. } = standing;
    let Unread { messages: unread, mentions } = self::unread(db, conversation, user, read)?;
    let newest = logs::newest(db, &Topic::of(conversation))?;
    let (head, at) = newest.unwrap_or((Seq::ZERO, since));
    Ok(Some(Mine { what, unread, mentions, notify, hidden, head, at }))
}

/// People to write to, by name.
pub(super) fn people(
    db: &Connection,
    user: UserId,
    words: &str,
    everyone: bool,
    limit: usize,
) -> rusqlite::Result<Vec<Person>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name FROM users JOIN (
             SELECT others.user AS id FROM members AS mine
             JOIN members AS others ON others.\"group\" = mine.\"group\" WHERE mine.user = ?1
             UNION SELECT user FROM accounts WHERE ?2
         ) AS known ON known.id = users.id
         WHERE users.id <> ?1",
    )?;
    let rows = select.query_map(params![user.to_string(), everyone], |row| person(row, 0))?;
    called(words, limit, rows, |person| (person.name.as_str(), person.id))
}

/// Whom a user has blocked, the last one first.
pub(super) fn blocked(db: &Connection, user: UserId) -> rusqlite::Result<Vec<Person>> {
    let mut select = db.prepare_cached(
        "SELECT users.id, users.name FROM blocks JOIN users ON users.id = blocks.blocked
         WHERE blocks.user = ? ORDER BY blocks.id DESC",
    )?;
    select.query_map([user.to_string()], |row| person(row, 0))?.collect()
}
