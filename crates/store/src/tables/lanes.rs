//! Lanes of jobs. A job waits while another one of its lane is before it; only those that do not wait are looked at when
//! a worker asks for work, however many wait behind a receiver that does not answer.

use chat::store::JobId;

use crate::sql::{Db, OptionalExtension, SqlResult, params};

/// A lane of an application, in which jobs run one after the other.
pub(super) struct Lane {
    application: u32,
    name: String,
}

/// Returns the lane of a job.
pub(super) fn of(db: Db<'_>, id: JobId) -> SqlResult<Option<Lane>> {
    let mut find = db.prepare_cached("SELECT application, lane FROM jobs WHERE id = ?")?;
    find.query_row([id.0], |row| Ok(Lane { application: row.get(0)?, name: row.get(1)? })).optional()
}

/// Lets the first job of a lane wait no longer, after the one before it has ended.
pub(super) fn go_on(db: Db<'_>, lane: Option<Lane>) -> SqlResult<()> {
    let Some(Lane { application, name }) = lane else { return Ok(()) };
    let mut go_on = db.prepare_cached(
        "UPDATE jobs SET waits = false
         WHERE id = (SELECT min(id) FROM jobs WHERE application = ? AND lane = ? AND NOT is_dead)",
    )?;
    go_on.execute(params![application, name]).map(|_| ())
}

/// Lets the first job of every lane wait no longer. A node of an earlier version, which does not know that jobs wait,
/// may have ended the one before it.
pub(super) fn mend(db: Db<'_>) -> SqlResult<()> {
    let mut mend = db.prepare_cached(
        "UPDATE jobs SET waits = false
         WHERE waits AND NOT is_dead
         AND id = (SELECT min(first.id) FROM jobs AS first
                   WHERE first.application = jobs.application AND first.lane = jobs.lane AND NOT first.is_dead)",
    )?;
    mend.execute([]).map(|_| ())
}
