//! Outgoing webhooks in memory, and their deliveries.

use std::collections::BTreeMap;

use wire::{Timestamp, WebhookId};

use crate::names::HookName;
use crate::ports::store::{Delivery, JobId, Position, Webhook, WebhookState};

/// The outgoing webhooks of one application.
#[derive(Clone, Default)]
pub(super) struct MemoryWebhooks {
    pub(super) by_name: BTreeMap<HookName, Webhook>,
    pub(super) deliveries: BTreeMap<(WebhookId, JobId), Delivery>,
}

impl MemoryWebhooks {
    /// Returns them by name.
    pub(super) fn all(&self) -> Vec<Webhook> {
        self.by_name.values().cloned().collect()
    }

    pub(super) fn one(&self, id: WebhookId) -> Option<&Webhook> {
        self.by_name.values().find(|webhook| webhook.id == id)
    }

    pub(super) fn has_active(&self) -> bool {
        self.by_name.values().any(|webhook| webhook.state == WebhookState::Active)
    }

    pub(super) fn one_mut(&mut self, id: WebhookId) -> Option<&mut Webhook> {
        self.by_name.values_mut().find(|webhook| webhook.id == id)
    }

    pub(super) fn deliveries(&self, id: WebhookId, before: Option<JobId>, limit: usize) -> Vec<Delivery> {
        let end = before.unwrap_or(JobId(u64::MAX));
        let older = self.deliveries.range((id, JobId(0))..(id, end)).rev();
        older.take(limit).map(|(_, delivery)| delivery.clone()).collect()
    }

    pub(super) fn add(&mut self, webhook: &Webhook, most: usize, now: Position) -> bool {
        let may = self.by_name.len() < most && !self.by_name.contains_key(&webhook.name);
        if may {
            let webhook = Webhook { position: now, ..webhook.clone() };
            self.by_name.insert(webhook.name.clone(), webhook);
        }
        may
    }

    pub(super) fn remove(&mut self, id: WebhookId) {
        self.by_name.retain(|_, webhook| webhook.id != id);
        self.deliveries.retain(|(of, _), _| *of != id);
    }

    pub(super) fn remove_old(&mut self, before: Timestamp, most: usize) {
        self.deliveries.retain(|_, delivery| delivery.at >= before);
        for webhook in self.by_name.values() {
            let all = self.deliveries.range((webhook.id, JobId(0))..=(webhook.id, JobId(u64::MAX)));
            let old: Vec<_> = all.rev().skip(most).map(|(key, _)| *key).collect();
            old.iter().for_each(|key| drop(self.deliveries.remove(key)));
        }
    }
}
