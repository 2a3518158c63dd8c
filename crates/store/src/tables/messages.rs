//! Messages by their positions: what the indexing follows, and the entries that a search finds.

use chat::store::{CopyPointer, MessageTail, Position, TailedMessage, deleted_group, event_of};
use wire::{ApplicationId, Entry, Event, Json, LogKey, SendId, Seq, Timestamp, Topic, TopicKind};

use super::horizon::{hides_some, horizon};
use super::values::{checked, seq, sql};
use super::{damaged, logs, restricted};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, ValueRef, params};

/// Returns the messages that the entries after a position are about, and the position of the last of these entries; and
/// true if a later read may find more without another commit.
pub(crate) fn tail(db: Db<'_>, after: Position, limit: usize) -> SqlResult<(MessageTail, bool)> {
    let horizon = horizon(db)?;
    // The last complete position.
    let complete = u64::try_from(horizon.saturating_sub(1)).unwrap_or_default();
    // Published JSON is not needed, and may be long.
    let mut select = db.prepare_cached(
        "SELECT entries.position, entries.seq, entries.send_id, entries.at,
                CASE WHEN entries.sender <> 'open' THEN entries.data END,
                logs.application, logs.topic, entries.log, entries.about
         FROM entries CROSS JOIN logs ON logs.id = entries.log
         WHERE entries.position > ? AND entries.position <= ? ORDER BY entries.position LIMIT ?",
    )?;
    let mut newest = db.prepare_cached(
        "SELECT max(coalesce((SELECT max(position) FROM entries), 0),
                         coalesce((SELECT max(trimmed_at) FROM logs WHERE trimmed_at IS NOT NULL), 0)) FROM meta",
    )?;
    let head = Position(newest.query_row([], |row| row.get::<u64>(0))?.min(complete));
    let mut trims = trims(db, after, horizon, limit)?;
    // If there are more trims than these, the entries after the last of them come next time.
    let last = trims.last().filter(|_| trims.len() == limit).map_or(complete, |(at, ..)| at.0);
    let mut tail = MessageTail { position: after, head, ..MessageTail::default() };
    let mut rows = select.query(params![after.0, last, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut entries = 0;
    while let Some(row) = rows.next()? {
        entries += 1;
        tail.position = Position(row.get(0)?);
        let read = || -> SqlResult<_> {
            let log = LogKey::new(
                ApplicationId(row.get(5)?),
                checked(row, 6, |topic: String| Topic::new(&topic).ok())?,
            );
            let is_published = matches!(row.get_ref(4)?, ValueRef::Null);
            Ok((log, if is_published { None } else { Some(message(row)?) }))
        };
        let Some((log, Some(mut entry))) = damaged::row(row, "entries", read())? else { continue };
        logs::show_copies(db, &log, std::slice::from_mut(&mut entry))?;
        match event_of(&entry.data).carried() {
            Event::Message { .. } => {
                tail.messages.push(TailedMessage { position: tail.position, log, entry });
            }
            Event::Edited { target, .. } | Event::Deleted { target, .. } => {
                // A change of a copy is about that copy, in the same log.
                let target = match log.topic.kind() {
                    TopicKind::User(_) => row.get::<Option<u64>>(8)?.map_or(Seq::ZERO, Seq),
                    _ => target,
                };
                let found = target_of(db, row.get(7)?, &log, target)?;
                tail.messages.extend(found);
            }
            _ => {
                let deleted = deleted_group(&log.topic, &entry.data);
                let deleted = deleted.map(|group| LogKey::new(log.application, Topic::group(group)));
                if let Some(deleted) = deleted
                    && logs::log(db, &deleted)?.is_none()
                {
                    tail.deleted_logs.push(deleted);
                }
            }
        }
    }
    if entries == limit {
        trims.retain(|(at, ..)| *at <= tail.position);
    }
    for (at, log, newest) in trims {
        tail.position = tail.position.max(at);
        tail.trimmed.push((log, newest));
    }
    Ok((tail, hides_some(db, horizon)?))
}

/// Returns the logs that were trimmed after a position, with the position of the trim and that of the newest entry that
/// was lost, in their order, up to a limit.
fn trims(
    db: Db<'_>,
    after: Position,
    horizon: i64,
    limit: usize,
) -> SqlResult<Vec<(Position, LogKey, Position)>> {
    let mut select = db.prepare_cached(
        "SELECT topic, application, trimmed_at, trimmed_position FROM logs
         WHERE trimmed_at > ? AND trimmed_at < ? ORDER BY trimmed_at LIMIT ?",
    )?;
    let bounds = params![after.0, horizon, i64::try_from(limit).unwrap_or(i64::MAX)];
    damaged::list(&mut select, bounds, "logs", |row| {
        let topic = checked(row, 0, |topic: String| Topic::new(&topic).ok())?;
        let log = LogKey::new(ApplicationId(row.get(1)?), topic);
        Ok((Position(row.get(2)?), log, Position(row.get(3)?)))
    })
}

/// Returns the message that a change is about, as it is now.
fn target_of(db: Db<'_>, log: i64, key: &LogKey, target: Seq) -> SqlResult<Option<TailedMessage>> {
    let mut find = db.prepare_cached(
        "SELECT position, seq, send_id, at, data, NULL, ? FROM entries WHERE log = ? AND seq = ?",
    )?;
    let key_of = params![key.topic.as_str(), log, sql(target)];
    let found = damaged::one(&mut find, key_of, "entries", |row| {
        let entry = message(row)?;
        Ok(TailedMessage { position: Position(row.get(0)?), log: key.clone(), entry })
    })?;
    let Some(mut found) = found else { return Ok(None) };
    logs::show_copies(db, key, std::slice::from_mut(&mut found.entry))?;
    Ok(Some(found))
}

/// Returns the entries at these positions that are in conversations of an application, in the same order.
pub(super) fn at(
    db: Db<'_>,
    application: ApplicationId,
    positions: &[Position],
) -> SqlResult<Vec<(Position, Entry<Json>)>> {
    let mut find = db.prepare_cached(
        "SELECT entries.position, entries.seq, entries.send_id, entries.at, entries.data, entries.application,
                logs.topic
         FROM entries CROSS JOIN logs ON logs.id = entries.log
         WHERE entries.position = ? AND entries.application = ? AND logs.application = ?",
    )?;
    let mut entries = Vec::with_capacity(positions.len());
    for position in positions {
        let key = params![position.0, application.0, application.0];
        let Some(mut entry) = damaged::one(&mut find, key, "entries", message)? else { continue };
        let is_copy = CopyPointer::of(&entry.topic, &entry.data).is_some();
        if is_copy {
            restricted::fill_copies(db, application, std::slice::from_mut(&mut entry))?;
        }
        if is_copy || entry.topic.conversation().is_some() {
            entries.push((*position, entry));
        }
    }
    Ok(entries)
}

/// Returns the position of an entry.
pub(super) fn position_of(db: Db<'_>, key: &LogKey, seq: Seq) -> SqlResult<Option<Position>> {
    let Some((log, _)) = logs::log(db, key)? else { return Ok(None) };
    let mut find = db.prepare_cached("SELECT position FROM entries WHERE log = ? AND seq = ?")?;
    find.query_row(params![log, sql(seq)], |row| row.get(0).map(Position)).optional()
}

/// Reads an entry from the columns `position`, `seq`, `send_id`, `at`, `data`, any, and `topic`.
fn message(row: Row<'_>) -> SqlResult<Entry<Json>> {
    Ok(Entry {
        seq: seq(row, 1)?,
        id: checked(row, 2, |id: String| SendId::stored(&id).ok())?,
        timestamp: Timestamp(row.get(3)?),
        data: checked(row, 4, |data: String| Json::new(&data).ok())?,
        topic: checked(row, 6, |topic: String| Topic::new(&topic).ok())?,
    })
}
