//! Queries of the pages of outgoing webhooks.

use std::future::Future;

use chat::store::{Delivery, JobId};
use chat::{ListPart, WebhookStatus, WebhookTest};
use leptos::prelude::use_context;

use crate::failure::Failure;
use crate::returned::ShownOnce;
use crate::server_fns::context::{application_id, caller, chat, hook_name};

/// The deliveries on one page.
const DELIVERIES: usize = 20;

/// The data of the page with the outgoing webhooks of an application.
pub(crate) struct WebhooksData {
    /// The public id of the application.
    pub(crate) application: String,
    /// Its title.
    pub(crate) title: String,
    /// Its webhooks, by name.
    pub(crate) webhooks: Vec<WebhookStatus>,
    /// A secret that was created by the form before, shown once.
    pub(crate) secret: Option<String>,
}

/// The data of the page of one outgoing webhook.
pub(crate) struct WebhookData {
    /// The public id of its application.
    pub(crate) application: String,
    pub(crate) status: WebhookStatus,
    /// Its deliveries, the newest first.
    pub(crate) deliveries: ListPart<Delivery>,
    /// A secret that was created by the form before, shown once.
    pub(crate) secret: Option<String>,
    /// The result of the test before, shown once.
    pub(crate) test: Option<WebhookTest>,
    pub(crate) now: wire::Timestamp,
}

/// Returns the outgoing webhooks of an application. Takes the caller from context at once.
pub(crate) fn webhooks(id: String) -> impl Future<Output = Result<WebhooksData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let secret = use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        caller.user()?;
        let application = chat.application(&caller, application_id(&id)?).await?;
        let acting = chat.for_application(&caller, application.public_id).await?;
        let webhooks = chat.webhooks(&acting).await?;
        let (application, title) = (application.public_id.to_string(), application.title.to_string());
        Ok(WebhooksData { application, title, webhooks, secret })
    }
}

/// Returns one outgoing webhook with its deliveries before one of them. Takes the caller from context at once.
pub(crate) fn webhook(
    id: String,
    name: String,
    before: Option<u64>,
) -> impl Future<Output = Result<WebhookData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let shown = use_context::<ShownOnce>().unwrap_or_default();
    async move {
        caller.user()?;
        let id = application_id(&id)?;
        let acting = chat.for_application(&caller, id).await?;
        let name = hook_name(&name)?;
        let status = chat.webhook(&acting, &name).await?;
        let found = chat.webhook_deliveries(&acting, &name, before.map(JobId), DELIVERIES + 1).await?;
        let deliveries = ListPart::of(found, DELIVERIES);
        let (secret, test, now) = (shown.get(), shown.test(), chat.now());
        Ok(WebhookData { application: id.to_string(), status, deliveries, secret, test, now })
    }
}
