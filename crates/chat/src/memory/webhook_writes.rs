//! The writes of outgoing webhooks in memory, and the entries that their planner follows.

use std::ops::Bound::{Excluded, Unbounded};

use wire::{ApplicationId, Timestamp, TopicKind, WebhookId};

use super::store_state::MemoryState;
use crate::ports::store::{
    Checked, Delivery, DeliveryArguments, DeliveryState, JobWrite, PlanWebhooks, Planned, Position, Version,
    Webhook, WebhookPlan, WebhookState, WebhookTail, WebhookWrite, is_placeholder,
};

impl MemoryState {
    pub(super) fn active_webhooks(&self) -> Vec<(ApplicationId, Webhook)> {
        let alive = self.applications.iter().filter(|(id, _)| !self.registry.is_deleted(**id));
        let all = alive.flat_map(|(id, state)| state.webhooks.by_name.values().map(|webhook| (*id, webhook)));
        let active = all.filter(|(_, webhook)| webhook.state == WebhookState::Active);
        active.map(|(id, webhook)| (id, webhook.clone())).collect()
    }

    pub(super) fn webhook_tail(&self, after: Position, limit: usize) -> WebhookTail {
        let mut tail = WebhookTail { position: after, ..WebhookTail::default() };
        for (position, (log, seq)) in self.positions.range((Excluded(after), Unbounded)).take(limit) {
            tail.position = *position;
            let is_read =
                log.topic.conversation().is_some() || matches!(log.topic.kind(), TopicKind::AppAudit);
            let state = self.applications.get(&log.application).filter(|_| is_read);
            let Some(state) = state.filter(|state| state.webhooks.has_active()) else { continue };
            let Some(kept) = state.kept(&log.topic, *seq) else { continue };
            let restricted = is_placeholder(&kept.entry.data).then(|| state.restricted.at(&log.topic, *seq));
            let entry = restricted.flatten().map_or(kept.entry, |restricted| restricted.entry);
            tail.entries.push((*position, log.clone(), entry));
        }
        tail
    }

    pub(super) fn position_at(&self, at: Timestamp) -> Position {
        let mut later = self.positions.iter().filter(|(_, (log, seq))| {
            self.log(log).and_then(|log| log.at(*seq)).is_some_and(|held| held.entry.timestamp >= at)
        });
        later.next().map_or(self.head, |(position, _)| Position(position.0.saturating_sub(1)))
    }

    pub(super) fn write_webhooks(&mut self, application: ApplicationId, write: &WebhookWrite) -> Checked {
        let now = self.head;
        match write {
            WebhookWrite::Add { webhook, most } => {
                let added = self.application(application).webhooks.add(webhook, *most, now);
                if added { Checked::Done } else { Checked::Stale }
            }
            WebhookWrite::Change(new) => {
                let Some(webhook) = self.expected(application, new.id, new.version) else {
                    return Checked::Stale;
                };
                let stops = new.state != WebhookState::Active && webhook.state == WebhookState::Active;
                let failing_since = webhook.failing_since.filter(|_| webhook.state == new.state);
                *webhook = Webhook {
                    name: webhook.name.clone(),
                    position: webhook.position,
                    created: webhook.created,
                    version: Version(new.version.0 + 1),
                    failing_since,
                    ..new.clone()
                };
                if stops {
                    self.rewind(application, new.id);
                }
                Checked::Done
            }
            WebhookWrite::Seek { webhook, version, after } => {
                let Some(found) = self.expected(application, *webhook, *version) else {
                    return Checked::Stale;
                };
                found.position = after.unwrap_or(now);
                found.version = Version(version.0 + 1);
                self.jobs.remove_lanes(application, *webhook);
                Checked::Done
            }
            WebhookWrite::Remove(id) => {
                self.application(application).webhooks.remove(*id);
                self.jobs.remove_lanes(application, *id);
                Checked::Done
            }
            WebhookWrite::Attempted { delivery, stops } => self.attempted(application, delivery, *stops),
            WebhookWrite::RemoveOld { before, most } => {
                self.applications.values_mut().for_each(|state| state.webhooks.remove_old(*before, *most));
                Checked::Done
            }
        }
    }

    fn expected(
        &mut self,
        application: ApplicationId,
        id: WebhookId,
        version: Version,
    ) -> Option<&mut Webhook> {
        let found = self.application(application).webhooks.one_mut(id);
        found.filter(|webhook| webhook.version == version)
    }

    fn attempted(
        &mut self,
        application: ApplicationId,
        delivery: &Delivery,
        stops: Option<WebhookState>,
    ) -> Checked {
        let id = delivery.arguments.webhook;
        let webhooks = &mut self.application(application).webhooks;
        let Some(webhook) = webhooks.one_mut(id) else { return Checked::Stale };
        webhook.failing_since = match delivery.state {
            DeliveryState::Delivered => None,
            DeliveryState::Failed | DeliveryState::Dead => webhook.failing_since.or(Some(delivery.at)),
        };
        let stops = stops.filter(|_| webhook.state == WebhookState::Active);
        if let Some(state) = stops {
            webhook.state = state;
            webhook.version = Version(webhook.version.0 + 1);
        }
        webhooks.deliveries.insert((id, delivery.job), delivery.clone());
        if stops.is_some() {
            self.rewind(application, id);
        }
        Checked::Done
    }

    /// Removes the deliveries that wait, and moves the webhook's position to before the first of them.
    fn rewind(&mut self, application: ApplicationId, id: WebhookId) {
        let waiting = self.jobs.remove_lanes(application, id).into_iter();
        let positions = waiting.filter_map(|arguments| {
            let position = DeliveryArguments::parse(arguments.as_str())?.position;
            position.0.checked_sub(1).map(Position)
        });
        if let (Some(first), Some(webhook)) =
            (positions.min(), self.application(application).webhooks.one_mut(id))
        {
            webhook.position = webhook.position.min(first);
        }
    }

    pub(super) fn plan_webhooks(&mut self, PlanWebhooks { plans, most }: &PlanWebhooks) -> Vec<Planned> {
        plans.iter().map(|plan| self.plan_webhook(plan, *most)).collect()
    }

    fn plan_webhook(&mut self, plan: &WebhookPlan, most: usize) -> Planned {
        let WebhookPlan { application, webhook, version, from, to, jobs } = plan;
        let waiting = self.jobs.waiting(*application, *webhook);
        let found = self.expected(*application, *webhook, *version);
        let found = found.filter(|found| found.position == *from && found.state == WebhookState::Active);
        let Some(found) = found else { return Planned::Stale };
        if waiting > 0 && !jobs.is_empty() && waiting + jobs.len() > most {
            return Planned::Full;
        }
        found.position = *to;
        self.jobs.write(&JobWrite::Add(jobs.clone()));
        Planned::Done
    }
}
