//! Outgoing webhooks as rows, and the entries that their planner follows.

use std::collections::HashSet;

use chat::names::HookName;
use chat::store::{
    Checked, Delivery, DeliveryState, PlanWebhooks, Planned, Position, Version, Webhook, WebhookPlan,
    WebhookState, WebhookTail, WebhookWrite, is_placeholder,
};
use wire::{ApplicationId, LogKey, Seq, Timestamp, Topic, TopicKind, WebhookId};

use super::horizon::{hides_some, horizon};
use super::scope::Scope;
use super::values::checked;
use super::{damaged, deliveries, jobs, logs, restricted};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// Returns the webhooks of an application, by name.
pub(super) fn all(db: Db<'_>, application: ApplicationId) -> SqlResult<Vec<Webhook>> {
    let mut select = db.prepare_cached(
        "SELECT name, id, url, events, conversations, state, key_version, previous_key_until, position,
                failing_since, created, version
         FROM webhooks WHERE application = ? ORDER BY name",
    )?;
    damaged::list(&mut select, [application.0], "webhooks", webhook)
}

/// Returns a webhook by its id.
pub(super) fn one(db: Db<'_>, application: ApplicationId, id: WebhookId) -> SqlResult<Option<Webhook>> {
    let mut find = db.prepare_cached(
        "SELECT name, id, url, events, conversations, state, key_version, previous_key_until, position,
                failing_since, created, version
         FROM webhooks WHERE application = ? AND id = ?",
    )?;
    damaged::one(&mut find, params![application.0, id.to_string()], "webhooks", webhook)
}

/// Returns the active webhooks of all applications that are not deleted.
pub(crate) fn active(db: Db<'_>) -> SqlResult<Vec<(ApplicationId, Webhook)>> {
    let mut select = db.prepare_cached(
        "SELECT webhooks.name, webhooks.id, webhooks.url, webhooks.events, webhooks.conversations,
                webhooks.state, webhooks.key_version, webhooks.previous_key_until, webhooks.position,
                webhooks.failing_since, webhooks.created, webhooks.version, webhooks.application
         FROM webhooks JOIN applications ON applications.application = webhooks.application
         WHERE webhooks.state = 'active' AND applications.deleted IS NULL",
    )?;
    damaged::list(&mut select, [], "webhooks", |row| Ok((ApplicationId(row.get(12)?), webhook(row)?)))
}

/// Returns the entries after a position that webhooks may be interested in, and the position of the last one that was
/// looked at; and true if a later read may find more without another commit.
pub(crate) fn tail(db: Db<'_>, after: Position, limit: usize) -> SqlResult<(WebhookTail, bool)> {
    let horizon = horizon(db)?;
    let complete = horizon.saturating_sub(1);
    let mut select = db.prepare_cached("SELECT DISTINCT application FROM webhooks WHERE state = 'active'")?;
    let interested: HashSet<u32> =
        damaged::list(&mut select, [], "webhooks", |row| row.get(0))?.into_iter().collect();
    let mut select = db.prepare_cached(
        "SELECT entries.position, entries.seq, logs.application, logs.topic
         FROM entries CROSS JOIN logs ON logs.id = entries.log
         WHERE entries.position > ? AND entries.position <= ? ORDER BY entries.position LIMIT ?",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![after.0, complete, limit])?;
    let mut tail = WebhookTail { position: after, ..WebhookTail::default() };
    while let Some(row) = rows.next()? {
        tail.position = Position(row.get(0)?);
        if !interested.contains(&row.get(2)?) {
            continue;
        }
        let entry = || {
            let topic = checked(row, 3, |topic: String| Topic::new(&topic).ok())?;
            Ok((LogKey::new(ApplicationId(row.get(2)?), topic), Seq(row.get(1)?)))
        };
        let Some((log, seq)) = damaged::row(row, "entries", entry())? else { continue };
        if log.topic.conversation().is_none() && !matches!(log.topic.kind(), TopicKind::AppAudit) {
            continue;
        }
        let Some(kept) = logs::kept(db, &log, seq)? else { continue };
        let restricted =
            if is_placeholder(&kept.entry.data) { restricted::find(db, &log, seq)? } else { None };
        let entry = restricted.map_or(kept.entry, |restricted| restricted.entry);
        tail.entries.push((tail.position, log, entry));
    }
    Ok((tail, hides_some(db, horizon)?))
}

/// Returns a position after which there are all entries from a time on: found by halving, as times nearly follow the
/// order of positions.
pub(crate) fn position_at(db: Db<'_>, at: Timestamp) -> SqlResult<Position> {
    let newest: i64 =
        db.query_row("SELECT coalesce(max(position), 0) FROM entries", params![], |row| row.get(0))?;
    let mut next =
        db.prepare_cached("SELECT position, at FROM entries WHERE position >= ? ORDER BY position LIMIT 1")?;
    // Every entry up to `before` is older, and those from `from` on are not.
    let (mut before, mut from) = (0, newest.min(horizon(db)?.saturating_sub(1)).saturating_add(1));
    while before + 1 < from {
        let middle = before + (from - before) / 2;
        let found =
            next.query_row([middle], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).optional()?;
        match found {
            Some((position, time)) if position < from && time < at.0 => before = position,
            _ => from = middle,
        }
    }
    Ok(Position(u64::try_from(before).unwrap_or_default()))
}

/// Carries out a change of webhooks.
pub(super) fn write(scope: Scope<'_>, write: &WebhookWrite) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    match write {
        WebhookWrite::Add { webhook, most } => add(scope, webhook, *most),
        WebhookWrite::Change(new) => change(db, application, new),
        WebhookWrite::Seek { webhook, version, after } => {
            let after = after.map_or_else(|| present(scope), Ok)?;
            let mut seek = db.prepare_cached(
                "UPDATE webhooks SET position = ?, version = version + 1
                 WHERE application = ? AND id = ? AND version = ?",
            )?;
            if seek.execute(params![after.0, application.0, webhook.to_string(), version.0])? == 0 {
                return Ok(Checked::Stale);
            }
            deliveries::drop_waiting(db, application, *webhook)?;
            Ok(Checked::Done)
        }
        WebhookWrite::Remove(webhook) => {
            let mut remove = db.prepare_cached("DELETE FROM webhooks WHERE application = ? AND id = ?")?;
            remove.execute(params![application.0, webhook.to_string()])?;
            deliveries::remove_all(db, application, *webhook)?;
            Ok(Checked::Done)
        }
        WebhookWrite::Attempted { delivery, stops } => attempted(db, application, delivery, *stops),
        WebhookWrite::RemoveOld { before, most } => {
            deliveries::remove_before(db, *before)?;
            let mut select =
                db.prepare_cached("SELECT application, id FROM webhooks ORDER BY application, id")?;
            let all = damaged::list(&mut select, [], "webhooks", |row| {
                Ok((ApplicationId(row.get(0)?), checked(row, 1, |id: String| id.parse().ok())?))
            })?;
            for (application, webhook) in all {
                deliveries::keep_newest(db, application, webhook, *most)?;
            }
            Ok(Checked::Done)
        }
    }
}

/// Plans deliveries to several webhooks, of any applications.
pub(super) fn plan(db: Db<'_>, PlanWebhooks { plans, most }: &PlanWebhooks) -> SqlResult<Vec<Planned>> {
    plans.iter().map(|plan| plan_one(db, plan, *most)).collect()
}

fn plan_one(db: Db<'_>, plan: &WebhookPlan, most: usize) -> SqlResult<Planned> {
    let WebhookPlan { application, webhook, version, from, to, jobs: new } = plan;
    let waiting = if new.is_empty() { 0 } else { deliveries::waiting(db, *application, *webhook)? };
    if waiting > 0 && waiting + new.len() as u64 > most as u64 {
        return Ok(Planned::Full);
    }
    let mut advance = db.prepare_cached(
        "UPDATE webhooks SET position = ?
         WHERE application = ? AND id = ? AND version = ? AND position = ? AND state = 'active'",
    )?;
    let key = params![to.0, application.0, webhook.to_string(), version.0, from.0];
    if advance.execute(key)? == 0 {
        return Ok(Planned::Stale);
    }
    jobs::add(db, new)?;
    Ok(Planned::Done)
}

/// Returns the present position: everything that is committed later comes after it.
fn present(scope: Scope<'_>) -> SqlResult<Position> {
    let complete = horizon(scope.db)?.saturating_sub(1);
    Ok(Position(u64::try_from(complete.min(scope.positions.last())).unwrap_or_default()))
}

fn add(scope: Scope<'_>, webhook: &Webhook, most: usize) -> SqlResult<Checked> {
    let Scope { db, application, .. } = scope;
    let position = present(scope)?;
    let mut count = db.prepare_cached("SELECT count(*) FROM webhooks WHERE application = ?")?;
    let count: usize = count.query_row([application.0], |row| row.get(0))?;
    if count >= most {
        return Ok(Checked::Stale);
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO webhooks (application, name, id, url, events, conversations, state, key_version,
                               previous_key_until, position, failing_since, created, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let (events, conversations) = (webhook.events_json(), webhook.conversations_json());
    let row = params![
        application.0,
        webhook.name.as_str(),
        webhook.id.to_string(),
        webhook.url,
        events.as_str(),
        conversations.as_str(),
        webhook.state.as_str(),
        webhook.key_version,
        webhook.previous_key_until.map(|until| until.0),
        position.0,
        webhook.failing_since.map(|since| since.0),
        webhook.created.0,
        webhook.version.0
    ];
    Ok(if insert.execute(row)? == 0 { Checked::Stale } else { Checked::Done })
}

fn change(db: Db<'_>, application: ApplicationId, new: &Webhook) -> SqlResult<Checked> {
    let Some(present) = one(db, application, new.id)?.filter(|present| present.version == new.version) else {
        return Ok(Checked::Stale);
    };
    let mut update = db.prepare_cached(
        "UPDATE webhooks SET url = ?, events = ?, conversations = ?, state = ?, key_version = ?,
                             previous_key_until = ?, failing_since = ?, version = ?
         WHERE application = ? AND id = ?",
    )?;
    let failing_since = present.failing_since.filter(|_| present.state == new.state);
    let (events, conversations) = (new.events_json(), new.conversations_json());
    update.execute(params![
        new.url,
        events.as_str(),
        conversations.as_str(),
        new.state.as_str(),
        new.key_version,
        new.previous_key_until.map(|until| until.0),
        failing_since.map(|since| since.0),
        new.version.0 + 1,
        application.0,
        new.id.to_string()
    ])?;
    if present.state == WebhookState::Active && new.state != WebhookState::Active {
        rewind(db, application, &present)?;
    }
    Ok(Checked::Done)
}

fn attempted(
    db: Db<'_>,
    application: ApplicationId,
    delivery: &Delivery,
    stops: Option<WebhookState>,
) -> SqlResult<Checked> {
    let Some(present) = one(db, application, delivery.arguments.webhook)? else { return Ok(Checked::Stale) };
    let failing_since = match delivery.state {
        DeliveryState::Delivered => None,
        DeliveryState::Failed | DeliveryState::Dead => present.failing_since.or(Some(delivery.at)),
    };
    let stops = stops.filter(|_| present.state == WebhookState::Active);
    deliveries::keep(db, application, delivery)?;
    if failing_since == present.failing_since && stops.is_none() {
        return Ok(Checked::Done);
    }
    let mut update = db.prepare_cached(
        "UPDATE webhooks SET failing_since = ?, state = ?, version = ? WHERE application = ? AND id = ?",
    )?;
    let Version(version) = present.version;
    update.execute(params![
        failing_since.map(|since| since.0),
        stops.unwrap_or(present.state).as_str(),
        version + u64::from(stops.is_some()),
        application.0,
        present.id.to_string()
    ])?;
    if stops.is_some() {
        rewind(db, application, &present)?;
    }
    Ok(Checked::Done)
}

/// Removes the deliveries that wait, and moves the position of a webhook to before the first of them.
fn rewind(db: Db<'_>, application: ApplicationId, webhook: &Webhook) -> SqlResult<()> {
    let Some(first) = deliveries::drop_waiting(db, application, webhook.id)? else { return Ok(()) };
    let position = webhook.position.min(Position(first.0.saturating_sub(1)));
    let mut rewind =
        db.prepare_cached("UPDATE webhooks SET position = ? WHERE application = ? AND id = ?")?;
    rewind.execute(params![position.0, application.0, webhook.id.to_string()]).map(|_| ())
}

fn webhook(row: Row<'_>) -> SqlResult<Webhook> {
    Ok(Webhook {
        name: checked(row, 0, |name: String| HookName::new(&name).ok())?,
        id: checked(row, 1, |id: String| id.parse().ok())?,
        url: row.get(2)?,
        events: checked(row, 3, |events: String| Webhook::parse_events(&events))?,
        conversations: checked(row, 4, |all: String| Webhook::parse_conversations(&all))?,
        state: checked(row, 5, |state: String| WebhookState::parse(&state))?,
        key_version: row.get(6)?,
        previous_key_until: row.get::<Option<i64>>(7)?.map(Timestamp),
        position: Position(row.get(8)?),
        failing_since: row.get::<Option<i64>>(9)?.map(Timestamp),
        created: Timestamp(row.get(10)?),
        version: Version(row.get(11)?),
    })
}
