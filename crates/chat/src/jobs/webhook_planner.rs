//! The planner of outgoing webhooks: it follows the committed entries for each webhook from the position that the store
//! keeps with it, and plans a delivery for each event that the webhook gets. Like the relay it needs no outbox: what was
//! committed is planned, whenever the process ended.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use wire::{ApplicationId, WebhookId};

use crate::chat::Chat;
use crate::ports::store::{PlanWebhooks, Planned, Position, Webhook, WebhookPlan, WebhookTail};
use crate::rules;
use crate::service::error::Error;

/// The most entries that are looked at at once.
const AT_ONCE: usize = 256;
/// The most deliveries of a webhook that wait. The rest waits in the log, after the position of the webhook.
const WAITING: usize = 10_000;
/// The longest pause: another node may have committed.
const PAUSE: Duration = Duration::from_secs(1);
/// The time after which the position of a webhook without events is stored, too, so that little is read again.
const STORE_POSITION: Duration = Duration::from_secs(60);

type Key = (ApplicationId, WebhookId);

/// The active webhooks of all applications, as this node follows them.
#[derive(Default)]
struct Planner {
    webhooks: HashMap<Key, Followed>,
    loaded: Option<Instant>,
}

/// A webhook that is followed.
struct Followed {
    webhook: Webhook,
    /// The position up to which its events are known; not before that of the webhook.
    scanned: Position,
    /// The last time at which its position was stored.
    stored: Instant,
    /// True if as many deliveries wait as may. It is tried again when the webhooks are read again.
    is_full: bool,
}

/// The planner of this node.
impl Chat {
    /// Plans deliveries as long as the node is there.
    pub(crate) async fn run_webhook_planner(node: Weak<Self>) {
        let mut planner = Planner::default();
        loop {
            let Some(chat) = node.upgrade() else { return };
            let wake = Arc::clone(&chat.job_wake);
            // A fault is in the log, and the next turn retries.
            let more = planner.pass(&chat).await.unwrap_or_default();
            drop(chat);
            if !more && timeout(PAUSE, wake.webhooks.notified()).await.is_err() {
                planner.loaded = None;
            }
        }
    }
}

impl Planner {
    /// Plans the next deliveries of all webhooks; returns true if there may be more.
    async fn pass(&mut self, chat: &Chat) -> Result<bool, Error> {
        self.load(chat).await?;
        let mut groups: BTreeMap<Position, Vec<Key>> = BTreeMap::new();
        for (key, followed) in self.webhooks.iter().filter(|(_, followed)| !followed.is_full) {
            groups.entry(followed.scanned).or_default().push(*key);
        }
        let mut more = false;
        // Webhooks that are far behind keep no other waiting: each group has one turn.
        for (after, keys) in groups {
            let tail = chat.store.webhook_tail(after, AT_ONCE).await?;
            if tail.position > after {
                more = true;
                self.plan(chat, &keys, &tail).await?;
            }
        }
        Ok(more)
    }

    /// Reads the webhooks, if some may have changed.
    async fn load(&mut self, chat: &Chat) -> Result<(), Error> {
        let changes = chat.job_wake.webhook_changes();
        if self.loaded.is_some_and(|loaded| loaded.elapsed() < PAUSE) && !changes {
            return Ok(());
        }
        let active = chat.store.active_webhooks().await?;
        self.loaded = Some(Instant::now());
        let mut before = std::mem::take(&mut self.webhooks);
        for (application, webhook) in active {
            let key = (application, webhook.id);
            let known = before.remove(&key).filter(|known| known.webhook.version == webhook.version);
            let scanned =
                known.as_ref().map_or(webhook.position, |known| known.scanned.max(webhook.position));
            let stored = known.map_or_else(Instant::now, |known| known.stored);
            self.webhooks.insert(key, Followed { webhook, scanned, stored, is_full: false });
        }
        Ok(())
    }

    /// Commits the deliveries of some webhooks that the next entries cause.
    async fn plan(&mut self, chat: &Chat, keys: &[Key], tail: &WebhookTail) -> Result<(), Error> {
        let (epoch, now) = (chat.store.epoch(), chat.monotonic.now());
        let mut planned = Vec::new();
        for key in keys {
            let Some(followed) = self.webhooks.get_mut(key) else { continue };
            let webhook = &followed.webhook;
            let own = tail.entries.iter().filter(|(_, log, _)| log.application == key.0);
            let jobs: Vec<_> =
                own.filter_map(|entry| rules::plan_delivery(webhook, entry, epoch, now)).collect();
            if jobs.is_empty() && followed.stored.elapsed() < STORE_POSITION {
                followed.scanned = tail.position;
                continue;
            }
            planned.push(WebhookPlan {
                application: key.0,
                webhook: webhook.id,
                version: webhook.version,
                from: webhook.position,
                to: tail.position,
                jobs,
            });
        }
        if planned.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = planned.iter().map(|plan| (plan.application, plan.webhook)).collect();
        let results = chat
            .commit_in_background(ApplicationId::SERVER, PlanWebhooks { plans: planned, most: WAITING })
            .await?;
        for (key, result) in keys.into_iter().zip(results) {
            self.note(key, tail.position, result);
        }
        Ok(())
    }

    fn note(&mut self, key: Key, to: Position, result: Planned) {
        let Some(followed) = self.webhooks.get_mut(&key) else { return };
        match result {
            Planned::Done => {
                followed.webhook.position = to;
                followed.scanned = to;
                followed.stored = Instant::now();
            }
            Planned::Full => followed.is_full = true,
            // It was changed, or another node was faster.
            Planned::Stale => {
                self.webhooks.remove(&key);
                self.loaded = None;
            }
        }
    }
}
