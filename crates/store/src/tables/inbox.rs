//! The inbox of a user: the entries of all their logs, merged in the order of their positions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chat::store::{InboxPage, InboxRequest, Position};
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

use super::damaged;
use super::horizon::horizon;
use super::logs::{self, LogRow};
use super::values::{checked, seq, sql};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// A log of the inbox in which something may be new.
struct Source {
    topic: Topic,
    log: LogRow,
    /// The position of its newest entry.
    newest: Position,
    /// The position of the newest entry that it has lost.
    trimmed: Position,
    /// The Seq after which it belongs to the inbox.
    joined: Seq,
    /// The user's delivered mark.
    delivered: Seq,
}

/// Returns a part of a user's inbox. The logs with newer entries are searched by halving for the first of these, so the
/// cost is that of the logs and of the entries that are returned. Also returns true if the newest entries wait for a
/// transaction under way.
pub(super) fn inbox(
    db: Db<'_>,
    application: ApplicationId,
    request: &InboxRequest,
) -> SqlResult<(InboxPage, bool)> {
    let after = request.after;
    let sources = sources(db, application, request.user, after)?;
    // Entries from there on wait for the next request.
    let horizon = Position(u64::try_from(horizon(db)?).unwrap_or_default());
    let newest = sources.iter().map(|source| source.newest.max(source.trimmed)).max();
    let head = newest.unwrap_or_default().min(Position(horizon.0.saturating_sub(1))).max(after);
    let is_hidden = sources.iter().any(|source| source.newest >= horizon);
    let mut page = InboxPage { position: after, head, ..InboxPage::default() };
    let mut next = BinaryHeap::new();
    for (number, source) in sources.iter().enumerate() {
        let first = first_after(db, source, after)?;
        if let Some((position, seq)) = first
            && seq > source.joined
            && position < horizon
        {
            next.push(Reverse((position, number, seq)));
        }
        let last = before(source, first);
        if last > source.delivered && last > source.joined {
            match source.topic.conversation() {
                Some(conversation) => page.delivered.push((conversation, last)),
                None => page.own_delivered = Some(last),
            }
        }
    }
    let mut bytes = 0;
    while let Some(Reverse((position, number, seq))) = next.pop() {
        let source = &sources[number];
        let entry = entry(db, application, source, position)?;
        bytes += entry.as_ref().map_or(0, |entry| entry.data.as_str().len());
        let is_full = page.entries.len() >= request.limit || bytes > request.bytes;
        if is_full && (!page.entries.is_empty() || request.limit == 0) {
            page.more = true;
            break;
        }
        page.position = position;
        if let Some(entry) = entry {
            page.entries.push(entry);
            page.positions.push(position);
        }
        if let Some((position, seq)) = at(db, source.log, seq.next())?.filter(|(at, _)| *at < horizon) {
            next.push(Reverse((position, number, seq)));
        }
    }
    for source in &sources {
        let is_lost = source.trimmed > after && source.log.begins > source.joined.next();
        if is_lost && (!page.more || source.trimmed <= page.position) {
            page.trimmed.push(source.topic.clone());
        }
    }
    if !page.more {
        page.position = page.head;
    }
    Ok((page, is_hidden))
}

/// Returns the last Seq of a log before its first new entry.
fn before(source: &Source, first: Option<(Position, Seq)>) -> Seq {
    first.map_or(source.log.head, |(_, first)| Seq(first.0.saturating_sub(1)))
}

/// Returns the logs of a user that have something after a position, or something that is not marked as delivered.
fn sources(db: Db<'_>, application: ApplicationId, user: UserId, after: Position) -> SqlResult<Vec<Source>> {
    let id = user.to_string();
    let mut own = db.prepare_cached(
        "SELECT logs.topic, logs.id, logs.head, logs.recounts, logs.begins, logs.newest_position,
                logs.trimmed_position, 0, users.delivered_mark
         FROM users CROSS JOIN logs ON logs.application = users.application AND logs.topic = 'user/' || users.id
         WHERE users.application = ? AND users.id = ?
             AND (logs.newest_position > ? OR users.delivered_mark < logs.head)",
    )?;
    let key = params![application.0, id, after.0];
    let mut sources = damaged::list(&mut own, key, "logs", |row| source(db, row))?;
    let mut groups = db.prepare_cached(
        "SELECT logs.topic, logs.id, logs.head, logs.recounts, logs.begins, logs.newest_position,
                logs.trimmed_position, members.joined_seq, members.delivered_mark
         FROM members INDEXED BY members_by_user
         CROSS JOIN logs ON logs.application = members.application AND logs.topic = 'group/' || members.\"group\"
         WHERE members.application = ? AND members.user = ?
             AND (logs.newest_position > ? OR members.delivered_mark < logs.head)
         ORDER BY members.id",
    )?;
    sources.extend(damaged::list(&mut groups, key, "logs", |row| source(db, row))?);
    // The topic of a direct has the lower id first.
    let mut directs = db.prepare_cached(
        "SELECT logs.topic, logs.id, logs.head, logs.recounts, logs.begins, logs.newest_position,
                logs.trimmed_position, 0, directs.delivered_mark
         FROM directs CROSS JOIN logs ON logs.application = directs.application
             AND logs.topic = 'direct/' || min(directs.user, directs.other)
                 || '-' || max(directs.user, directs.other)
         WHERE directs.application = ? AND directs.user = ?
             AND (logs.newest_position > ? OR directs.delivered_mark < logs.head)
         ORDER BY directs.other",
    )?;
    sources.extend(damaged::list(&mut directs, key, "logs", |row| source(db, row))?);
    Ok(sources)
}

fn source(db: Db<'_>, row: Row<'_>) -> SqlResult<Source> {
    let log = logs::read_log(db, row, 1)?;
    let position = |column| -> SqlResult<Position> { row.get(column).map(Position) };
    Ok(Source {
        topic: checked(row, 0, |topic: String| Topic::new(&topic).ok())?,
        log,
        newest: damaged::or(row, "logs", position(5), Position(i64::MAX as u64))?,
        trimmed: damaged::or(row, "logs", position(6), Position(0))?,
        joined: damaged::or(row, "members", seq(row, 7), Seq::ZERO)?,
        delivered: damaged::or(row, "members", seq(row, 8), Seq(u64::MAX >> 1))?,
    })
}

/// Returns the first entry of a log after a position, with its position. The positions of a log are in the order of its
/// Seqs. The search begins at the end, where the new entries are, in growing steps.
fn first_after(db: Db<'_>, source: &Source, after: Position) -> SqlResult<Option<(Position, Seq)>> {
    if source.newest <= after {
        return Ok(None);
    }
    let first = source.log.begins.max(source.joined.next()).0;
    // All entries from `high` on are after the position, those before `low` are not.
    let (mut low, mut high, mut step) = (first, source.log.head.0 + 1, 1);
    while low < high {
        let probe = high.saturating_sub(step).max(low);
        match at(db, source.log, Seq(probe))? {
            Some((position, seq)) if position <= after => {
                low = seq.0 + 1;
                break;
            }
            _ => high = probe,
        }
        step *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        match at(db, source.log, Seq(middle))? {
            Some((position, seq)) if position <= after => low = seq.0 + 1,
            _ => high = middle,
        }
    }
    at(db, source.log, Seq(low))
}

/// Returns the first entry of a log at a Seq or after it, with its position.
fn at(db: Db<'_>, log: LogRow, from: Seq) -> SqlResult<Option<(Position, Seq)>> {
    let mut find = db.prepare_cached(
        "SELECT position, seq FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT 1",
    )?;
    find.query_row(params![log.id, sql(from)], |row| Ok((Position(row.get(0)?), seq(row, 1)?))).optional()
}

/// Returns the entry at a position; an unreadable one keeps its place.
fn entry(
    db: Db<'_>,
    application: ApplicationId,
    source: &Source,
    position: Position,
) -> SqlResult<Option<wire::Entry<wire::Json>>> {
    let mut find = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM entries WHERE position = ? AND application = ?",
    )?;
    let key = LogKey::new(application, source.topic.clone());
    let found =
        find.query_row(params![position.0, application.0], |row| logs::entry(row, &key)).optional()?;
    let Some(mut entry) = found else { return Ok(None) };
    logs::show_copies(db, &key, std::slice::from_mut(&mut entry))?;
    Ok(Some(entry))
}
