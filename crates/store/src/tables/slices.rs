//! Slices of several logs: the entries after given Seqs, with the users whose right ends there.

use chat::store::{Ends, FAR_BEHIND, LogSlice, SLICE_ENDS, SLICE_ENTRIES};
use wire::{Entry, Json, LogKey, Seq, TopicKind};

use super::logs::LogRow;
use super::values::{ends_of, seq, sql};
use super::{damaged, logs};
use crate::postgres::slices as postgres;
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// A log, and the oldest entry that it has.
pub(crate) struct Found {
    pub(crate) log: i64,
    pub(crate) begins: Seq,
    pub(crate) head: Seq,
}

/// Returns the head of a log; none if there is no such log.
pub(super) fn head(db: Db<'_>, key: &LogKey) -> SqlResult<Option<Seq>> {
    Ok(find(db, key)?.map(|found| found.head))
}

/// Returns the heads of logs; none for a log that does not exist.
pub(crate) fn heads(db: Db<'_>, keys: &[LogKey]) -> SqlResult<Vec<Option<Seq>>> {
    match db.as_postgres() {
        Some(connection) => postgres::heads(connection, keys),
        None => keys.iter().map(|key| head(db, key)).collect(),
    }
}

/// Returns the entries of logs after a Seq of each.
pub(crate) fn slices(db: Db<'_>, after: &[(LogKey, Seq)]) -> SqlResult<Vec<LogSlice>> {
    match db.as_postgres() {
        Some(connection) => postgres::slices(connection, after),
        None => after.iter().map(|(key, after)| slice(db, key, *after)).collect(),
    }
}

fn slice(db: Db<'_>, key: &LogKey, after: Seq) -> SqlResult<LogSlice> {
    let found = find(db, key)?;
    slice_of(db, key, after, found, |log| {
        let mut select = db.prepare_cached(
            "SELECT seq, send_id, at, data, ends FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?",
        )?;
        let mut rows = select.query(params![log, sql(after), limit(SLICE_ENTRIES)])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(read(row, key)?);
        }
        Ok(entries)
    })
}

/// An entry of a slice, with the users whose right ends there; none if one of its columns is damaged.
pub(crate) type SliceEntry = Option<(Entry<Json>, Ends)>;

/// Reads an entry of a slice from the columns `seq`, `send_id`, `at`, `data` and `ends`.
pub(crate) fn read(row: Row<'_>, key: &LogKey) -> SqlResult<SliceEntry> {
    let (Ok(_), Some(ends)) = (seq(row, 0), ends_at(row, 4)?) else { return Ok(None) };
    Ok(Some((logs::entry(row, key)?, ends)))
}

/// Returns the entries of a log, as it was found, after a Seq. They are read by `select`, [`SLICE_ENTRIES`] at most.
pub(crate) fn slice_of(
    db: Db<'_>,
    key: &LogKey,
    after: Seq,
    found: Option<Found>,
    select: impl FnOnce(i64) -> SqlResult<Vec<SliceEntry>>,
) -> SqlResult<LogSlice> {
    let Some(Found { log, begins, head }) = found else { return Ok(LogSlice::Absent) };
    if head <= after {
        return Ok(LogSlice::Entries(Vec::new()));
    }
    if begins > after.next() {
        return Ok(LogSlice::Lost);
    }
    if head.0 - after.0 > FAR_BEHIND {
        return ends(db, log, after, head);
    }
    let (mut entries, mut last) = (Vec::new(), after);
    for entry in select(log)? {
        let Some(entry) = entry.filter(|(entry, _)| entry.seq == last.next()) else {
            return Ok(LogSlice::Lost);
        };
        last = entry.0.seq;
        entries.push(entry);
    }
    if matches!(key.topic.kind(), TopicKind::User(_)) {
        for (entry, _) in &mut entries {
            logs::show_copies(db, key, std::slice::from_mut(entry))?;
        }
    }
    let is_whole = entries.len() == SLICE_ENTRIES || last == head;
    Ok(if is_whole { LogSlice::Entries(entries) } else { LogSlice::Lost })
}

/// Finds a log; none if there is none.
pub(super) fn find(db: Db<'_>, key: &LogKey) -> SqlResult<Option<Found>> {
    let mut find = db.prepare_cached(
        "SELECT topic, id, head, recounts, begins FROM logs WHERE application = ? AND topic = ?",
    )?;
    let key = params![key.application.0, key.topic.as_str()];
    let found = find.query_row(key, |row| {
        let LogRow { id, head, .. } = logs::read_log(db, row, 1)?;
        // A damaged beginning is past every Seq: the readers begin anew.
        let begins = damaged::or(row, "logs", seq(row, 4), Seq(u64::MAX))?;
        Ok(Found { log: id, begins, head })
    });
    found.optional()
}

/// Returns the entries of a log that end somebody's right.
fn ends(db: Db<'_>, log: i64, after: Seq, head: Seq) -> SqlResult<LogSlice> {
    let mut select = db.prepare_cached(
        "SELECT seq, ends FROM entries WHERE log = ? AND seq > ? AND ends IS NOT NULL ORDER BY seq LIMIT ?",
    )?;
    let mut rows = select.query(params![log, sql(after), limit(SLICE_ENDS)])?;
    let mut ends = Vec::new();
    while let Some(row) = rows.next()? {
        let (Ok(seq), Some(ended)) = (seq(row, 0), ends_at(row, 1)?) else { return Ok(LogSlice::Lost) };
        ends.push((seq, ended));
    }
    let to = ends.last().filter(|_| ends.len() == SLICE_ENDS).map_or(head, |(seq, _)| *seq);
    Ok(LogSlice::Ends { ends, to })
}

/// Reads the users whose right ends; none if the column is damaged.
fn ends_at(row: Row<'_>, column: usize) -> SqlResult<Option<Ends>> {
    damaged::or(row, "entries", ends_of(row, column).map(Some), None)
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
