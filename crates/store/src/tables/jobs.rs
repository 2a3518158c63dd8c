//! Jobs and their leases, the tail of entries that may cause work, and refusals of broadcasts.

use std::collections::{BTreeMap, HashMap};

use chat::store::{
    Checked, ClaimJobs, DELIVERIES_AT_ONCE, FoundJob, Job, JobCount, JobEnd, JobId, JobKind, JobQueue,
    JobWrite, LeaseId, NewJob, Position, Tail, code_of, refusal_of,
};
use wire::{ApplicationId, Json, LogKey, Refusal, Seq, Timestamp, Topic, UserId};

use super::horizon::{hides_some, horizon};
use super::values::{checked, sql};
use super::{damaged, lanes, logs};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// Carries out a change of jobs.
pub(super) fn write(db: Db<'_>, write: &JobWrite) -> SqlResult<Checked> {
    match write {
        JobWrite::Add(jobs) => add(db, jobs)?,
        JobWrite::Begin { now, latest, periodic } => {
            lanes::mend(db)?;
            let mut hurry =
                db.prepare_cached("UPDATE jobs SET run_at = ? WHERE NOT is_dead AND run_at > ?")?;
            hurry.execute([now.0, latest.0])?;
            add(db, periodic)?;
            let mut set = db.prepare_cached(
                "UPDATE jobs SET run_at = ? WHERE application = ? AND kind = ? AND key = ? AND NOT is_dead",
            )?;
            for job in periodic {
                set.execute(params![job.run_at.0, job.application.0, job.kind.as_str(), job.key])?;
            }
        }
        JobWrite::Plan { from, to, jobs } => {
            let mut advance = db.prepare_cached("UPDATE relay SET position = ? WHERE position = ?")?;
            if advance.execute([to.0, from.0])? == 0 {
                return Ok(Checked::Stale);
            }
            add(db, jobs)?;
        }
        JobWrite::Renew { lease, jobs, until } => {
            let mut renew =
                db.prepare_cached("UPDATE jobs SET leased_until = ? WHERE id = ? AND lease = ?")?;
            for id in jobs {
                renew.execute(params![until.0, id.0, lease.0])?;
            }
        }
        JobWrite::End { id, lease, attempt, end: how } => return end(db, *id, *lease, *attempt, how),
        JobWrite::SetArguments { id, lease, attempt, arguments } => {
            let mut set = db.prepare_cached(
                "UPDATE jobs SET arguments = ?4 WHERE id = ?1 AND lease = ?2 AND attempts = ?3",
            )?;
            if set.execute(params![id.0, lease.0, attempt, arguments.as_str()])? == 0 {
                return Ok(Checked::Stale);
            }
        }
        JobWrite::Remove { id } => {
            let lane = lanes::of(db, *id)?;
            if db.prepare_cached("DELETE FROM jobs WHERE id = ?")?.execute([id.0])? == 0 {
                return Ok(Checked::Stale);
            }
            lanes::go_on(db, lane)?;
        }
        JobWrite::Release { lease } => {
            let mut release = db.prepare_cached(
                "UPDATE jobs SET lease = NULL, leased_until = NULL, attempts = attempts - 1 WHERE lease = ?",
            )?;
            release.execute([lease.0])?;
        }
        JobWrite::RemoveOld { before } => {
            db.prepare_cached("DELETE FROM jobs WHERE is_dead AND run_at < ?")?.execute([before.0])?;
        }
    }
    Ok(Checked::Done)
}

pub(super) fn add(db: Db<'_>, jobs: &[NewJob]) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO jobs (application, kind, lane, key, arguments, run_at, waits)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                 EXISTS (SELECT 1 FROM jobs AS first
                         WHERE first.application = ?1 AND first.lane = ?3 AND NOT first.is_dead))
         ON CONFLICT (application, kind, key) WHERE key IS NOT NULL AND NOT is_dead DO NOTHING",
    )?;
    for NewJob { application, kind, lane, key, arguments, run_at } in jobs {
        insert.execute(params![application.0, kind.as_str(), lane, key, arguments.as_str(), run_at.0])?;
    }
    Ok(())
}

/// Returns true if a job of a queue may be claimed: it is due, not leased by a worker that is alive, and the first of its
/// lane.
pub(crate) fn has_due(db: Db<'_>, queue: JobQueue, now: Timestamp) -> SqlResult<bool> {
    let queue = condition(queue);
    let mut find = db.prepare_cached(&format!(
        "SELECT 1 FROM jobs WHERE NOT is_dead AND NOT waits AND {queue} AND run_at <= ?1 AND (lease IS NULL OR leased_until <= ?1)
         AND id = (SELECT min(first.id) FROM jobs AS first
                   WHERE first.application = jobs.application AND first.lane = jobs.lane AND NOT first.is_dead)
         LIMIT 1"
    ))?;
    find.exists([now.0])
}

/// Returns the condition of a job in a queue.
const fn condition(queue: JobQueue) -> &'static str {
    match queue {
        JobQueue::Own => "kind <> 'deliver_webhook'",
        JobQueue::Webhooks => "kind = 'deliver_webhook'",
    }
}

/// The most due deliveries that are looked at for one claim.
const LOOKED_AT: usize = 2_000;

pub(super) fn claim(db: Db<'_>, claim: ClaimJobs) -> SqlResult<Vec<Job>> {
    let ClaimJobs { queue: from, lease, now, until, limit } = claim;
    let queue = condition(from);
    let mut due = db.prepare_cached(&format!(
        "SELECT id, application, kind, arguments, attempts, lane FROM jobs
         WHERE NOT is_dead AND NOT waits AND {queue} AND run_at <= ?1 AND (lease IS NULL OR leased_until <= ?1)
         AND id = (SELECT min(first.id) FROM jobs AS first
                   WHERE first.application = jobs.application AND first.lane = jobs.lane AND NOT first.is_dead)
         ORDER BY run_at, id LIMIT ?2"
    ))?;
    let (most, mut leased) = match from {
        JobQueue::Own => (limit, None),
        JobQueue::Webhooks => (LOOKED_AT, Some(leased_deliveries(db, now)?)),
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let (mut jobs, mut broken) = (Vec::new(), Vec::new());
    let mut rows = due.query(params![now.0, most])?;
    while jobs.len() < limit
        && let Some(row) = rows.next()?
    {
        let id = JobId(row.get(0)?);
        if let Some(leased) = &mut leased {
            let leased = leased.entry(webhook_of(row, 1, 5)?).or_default();
            if *leased == DELIVERIES_AT_ONCE {
                continue;
            }
            *leased += 1;
        }
        match damaged::row(row, "jobs", job(row))? {
            Some(job) => jobs.push(job),
            None => broken.push(id),
        }
    }
    // A job that cannot be read would stop its lane.
    let mut bury =
        db.prepare_cached("UPDATE jobs SET is_dead = true, error = 'it cannot be read' WHERE id = ?")?;
    for id in broken {
        bury.execute([id.0])?;
        let lane = lanes::of(db, id)?;
        lanes::go_on(db, lane)?;
    }
    let mut take =
        db.prepare_cached("UPDATE jobs SET lease = ?, leased_until = ?, attempts = ? WHERE id = ?")?;
    for job in &jobs {
        take.execute(params![lease.0, until.0, job.attempt, job.id.0])?;
    }
    Ok(jobs)
}

/// Returns the number of leased deliveries of each webhook that has some.
fn leased_deliveries(db: Db<'_>, now: Timestamp) -> SqlResult<HashMap<(u32, String), usize>> {
    let mut select = db.prepare_cached(
        "SELECT application, lane FROM jobs
         WHERE lease IS NOT NULL AND leased_until > ? AND kind = 'deliver_webhook' AND NOT is_dead",
    )?;
    let mut rows = select.query([now.0])?;
    let mut leased = HashMap::new();
    while let Some(row) = rows.next()? {
        *leased.entry(webhook_of(row, 0, 1)?).or_default() += 1;
    }
    Ok(leased)
}

/// Returns the webhook of a delivery, by its application and the beginning of its lane.
fn webhook_of(row: Row<'_>, application: usize, lane: usize) -> SqlResult<(u32, String)> {
    let lane: String = row.get(lane)?;
    let webhook = lane.split('/').nth(1).unwrap_or_default().to_owned();
    Ok((row.get(application)?, webhook))
}

fn job(row: Row<'_>) -> SqlResult<Job> {
    Ok(Job {
        id: JobId(row.get(0)?),
        application: ApplicationId(row.get(1)?),
        kind: checked(row, 2, |kind: String| JobKind::parse(&kind))?,
        arguments: checked(row, 3, |arguments: String| Json::new(&arguments).ok())?,
        attempt: row.get::<u32>(4)?.saturating_add(1),
    })
}

fn end(db: Db<'_>, id: JobId, lease: LeaseId, attempt: u32, how: &JobEnd) -> SqlResult<Checked> {
    let lane = match how {
        JobEnd::Done | JobEnd::Failed { retry_at: None, .. } => lanes::of(db, id)?,
        JobEnd::Again { .. } | JobEnd::Failed { .. } => None,
    };
    let ended = match how {
        JobEnd::Done => {
            let mut delete =
                db.prepare_cached("DELETE FROM jobs WHERE id = ?1 AND lease = ?2 AND attempts = ?3")?;
            delete.execute(params![id.0, lease.0, attempt])?
        }
        JobEnd::Again { run_at } => {
            let mut again = db.prepare_cached(
                "UPDATE jobs SET lease = NULL, leased_until = NULL, run_at = ?4, attempts = 0, error = NULL
                 WHERE id = ?1 AND lease = ?2 AND attempts = ?3",
            )?;
            again.execute(params![id.0, lease.0, attempt, run_at.0])?
        }
        JobEnd::Failed { retry_at, error } => {
            let mut fail = db.prepare_cached(
                "UPDATE jobs SET lease = NULL, leased_until = NULL, run_at = coalesce(?4, run_at),
                        is_dead = ?4 IS NULL, error = ?5
                 WHERE id = ?1 AND lease = ?2 AND attempts = ?3",
            )?;
            fail.execute(params![id.0, lease.0, attempt, retry_at.map(|at| at.0), error])?
        }
    };
    if ended == 0 {
        return Ok(Checked::Stale);
    }
    lanes::go_on(db, lane)?;
    Ok(Checked::Done)
}

/// Gives back every leased job. Only one process has the file open, so the workers of earlier ones are gone.
pub(crate) fn release_all(db: Db<'_>) -> SqlResult<()> {
    db.execute("UPDATE jobs SET lease = NULL, leased_until = NULL WHERE lease IS NOT NULL", []).map(|_| ())
}

/// Counts the jobs of each kind that has some.
pub(crate) fn counts(db: Db<'_>) -> SqlResult<Vec<JobCount>> {
    let mut select = db.prepare_cached(
        "SELECT kind, count(*) FILTER (WHERE NOT is_dead AND lease IS NULL),
                count(*) FILTER (WHERE NOT is_dead AND lease IS NOT NULL), count(*) FILTER (WHERE is_dead),
                min(run_at) FILTER (WHERE NOT is_dead)
         FROM jobs GROUP BY kind",
    )?;
    let mut counts = damaged::list(&mut select, [], "jobs", |row| {
        Ok(JobCount {
            kind: checked(row, 0, |kind: String| JobKind::parse(&kind))?,
            ready: row.get(1)?,
            leased: row.get(2)?,
            dead: row.get(3)?,
            oldest: row.get::<Option<i64>>(4)?.map(Timestamp),
        })
    })?;
    counts.sort_by_key(|count| count.kind);
    Ok(counts)
}

/// Returns the position of the relay.
pub(crate) fn relay(db: Db<'_>) -> SqlResult<Position> {
    let mut find = db.prepare_cached("SELECT position FROM relay")?;
    Ok(find.query_row([], |row| row.get(0)).optional()?.map(Position).unwrap_or_default())
}

/// Returns the entries after a position that may cause work, and the position of the last of them; and true if a later
/// read may find more without another commit.
pub(crate) fn tail(db: Db<'_>, after: Position, limit: usize) -> SqlResult<(Tail, bool)> {
    let horizon = horizon(db)?;
    let mut select = db.prepare_cached(
        "SELECT entries.position, logs.application, logs.topic, entries.seq
         FROM entries INDEXED BY entries_to_plan CROSS JOIN logs ON logs.id = entries.log
         WHERE entries.position > ? AND entries.position < ? AND NOT entries.is_row AND entries.about IS NULL AND entries.sender NOT IN ('open', 'server')
         ORDER BY entries.position LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![after.0, horizon, limit])?;
    let mut tail = Tail { entries: Vec::new(), position: after };
    while let Some(row) = rows.next()? {
        tail.position = Position(row.get(0)?);
        let entry = || {
            let topic = checked(row, 2, |topic: String| Topic::new(&topic).ok())?;
            Ok((LogKey::new(ApplicationId(row.get(1)?), topic), Seq(row.get(3)?)))
        };
        let Some((log, seq)) = damaged::row(row, "entries", entry())? else { continue };
        if let Some(kept) = logs::kept(db, &log, seq)? {
            tail.entries.push((log, kept.entry));
        }
    }
    Ok((tail, hides_some(db, horizon)?))
}

/// Returns the job of a kind with a key, unless it is dead.
pub(super) fn job_by_key(
    db: Db<'_>,
    application: ApplicationId,
    kind: JobKind,
    key: &str,
) -> SqlResult<Option<FoundJob>> {
    let mut find = db.prepare_cached(
        "SELECT id, arguments, error FROM jobs
         WHERE application = ? AND kind = ? AND key = ? AND NOT is_dead",
    )?;
    damaged::one(&mut find, params![application.0, kind.as_str(), key], "jobs", |row| {
        Ok(FoundJob {
            id: JobId(row.get(0)?),
            arguments: checked(row, 1, |arguments: String| Json::new(&arguments).ok())?,
            error: row.get(2)?,
        })
    })
}

/// Returns true if a lane of an application has a job that is not dead.
pub(super) fn has_jobs(db: Db<'_>, application: ApplicationId, lane: &str) -> SqlResult<bool> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM jobs WHERE application = ? AND lane = ? AND NOT is_dead LIMIT 1")?;
    find.exists(params![application.0, lane])
}

/// Keeps the refusals of a broadcast; those that were kept before stay.
pub(super) fn keep_refusals(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    seq: Seq,
    refused: &[(usize, Refusal)],
) -> SqlResult<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO broadcast_refusals (application, user, seq, target, code, number) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )?;
    for (target, refusal) in refused {
        let (code, number) = code_of(refusal);
        let target = i64::try_from(*target).unwrap_or(i64::MAX);
        insert.execute(params![application.0, user.to_string(), sql(seq), target, code, number])?;
    }
    Ok(())
}

/// Returns the refusals of a broadcast, by the number of the target.
pub(super) fn refusals(
    db: Db<'_>,
    application: ApplicationId,
    user: UserId,
    seq: Seq,
) -> SqlResult<BTreeMap<usize, Refusal>> {
    let mut select = db.prepare_cached(
        "SELECT target, code, number FROM broadcast_refusals WHERE application = ? AND user = ? AND seq = ?",
    )?;
    let key = params![application.0, user.to_string(), sql(seq)];
    let refusals = damaged::list(&mut select, key, "broadcast_refusals", |row| {
        let number = row.get(2)?;
        Ok((row.get(0)?, checked(row, 1, |code: String| refusal_of(&code, number))?))
    })?;
    Ok(refusals.into_iter().collect())
}
