//! Trimming: the oldest entries of a log are removed, with everything that belongs to them.

use chat::store::{OldEntry, TRIM_ENTRIES, Trim, Trimmed, requoted};
use wire::{LogKey, Seq, Timestamp, TopicKind};

use super::scope::Scope;
use super::values::{seq, sql};
use super::{damaged, files, logs, restricted};
use crate::sql::{Db, SqlResult, params};

/// Removes the entries before a Seq, up to [`TRIM_ENTRIES`] of them.
pub(super) fn trim(scope: Scope<'_>, Trim { topic, before }: &Trim) -> SqlResult<Trimmed> {
    let key = scope.log(topic);
    let Some(log) = logs::log_row(scope.db, &key)? else { return Ok(Trimmed { begins: Seq(1) }) };
    let most = Seq(log.begins.0.saturating_add(TRIM_ENTRIES));
    let before = (*before).min(most).min(log.head.next());
    if before <= log.begins {
        return Ok(Trimmed { begins: log.begins });
    }
    remove(scope, &key, log, before)?;
    Ok(Trimmed { begins: before })
}

/// Removes all entries of a log before a Seq, which is not past its end.
pub(super) fn remove(scope: Scope<'_>, key: &LogKey, log: logs::LogRow, before: Seq) -> SqlResult<()> {
    let (db, id, before_seq) = (scope.db, log.id, sql(before));
    let mut sum = db.prepare_cached(
        "SELECT coalesce(max(position), 0), coalesce(sum(octet_length(data)), 0),
                coalesce(sum(octet_length(data)) FILTER (WHERE sender = 'open'), 0)
         FROM entries WHERE log = ? AND seq < ?",
    )?;
    let (newest, bytes, open_bytes): (i64, i64, i64) =
        sum.query_row(params![id, before_seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let requoted_bytes = silence(scope, key, log, before)?;
    restricted::trim(scope, id, key, before)?;
    files::detach_before(scope, &key.topic, Some(before))?;
    db.prepare_cached("DELETE FROM mentions WHERE log = ? AND seq < ?")?.execute(params![id, before_seq])?;
    db.prepare_cached("DELETE FROM entries WHERE log = ? AND seq < ?")?.execute(params![id, before_seq])?;
    if let TopicKind::User(user) = key.topic.kind() {
        let mut refusals = db.prepare_cached(
            "DELETE FROM broadcast_refusals WHERE application = ? AND user = ? AND seq < ?",
        )?;
        refusals.execute(params![key.application.0, user.to_string(), before_seq])?;
    }
    if open_bytes > 0 {
        let mut open =
            db.prepare_cached("UPDATE open_topics SET bytes = max(bytes - ?, 0) WHERE application = ?")?;
        open.execute(params![open_bytes, key.application.0])?;
    }
    // The trim has a position of its own, by which the search index learns of it.
    let at = scope.positions.reserve();
    let mut update = db.prepare_cached(
        "UPDATE logs SET head = ?7, at = coalesce(CAST(at AS INTEGER), 0), begins = ?1,
                         bytes = max(coalesce(CAST(bytes AS INTEGER), 0) - ?2, 0),
                         trimmed_position = max(?3, coalesce(CAST(trimmed_position AS INTEGER), 0)),
                         trimmed_at = ?4,
                         recounts = coalesce(CAST(recounts AS INTEGER), 0) % 4611686018427387904 + 1
         WHERE application = ?5 AND id = ?6",
    )?;
    let bytes = bytes + requoted_bytes;
    update.execute(params![before_seq, bytes, newest, at, key.application.0, id, sql(log.head)])?;
    scope.shortened(key, log.begins, before);
    scope.positions.keep(db)
}

/// Takes the words of the entries that are going to be removed out of those that quote or changed them. Returns the
/// number of bytes by which these became shorter.
fn silence(scope: Scope<'_>, key: &LogKey, log: logs::LogRow, before: Seq) -> SqlResult<i64> {
    let mut select = scope.db.prepare_cached(
        "SELECT seq, send_id, at, data FROM entries
         WHERE log = ?1 AND about >= ?2 AND about < ?3 AND seq >= ?3 ORDER BY about, seq",
    )?;
    let bounds = params![log.id, sql(log.begins), sql(before)];
    let about = damaged::list(&mut select, bounds, "entries", |row| logs::entry(row, key))?;
    let mut shorter = 0;
    for entry in about {
        if let Some(data) = requoted(&entry.data, "") {
            let mut rewrite =
                scope.db.prepare_cached("UPDATE entries SET data = ? WHERE log = ? AND seq = ?")?;
            rewrite.execute(params![data.as_str(), log.id, sql(entry.seq)])?;
            shorter += length(entry.data.as_str()) - length(data.as_str());
            scope.rewritten(key, entry, data);
        }
    }
    Ok(shorter)
}

/// Returns the oldest entries of a log.
pub(super) fn oldest(db: Db<'_>, key: &LogKey, limit: usize) -> SqlResult<Vec<OldEntry>> {
    let Some(log) = logs::log_row(db, key)? else { return Ok(Vec::new()) };
    let mut select = db.prepare_cached(
        "SELECT seq, at, octet_length(data) FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    // An entry without a time is as old as any, so that it does not keep the later ones.
    damaged::list(&mut select, params![log.id, sql(log.begins), most], "entries", |row| {
        let at = damaged::or(row, "entries", row.get(1), 0)?;
        let bytes = damaged::or(row, "entries", row.get(2), 0)?;
        Ok(OldEntry { seq: seq(row, 0)?, at: Timestamp(at), bytes })
    })
}

/// Returns the bytes of a text as a column has them.
pub(super) fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}
