//! Deliveries of outgoing webhooks as rows, and the jobs that wait for them.

use chat::store::{Delivery, DeliveryArguments, DeliveryState, JobId, Position, Webhook};
use wire::{ApplicationId, Timestamp, WebhookId};

use super::damaged;
use super::values::checked;
use crate::sql::{Db, Row, SqlResult, params};

/// Returns deliveries of a webhook that were attempted, the newest first, before one of them, up to a limit.
pub(super) fn before(
    db: Db<'_>,
    application: ApplicationId,
    webhook: WebhookId,
    before: Option<JobId>,
    limit: usize,
) -> SqlResult<Vec<Delivery>> {
    let mut select = db.prepare_cached(
        "SELECT job, arguments, attempt, state, status, millis, answer, at FROM deliveries
         WHERE application = ? AND webhook = ? AND job < ? ORDER BY job DESC LIMIT ?",
    )?;
    let before = before.map_or(i64::MAX, |job| i64::try_from(job.0).unwrap_or(i64::MAX));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let key = params![application.0, webhook.to_string(), before, limit];
    damaged::list(&mut select, key, "deliveries", delivery)
}

/// Returns the number of deliveries of a webhook that wait or are under way.
pub(super) fn waiting(db: Db<'_>, application: ApplicationId, webhook: WebhookId) -> SqlResult<u64> {
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM jobs WHERE application = ? AND lane >= ? AND lane < ? AND NOT is_dead",
    )?;
    let (lanes, after) = (Webhook::lanes(webhook), Webhook::after_lanes(webhook));
    count.query_row(params![application.0, lanes, after], |row| row.get(0))
}

/// Keeps the last attempt of a delivery.
pub(super) fn keep(db: Db<'_>, application: ApplicationId, delivery: &Delivery) -> SqlResult<()> {
    let Delivery { job, arguments, attempt, state, status, millis, answer, at } = delivery;
    let mut put = db.prepare_cached(
        "INSERT INTO deliveries (application, webhook, job, arguments, attempt, state, status, millis, answer, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (application, webhook, job) DO UPDATE
         SET attempt = ?5, state = ?6, status = ?7, millis = ?8, answer = ?9, at = ?10",
    )?;
    let (webhook, arguments) = (arguments.webhook.to_string(), arguments.to_json());
    let row = params![
        application.0,
        webhook,
        job.0,
        arguments.as_str(),
        attempt,
        state.as_str(),
        status,
        millis,
        answer,
        at.0
    ];
    put.execute(row).map(|_| ())
}

/// Removes the jobs of a webhook that wait or are under way; returns the position of the first event among them.
pub(super) fn drop_waiting(
    db: Db<'_>,
    application: ApplicationId,
    webhook: WebhookId,
) -> SqlResult<Option<Position>> {
    let mut select = db.prepare_cached(
        "SELECT id, arguments FROM jobs WHERE application = ? AND lane >= ? AND lane < ? AND NOT is_dead",
    )?;
    let (lanes, after) = (Webhook::lanes(webhook), Webhook::after_lanes(webhook));
    let key = params![application.0, lanes, after];
    let positions = damaged::list(&mut select, key, "jobs", |row| {
        checked(row, 1, |text: String| DeliveryArguments::parse(&text)).map(|arguments| arguments.position)
    })?;
    let mut delete = db.prepare_cached(
        "DELETE FROM jobs WHERE application = ? AND lane >= ? AND lane < ? AND NOT is_dead",
    )?;
    delete.execute(key)?;
    // Those that were asked for alone have none.
    Ok(positions.into_iter().filter(|position| position.0 > 0).min())
}

/// Removes all deliveries of a webhook, with their jobs.
pub(super) fn remove_all(db: Db<'_>, application: ApplicationId, webhook: WebhookId) -> SqlResult<()> {
    drop_waiting(db, application, webhook)?;
    let mut delete = db.prepare_cached("DELETE FROM deliveries WHERE application = ? AND webhook = ?")?;
    delete.execute(params![application.0, webhook.to_string()]).map(|_| ())
}

/// Removes the deliveries, of all applications, that were last attempted before a time.
pub(super) fn remove_before(db: Db<'_>, before: Timestamp) -> SqlResult<()> {
    db.prepare_cached("DELETE FROM deliveries WHERE at < ?")?.execute([before.0]).map(|_| ())
}

/// Removes the deliveries of a webhook but the newest.
pub(super) fn keep_newest(
    db: Db<'_>,
    application: ApplicationId,
    webhook: WebhookId,
    most: usize,
) -> SqlResult<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM deliveries WHERE application = ?1 AND webhook = ?2 AND job <= (
             SELECT job FROM deliveries WHERE application = ?1 AND webhook = ?2
             ORDER BY job DESC LIMIT 1 OFFSET ?3)",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    delete.execute(params![application.0, webhook.to_string(), most]).map(|_| ())
}

fn delivery(row: Row<'_>) -> SqlResult<Delivery> {
    Ok(Delivery {
        job: JobId(row.get(0)?),
        arguments: checked(row, 1, |text: String| DeliveryArguments::parse(&text))?,
        attempt: row.get(2)?,
        state: checked(row, 3, |state: String| DeliveryState::parse(&state))?,
        status: row.get(4)?,
        millis: row.get(5)?,
        answer: row.get(6)?,
        at: Timestamp(row.get(7)?),
    })
}
