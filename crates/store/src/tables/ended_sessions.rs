//! Ended sessions and revoked tokens of programs, as entries of a log of the server itself.

use chat::store::{BodyHash, Draft, Ends, Mentions, REVOCATIONS, Revocation, RevocationSlice, Sender};
use wire::{ApplicationId, Json, SendId, Seq, Timestamp};

use super::append::append;
use super::logs;
use super::scope::Scope;
use super::slices::{self, Found};
use super::trim;
use super::values::{checked, seq, sql};
use crate::sql::{Db, SqlError, SqlResult, params};

/// The most sessions in one entry.
const TOGETHER: usize = 100;

/// Appends the sessions that have ended in this transaction.
pub(super) fn note(scope: Scope<'_>, at: Timestamp, ended: &[Revocation]) -> SqlResult<()> {
    let key = Revocation::log();
    let scope = Scope { application: ApplicationId::SERVER, ..scope };
    for some in ended.chunks(TOGETHER) {
        scope.locks.take(scope.db, &key)?;
        // Its Seq, which is not used twice.
        let id = logs::head(scope.db, &key)?.next();
        let draft = Draft {
            topic: key.topic.clone(),
            sender: Sender::Server,
            id: SendId::new(&id.to_string()).map_err(|_| SqlError::ChangedRows(0))?,
            body: BodyHash([0; 16]),
            data: Revocation::to_json(some),
            at,
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        append(scope, &draft)?;
    }
    Ok(())
}

/// Returns the newest entry of the log.
pub(super) fn head(db: Db<'_>) -> SqlResult<Seq> {
    Ok(slices::head(db, &Revocation::log())?.unwrap_or_default())
}

/// Returns the entries after a Seq.
pub(crate) fn after(db: Db<'_>, after: Seq) -> SqlResult<RevocationSlice> {
    let Some(Found { log, begins, head }) = slices::find(db, &Revocation::log())? else {
        return Ok(RevocationSlice { after, ..RevocationSlice::default() });
    };
    let mut slice = RevocationSlice { after, entries: Vec::new(), head };
    if head <= after {
        return Ok(slice);
    }
    slice.after = after.max(Seq(begins.0.saturating_sub(1)));
    if head.0.saturating_sub(slice.after.0) > REVOCATIONS {
        slice.after = head;
    }
    let mut select =
        db.prepare_cached("SELECT seq, data FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?")?;
    let mut rows = select.query(params![log, sql(slice.after), REVOCATIONS])?;
    let mut last = slice.after;
    while let Some(row) = rows.next()? {
        // Without its Seq everything after it is unknown as well.
        let Ok(seq) = seq(row, 0) else { break };
        let read = checked(row, 1, |data: String| Revocation::parse(&Json::new(&data).ok()?));
        match read {
            Ok(ended) if seq == last.next() => slice.entries.push((seq, ended)),
            // An entry that is missing here may have ended any session.
            read => {
                slice.entries = read.into_iter().map(|ended| (seq, ended)).collect();
                slice.after = if slice.entries.is_empty() { seq } else { Seq(seq.0 - 1) };
            }
        }
        last = seq;
    }
    if last != head {
        (slice.after, slice.entries) = (head, Vec::new());
    }
    Ok(slice)
}

/// Deletes entries from before a time, but the newest.
pub(super) fn trim(scope: Scope<'_>, before: Timestamp) -> SqlResult<()> {
    let (db, key) = (scope.db, Revocation::log());
    let Some(log) = logs::log_row(db, &key)? else { return Ok(()) };
    let first = logs::place_at(db, &key, before)?.unwrap_or(log.head).min(log.head);
    if first <= log.begins {
        return Ok(());
    }
    trim::remove(scope, &key, log, first)
}
