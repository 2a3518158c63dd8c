//! Attempts, counted in time windows for throttling.

use chat::store::{Attempt, AttemptKey, AttemptOutcome, AttemptWrite};
use wire::{ApplicationId, Timestamp};

use super::damaged;
use crate::sql::{Db, SqlResult, params};

/// Carries out a change of the counters.
pub(super) fn write(
    db: Db<'_>,
    application: ApplicationId,
    write: &AttemptWrite,
) -> SqlResult<AttemptOutcome> {
    match write {
        AttemptWrite::Take { attempts, at } => take(db, application, attempts, *at),
        AttemptWrite::Return { attempts } => give_back(db, application, attempts),
    }
}

/// Counts one attempt in each window, if all of them have room.
fn take(
    db: Db<'_>,
    application: ApplicationId,
    attempts: &[Attempt],
    at: Timestamp,
) -> SqlResult<AttemptOutcome> {
    let mut wait_ms = 0;
    for Attempt { key, max, window_ms } in attempts {
        // After the clock was set back nobody waits longer than the window.
        db.prepare_cached("UPDATE attempts SET at = ?3 WHERE application = ?1 AND key = ?2 AND at > ?3")?
            .execute(params![application.0, key.0, at.0])?;
        // There is room again once the window has one attempt fewer than allowed.
        let mut find = db.prepare_cached(
            "SELECT at FROM attempts WHERE application = ? AND key = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        )?;
        let last = max.saturating_sub(1);
        let key = params![application.0, key.0, at.0 - window_ms, last];
        let full = damaged::one(&mut find, key, "attempts", |row| row.get::<i64>(0))?;
        if let Some(made) = full {
            wait_ms = wait_ms.max(made + window_ms - at.0);
        }
    }
    if wait_ms > 0 {
        return Ok(AttemptOutcome::Exhausted { wait_ms });
    }
    for Attempt { key, window_ms, .. } in attempts {
        db.prepare_cached("DELETE FROM attempts WHERE application = ? AND key = ? AND at <= ?")?
            .execute(params![application.0, key.0, at.0 - window_ms])?;
        db.prepare_cached("INSERT INTO attempts (application, key, at) VALUES (?, ?, ?)")?
            .execute(params![application.0, key.0, at.0])?;
    }
    Ok(AttemptOutcome::Done)
}

/// Removes the latest attempt from each window.
fn give_back(db: Db<'_>, application: ApplicationId, attempts: &[AttemptKey]) -> SqlResult<AttemptOutcome> {
    for key in attempts {
        db.prepare_cached(
            "DELETE FROM attempts WHERE id = (
                 SELECT id FROM attempts WHERE application = ? AND key = ? ORDER BY at DESC LIMIT 1)",
        )?
        .execute(params![application.0, key.0])?;
    }
    Ok(AttemptOutcome::Done)
}

pub(super) fn sweep(db: Db<'_>, application: ApplicationId, before: Timestamp) -> SqlResult<()> {
    db.prepare_cached("DELETE FROM attempts WHERE application = ? AND at < ?")?
        .execute(params![application.0, before.0])
        .map(|_| ())
}
