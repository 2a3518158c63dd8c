//! Slices of several logs: the entries after given Seqs, with the users whose right ends there.

use chat::store::{Ends, FAR_BEHIND, LogSlice, SLICE_ENDS, SLICE_ENTRIES};
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::{LogKey, Seq, TopicKind};

use super::logs::LogRow;
use super::values::{ends_of, seq, sql};
use super::{damaged, logs};

/// A log, and the oldest entry that it has.
pub(super) struct Found {
    pub(super) log: i64,
    pub(super) begins: Seq,
    pub(super) head: Seq,
}

/// Returns the head of a log; none if there is no such log.
pub(super) fn head(db: &Connection, key: &LogKey) -> rusqlite::Result<Option<Seq>> {
    Ok(find(db, key)?.map(|found| found.head))
}

/// Returns the entries of a log after a Seq.
pub(super) fn slice(db: &Connection, key: &LogKey, after: Seq) -> rusqlite::Result<LogSlice> {
    let Some(Found { log, begins, head }) = find(db, key)? else { return Ok(LogSlice::Absent) };
    if head <= after {
        return Ok(LogSlice::Entries(Vec::new()));
    }
    if begins > after.next() {
        return Ok(LogSlice::Lost);
    }
    if head.0 - after.0 > FAR_BEHIND {
        return ends(db, log, after, head);
    }
    let mut select = db.prepare_cached(
        "SELECT seq, send_id, at, data, ends FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?",
    )?;
    let mut rows = select.query(params![log, sql(after), limit(SLICE_ENTRIES)])?;
    let (mut entries, mut last) = (Vec::new(), after);
    while let Some(row) = rows.next()? {
        let (Ok(seq), Some(ends)) = (seq(row, 0), ends_at(row, 4)?) else { return Ok(LogSlice::Lost) };
        if seq != last.next() {
            return Ok(LogSlice::Lost);
        }
        last = seq;
        entries.push((logs::entry(row, key)?, ends));
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
pub(super) fn find(db: &Connection, key: &LogKey) -> rusqlite::Result<Option<Found>> {
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
fn ends(db: &Connection, log: i64, after: Seq, head: Seq) -> rusqlite::Result<LogSlice> {
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
fn ends_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Ends>> {
    damaged::or(row, "entries", ends_of(row, column).map(Some), None)
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
