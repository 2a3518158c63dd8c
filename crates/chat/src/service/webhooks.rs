//! Outgoing webhooks: how the programs of an application manage them.

use serde_json::json;
use wire::limits::{WEBHOOK_CONVERSATIONS, WEBHOOK_URL_BYTES, WEBHOOKS};
use wire::{AuditEvent, Expected, Refusal, Timestamp, Topic, WebhookChange, WebhookId};

use super::external_groups::ConversationRef;
use super::permissions::needs_application;
use super::webhook_posts::{Posted, body};
use crate::auth::caller::Caller;
use crate::auth::webhook_secret::WebhookSecret;
use crate::chat::Chat;
use crate::names::HookName;
use crate::ports::http_client::{HttpFailure, HttpPolicy, UrlFault};
use crate::ports::store::{
    Checked, Delivery, DeliveryArguments, JobId, JobWrite, Position, Version, Webhook, WebhookConversation,
    WebhookEvent, WebhookState, WebhookWrite,
};
use crate::service::error::Error;

/// The time for which deliveries are signed with the secret before a rotation as well, in milliseconds.
const PREVIOUS_KEY_MS: i64 = 24 * 60 * 60 * 1_000;

/// An outgoing webhook as it is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewWebhook {
    /// The URL to which events are posted.
    pub url: String,
    /// The types of events; all if there are none.
    pub events: Vec<String>,
    /// The names of conversations; all if there are none.
    pub conversations: Vec<String>,
    /// True to switch it on, false to switch it off; without it, a new one is on and another stays as it is.
    pub active: Option<bool>,
}

/// An outgoing webhook and its deliveries at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookStatus {
    /// The webhook.
    pub webhook: Webhook,
    /// The number of deliveries that wait.
    pub waiting: u64,
}

/// The result of a test of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookTest {
    /// The status of the answer; none if there was none.
    pub status: Option<u16>,
    /// The duration in milliseconds.
    pub millis: u32,
    /// The beginning of the answer; without one the code of the failure.
    pub answer: String,
}

/// Managing the outgoing webhooks of the caller's application.
impl Chat {
    /// Returns the webhooks, by name.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn webhooks(&self, caller: &Caller) -> Result<Vec<WebhookStatus>, Error> {
        needs_application(caller)?;
        let mut all = Vec::new();
        for webhook in self.reader(caller).webhooks().await? {
            all.push(self.webhook_status(caller, webhook).await?);
        }
        Ok(all)
    }

    /// Returns a webhook.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn webhook(&self, caller: &Caller, name: &HookName) -> Result<WebhookStatus, Error> {
        let webhook = self.find_webhook(caller, name).await?;
        self.webhook_status(caller, webhook).await
    }

    /// Creates a webhook under a name, which gets the events from now on, or changes the one that has it. A new one has a
    /// secret, which is shown this once.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::TooManyWebhooks`], [`Refusal::UrlNotAllowed`], and
    /// [`Refusal::FieldWrong`].
    pub async fn put_webhook(
        &self,
        caller: &Caller,
        name: HookName,
        new: NewWebhook,
    ) -> Result<(WebhookStatus, Option<WebhookSecret>), Error> {
        needs_application(caller)?;
        let active = new.active;
        let webhook = self.checked_webhook(caller, name.clone(), new).await?;
        loop {
            let all = self.reader(caller).webhooks().await?;
            let Some(present) = all.iter().find(|webhook| webhook.name == name) else {
                if let Some((added, secret)) = self.add_webhook(caller, &all, &webhook).await? {
                    return Ok((added, Some(secret)));
                }
                continue;
            };
            let state = match active {
                Some(true) => WebhookState::Active,
                // One that the server has stopped says why until it is switched on.
                Some(false) if present.state == WebhookState::Active => WebhookState::Off,
                _ => present.state,
            };
            let changed = Webhook {
                url: webhook.url.clone(),
                events: webhook.events.clone(),
                conversations: webhook.conversations.clone(),
                state,
                ..present.clone()
            };
            let is_same = changed == *present;
            let change = WebhookWrite::Change(changed);
            if is_same
                || self.note_webhook(caller, change, &name, WebhookChange::Changed).await? == Checked::Done
            {
                return Ok((self.webhook(caller, &name).await?, None));
            }
        }
    }

    /// Deletes a webhook with the deliveries that wait. Nothing is sent to it any more; an attempt that is under way ends.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn delete_webhook(&self, caller: &Caller, name: &HookName) -> Result<(), Error> {
        let webhook = self.find_webhook(caller, name).await?;
        let remove = WebhookWrite::Remove(webhook.id);
        self.note_webhook(caller, remove, name, WebhookChange::Deleted).await.map(|_| ())
    }

    /// Gives a webhook its next secret, which is shown this once. For a day deliveries are signed with both.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn rotate_webhook(
        &self,
        caller: &Caller,
        name: &HookName,
    ) -> Result<(WebhookStatus, WebhookSecret), Error> {
        loop {
            let present = self.find_webhook(caller, name).await?;
            let until = Timestamp(self.monotonic.now().0 + PREVIOUS_KEY_MS);
            let rotated = Webhook {
                key_version: present.key_version.saturating_add(1),
                previous_key_until: Some(until),
                ..present
            };
            let secret = self.webhook_secret(caller, &rotated);
            let change = WebhookWrite::Change(rotated);
            if self.note_webhook(caller, change, name, WebhookChange::Rotated).await? == Checked::Done {
                return Ok((self.webhook(caller, name).await?, secret));
            }
        }
    }

    /// Posts an event of the type `webhook.test` to a webhook, also to one that is not active, and returns the answer.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`], [`Refusal::TooFast`].
    pub async fn test_webhook(&self, caller: &Caller, name: &HookName) -> Result<WebhookTest, Error> {
        let webhook = self.find_webhook(caller, name).await?;
        self.webhook_tests.take(caller.application, self.monotonic.now())?;
        let id = format!("msg_{}", WebhookId::from_bytes(self.random()));
        let body = body("webhook.test", self.clock.now(), &json!({ "webhook": name.as_str() }));
        let posted = self.post_to_webhook(caller.application, &webhook, &id, body).await;
        let Posted { status, millis, answer, .. } = posted;
        Ok(WebhookTest { status, millis, answer })
    }

    /// Continues a webhook at a time: it gets everything since then, again if it has had it, and in order. Deliveries of
    /// earlier events that wait are dropped.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`], and [`Refusal::FieldWrong`] for a time in the future.
    pub async fn replay_webhook(
        &self,
        caller: &Caller,
        name: &HookName,
        since: Timestamp,
    ) -> Result<WebhookStatus, Error> {
        needs_application(caller)?;
        if since > self.clock.now() {
            let wrong = Refusal::FieldWrong { field: "since".into(), wants: Expected::PastTime };
            return Err(wrong.into());
        }
        loop {
            let Webhook { id, version, .. } = self.find_webhook(caller, name).await?;
            let after = Some(self.store.position_at(since).await?);
            let seek = WebhookWrite::Seek { webhook: id, version, after };
            if self.note_webhook(caller, seek, name, WebhookChange::Replayed).await? == Checked::Done {
                return self.webhook(caller, name).await;
            }
        }
    }

    /// Returns deliveries of a webhook that were attempted, the newest first, before one of them, up to a limit.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn webhook_deliveries(
        &self,
        caller: &Caller,
        name: &HookName,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let webhook = self.find_webhook(caller, name).await?;
        Ok(self.reader(caller).deliveries(webhook.id, before, limit).await?)
    }

    /// Delivers an event again, whatever became of its delivery before, as a delivery of its own.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`], [`Refusal::WebhookInactive`].
    pub async fn replay_delivery(
        &self,
        caller: &Caller,
        name: &HookName,
        delivery: JobId,
    ) -> Result<(), Error> {
        let webhook = self.find_webhook(caller, name).await?;
        let after = Some(JobId(delivery.0.saturating_add(1)));
        let found = self.reader(caller).deliveries(webhook.id, after, 1).await?;
        let found = found.into_iter().find(|found| found.job == delivery).ok_or(Refusal::NotFound)?;
        if webhook.state != WebhookState::Active {
            return Err(Refusal::WebhookInactive.into());
        }
        // It is no part of what the position stands for.
        let arguments = DeliveryArguments { position: Position::default(), ..found.arguments };
        let job = arguments.job(caller.application, self.monotonic.now());
        self.commit(caller, JobWrite::Add(vec![job])).await.map(|_| ())
    }

    /// Checks a webhook that may be new.
    pub(super) async fn checked_webhook(
        &self,
        caller: &Caller,
        name: HookName,
        new: NewWebhook,
    ) -> Result<Webhook, Error> {
        let NewWebhook { url, events, conversations, active } = new;
        Ok(Webhook {
            url: self.checked_url(&url)?,
            events: checked_events(&events)?,
            conversations: self.checked_conversations(caller, conversations).await?,
            state: if active == Some(false) { WebhookState::Off } else { WebhookState::Active },
            ..self.new_webhook(name)
        })
    }

    /// Adds a webhook to `all` those of the application; none if another change came first.
    pub(super) async fn add_webhook(
        &self,
        caller: &Caller,
        all: &[Webhook],
        webhook: &Webhook,
    ) -> Result<Option<(WebhookStatus, WebhookSecret)>, Error> {
        if all.len() >= WEBHOOKS {
            return Err(Refusal::TooManyWebhooks.into());
        }
        let (name, add) = (&webhook.name, WebhookWrite::Add { webhook: webhook.clone(), most: WEBHOOKS });
        if self.note_webhook(caller, add, name, WebhookChange::Created).await? == Checked::Stale {
            return Ok(None);
        }
        let secret = self.webhook_secret(caller, webhook);
        Ok(Some((self.webhook(caller, name).await?, secret)))
    }

    pub(super) async fn find_webhook(&self, caller: &Caller, name: &HookName) -> Result<Webhook, Error> {
        needs_application(caller)?;
        let all = self.reader(caller).webhooks().await?;
        Ok(all.into_iter().find(|webhook| webhook.name == *name).ok_or(Refusal::NotFound)?)
    }

    async fn webhook_status(&self, caller: &Caller, webhook: Webhook) -> Result<WebhookStatus, Error> {
        let waiting = self.reader(caller).waiting_deliveries(webhook.id).await?;
        Ok(WebhookStatus { webhook, waiting })
    }

    /// Commits a change, with an entry in the audit log of the application.
    pub(super) async fn note_webhook(
        &self,
        caller: &Caller,
        write: WebhookWrite,
        name: &HookName,
        change: WebhookChange,
    ) -> Result<Checked, Error> {
        let by = needs_application(caller)?.clone();
        let (author, webhook) = (by.id, name.to_string());
        self.commit_noted(caller, write, author, &AuditEvent::Webhook { change, webhook, by: Some(by) }).await
    }

    fn webhook_secret(&self, caller: &Caller, webhook: &Webhook) -> WebhookSecret {
        WebhookSecret::derive(&self.secret, caller.application, webhook.id, webhook.key_version)
    }

    fn new_webhook(&self, name: HookName) -> Webhook {
        Webhook {
            id: WebhookId::from_bytes(self.random()),
            name,
            url: String::new(),
            events: Vec::new(),
            conversations: Vec::new(),
            state: WebhookState::Active,
            key_version: 1,
            previous_key_until: None,
            position: Position::default(),
            failing_since: None,
            created: self.clock.now(),
            version: Version(1),
        }
    }

    fn checked_url(&self, url: &str) -> Result<String, Refusal> {
        let wrong = Refusal::FieldWrong { field: "url".into(), wants: Expected::WebUrl };
        if url.len() > WEBHOOK_URL_BYTES {
            return Err(wrong);
        }
        self.http.check_url(url, HttpPolicy::Public).map_err(|failure| match failure {
            HttpFailure::AddressNotPublic | HttpFailure::UrlBad(UrlFault::Port(_)) => Refusal::UrlNotAllowed,
            _ => wrong,
        })
    }

    async fn checked_conversations(
        &self,
        caller: &Caller,
        names: Vec<String>,
    ) -> Result<Vec<WebhookConversation>, Error> {
        let wrong =
            || Refusal::FieldWrong { field: "conversations".into(), wants: Expected::WebhookConversations };
        if names.len() > WEBHOOK_CONVERSATIONS {
            return Err(wrong().into());
        }
        let mut found: Vec<WebhookConversation> = Vec::with_capacity(names.len());
        for name in names {
            let parsed = ConversationRef::parse(&name).map_err(|_| wrong())?;
            let conversation = match self.find_conversation(caller, &parsed).await {
                Err(Error::Refusal(_)) => return Err(wrong().into()),
                found => found?,
            };
            let topic = Topic::of(conversation);
            if found.iter().all(|one| one.topic != topic) {
                found.push(WebhookConversation { name, topic });
            }
        }
        Ok(found)
    }
}

fn checked_events(names: &[String]) -> Result<Vec<WebhookEvent>, Refusal> {
    let wrong = || Refusal::FieldWrong { field: "events".into(), wants: Expected::WebhookEvents };
    let events: Option<Vec<_>> = names.iter().map(|name| WebhookEvent::parse(name)).collect();
    let mut events = events.ok_or_else(wrong)?;
    events.sort_unstable();
    events.dedup();
    Ok(events)
}
