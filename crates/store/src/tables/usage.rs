//! Usage: the sizes of logs, their own retention, and the volume of an application.

use chat::store::{ApplicationUsage, Checked, LogUsage, Retention, SetRetention};
use wire::{ApplicationId, LogKey, Seq, Timestamp, Topic};

use super::scope::Scope;
use super::values::{checked, sql};
use super::{damaged, logs};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// Returns the size of a log.
pub(super) fn log(db: Db<'_>, key: &LogKey) -> SqlResult<Option<LogUsage>> {
    let mut find = db.prepare_cached(
        "SELECT topic, id, head, recounts, begins, bytes, retention FROM logs
         WHERE application = ? AND topic = ?",
    )?;
    let key = params![key.application.0, key.topic.as_str()];
    find.query_row(key, |row| damaged::row(row, "logs", read(db, row))).optional().map(Option::flatten)
}

/// Returns the sizes of the logs of an application after a topic, by name.
pub(super) fn logs(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<&Topic>,
    limit: usize,
) -> SqlResult<Vec<LogUsage>> {
    let mut select = db.prepare_cached(
        "SELECT topic, id, head, recounts, begins, bytes, retention FROM logs
         WHERE application = ? AND topic > ? ORDER BY topic LIMIT ?",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = params![application.0, after.map_or("", Topic::as_str), most];
    damaged::list(&mut select, key, "logs", |row| read(db, row))
}

/// Sets the retention of a log.
pub(super) fn set_retention(
    scope: Scope<'_>,
    SetRetention { topic, retention }: &SetRetention,
) -> SqlResult<Checked> {
    let mut update =
        scope.db.prepare_cached("UPDATE logs SET retention = ? WHERE application = ? AND topic = ?")?;
    let retention = retention.as_ref().map(|retention| retention.to_json().as_str().to_owned());
    let changed = update.execute(params![retention, scope.application.0, topic.as_str()])?;
    Ok(if changed > 0 { Checked::Done } else { Checked::Stale })
}

/// Returns the volume of an application.
pub(super) fn application(db: Db<'_>, application: ApplicationId) -> SqlResult<ApplicationUsage> {
    let count = |sql: &str| db.prepare_cached(sql)?.query_row([application.0], |row| row.get(0));
    let users = count("SELECT count(*) FROM users WHERE application = ? AND kind = 'person'")?;
    let groups = count("SELECT count(*) FROM groups WHERE application = ?")?;
    let mut sum = db.prepare_cached(
        "SELECT count(*), CAST(coalesce(sum(max(head - begins + 1, 0)), 0) AS INTEGER),
                CAST(coalesce(sum(bytes), 0) AS INTEGER)
         FROM logs WHERE application = ?",
    )?;
    sum.query_row([application.0], |row| {
        Ok(ApplicationUsage {
            users,
            groups,
            topics: row.get(0)?,
            entries: damaged::or(row, "logs", row.get(1), 0)?,
            bytes: damaged::or(row, "logs", row.get(2), 0)?,
        })
    })
}

/// Reads a log from its columns `topic`, those of [`logs::read_log`], `bytes` and `retention`.
fn read(db: Db<'_>, row: Row<'_>) -> SqlResult<LogUsage> {
    let log = logs::read_log(db, row, 1)?;
    let retention = row.get::<Option<String>>(6);
    let retention = damaged::or(row, "logs", retention, None)?;
    Ok(LogUsage {
        topic: checked(row, 0, |topic: String| Topic::new(&topic).ok())?,
        begins: log.begins,
        head: log.head,
        bytes: damaged::or(row, "logs", row.get(5), 0)?,
        oldest: oldest(db, log.id, log.begins)?,
        retention: retention.and_then(|text| Retention::parse(&text)),
    })
}

/// Returns the time of the oldest entry of a log.
fn oldest(db: Db<'_>, log: i64, begins: Seq) -> SqlResult<Option<Timestamp>> {
    let mut find =
        db.prepare_cached("SELECT seq, at FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT 1")?;
    find.query_row(params![log, sql(begins)], |row| damaged::or(row, "entries", row.get(1), 0))
        .optional()
        .map(|at| at.map(Timestamp))
}
