//! Routes of the outgoing webhooks of the application.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::names::HookName;
use chat::store::{Delivery, JobId, Webhook};
use chat::{Caller, NewWebhook, WebhookSecret, WebhookStatus};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Expected, Refusal, Timestamp};

use super::body::Body;
use super::error::{ApiError, Problem};
use super::paging::Paging;
use crate::server::AppState;

/// An outgoing webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutgoingWebhook {
    /// Its name, unique in the application.
    name: String,
    /// The URL to which events are posted.
    url: String,
    /// The types of events that it gets; empty for all.
    events: Vec<String>,
    /// The conversations whose events it gets, by the names that you gave; empty for all.
    conversations: Vec<String>,
    /// `active`; `off` if you have switched it off; `gone` if its URL has answered 410; `failing` if its deliveries have
    /// failed for five days.
    state: String,
    /// The number of events that wait to be delivered.
    waiting: u64,
    /// The time of the first failure since the last delivery, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    /// The time until which deliveries are signed with the previous secret as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_secret_until: Option<String>,
    /// The time at which it was created, RFC 3339 UTC.
    created: String,
    /// The secret with which its deliveries are signed. Only in the answer that gives it a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The outgoing webhooks of the application.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutgoingWebhookList {
    /// They are in the order of their names.
    items: Vec<OutgoingWebhook>,
}

/// An outgoing webhook as it is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewOutgoingWebhook {
    /// The URL to which events are posted: http or https, on port 80 or 443 of a public address.
    url: String,
    /// The types of events that it gets; left out or empty for all.
    #[serde(default)]
    events: Vec<String>,
    /// The conversations whose events it gets, at most 100 of your keys, or `id:` and their ids; left out or empty for
    /// all.
    #[serde(default)]
    conversations: Vec<String>,
    /// True to switch it on, false to switch it off. Left out, a new one is on and another stays as it is.
    active: Option<bool>,
}

/// The answer to a test of a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTestResult {
    /// True if the receiver has taken the event.
    delivered: bool,
    /// The status of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The beginning of its answer, at most 1 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The reason that there was no answer, such as `timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The duration in milliseconds.
    ms: u32,
}

/// The time from which a webhook gets events again.
#[derive(Deserialize, ToSchema)]
pub(crate) struct WebhookReplay {
    /// RFC 3339 UTC, not in the future.
    since: String,
}

/// A delivery of an event to a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    /// Its id.
    id: String,
    /// The type of the event.
    event: String,
    /// The topic of the entry.
    topic: String,
    /// The place of the entry there.
    seq: u64,
    /// `delivered`; `failed` if it is tried again; `dead` if it is not.
    state: String,
    /// The number of attempts so far.
    attempts: u32,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The beginning of the last answer, at most 1 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The reason that there was no answer, such as `timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The duration of the last attempt in milliseconds.
    ms: u32,
    /// The time of the last attempt, RFC 3339 UTC.
    at: String,
}

/// Deliveries of a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryList {
    /// The newest first.
    items: Vec<WebhookDelivery>,
    /// The cursor of the next part; absent in the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the outgoing webhooks of the application.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, body = OutgoingWebhookList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<OutgoingWebhookList>, ApiError> {
    let all = app.chat.webhooks(&caller).await?.into_iter();
    Ok(Json(OutgoingWebhookList { items: all.map(|status| OutgoingWebhook::of(status, None)).collect() }))
}

/// Creates an outgoing webhook, with a secret that is shown once, or changes the one that has the name.
#[utoipa::path(
    put, path = "/webhooks/{name}", tag = "webhooks", request_body = NewOutgoingWebhook,
    params(("name" = String, Path, description = "Its name: lower-case letters, digits and hyphens")),
    responses(
        (status = 200, body = OutgoingWebhook, description = "It was there."),
        (status = 201, body = OutgoingWebhook, description = "It is new."),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Body(new): Body<NewOutgoingWebhook>,
) -> Result<Response, ApiError> {
    let NewOutgoingWebhook { url, events, conversations, active } = new;
    let new = NewWebhook { url, events, conversations, active };
    let (webhook, secret) = app.chat.put_webhook(&caller, HookName::new(&name)?, new).await?;
    let status = if secret.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(OutgoingWebhook::of(webhook, secret.as_ref()))).into_response())
}

/// Returns an outgoing webhook, without its secret.
#[utoipa::path(
    get, path = "/webhooks/{name}", tag = "webhooks",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = OutgoingWebhook), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<OutgoingWebhook>, ApiError> {
    let webhook = app.chat.webhook(&caller, &HookName::new(&name)?).await?;
    Ok(Json(OutgoingWebhook::of(webhook, None)))
}

/// Deletes an outgoing webhook with the events that wait. Nothing more is sent to it.
#[utoipa::path(
    delete, path = "/webhooks/{name}", tag = "webhooks",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.delete_webhook(&caller, &HookName::new(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an outgoing webhook another secret, which is shown once. For a day deliveries are signed with both.
#[utoipa::path(
    post, path = "/webhooks/{name}/secret", tag = "webhooks",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 201, body = OutgoingWebhook), (status = "default", body = Problem))
)]
pub(crate) async fn rotate(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let (webhook, secret) = app.chat.rotate_webhook(&caller, &HookName::new(&name)?).await?;
    Ok((StatusCode::CREATED, Json(OutgoingWebhook::of(webhook, Some(&secret)))).into_response())
}

/// Posts an event of the type `webhook.test`, also to a webhook that is off, and returns the answer.
#[utoipa::path(
    post, path = "/webhooks/{name}/test", tag = "webhooks",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = WebhookTestResult), (status = "default", body = Problem))
)]
pub(crate) async fn test(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<WebhookTestResult>, ApiError> {
    let result = app.chat.test_webhook(&caller, &HookName::new(&name)?).await?;
    let (answer, error) = said(result.status, result.answer);
    let delivered = result.status.is_some_and(|status| (200..300).contains(&status));
    Ok(Json(WebhookTestResult { delivered, status: result.status, answer, error, ms: result.millis }))
}

/// Sends a webhook everything since a time, again if it was delivered before, in order. Earlier events that wait are
/// dropped.
#[utoipa::path(
    post, path = "/webhooks/{name}/replay", tag = "webhooks", request_body = WebhookReplay,
    params(("name" = String, Path, description = "Its name")),
    responses((status = 202, body = OutgoingWebhook), (status = "default", body = Problem))
)]
pub(crate) async fn replay(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Body(WebhookReplay { since }): Body<WebhookReplay>,
) -> Result<Response, ApiError> {
    let wrong = Refusal::FieldWrong { field: "since".into(), wants: Expected::PastTime };
    let since = since.parse::<Timestamp>().map_err(|_| wrong)?;
    let webhook = app.chat.replay_webhook(&caller, &HookName::new(&name)?, since).await?;
    Ok((StatusCode::ACCEPTED, Json(OutgoingWebhook::of(webhook, None))).into_response())
}

/// Lists the deliveries of a webhook that were attempted in the last 14 days, the newest first, at most 10,000.
#[utoipa::path(
    get, path = "/webhooks/{name}/deliveries", tag = "webhooks",
    params(("name" = String, Path, description = "Its name"), Paging),
    responses((status = 200, body = WebhookDeliveryList), (status = "default", body = Problem))
)]
pub(crate) async fn deliveries(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<(HeaderMap, Json<WebhookDeliveryList>), ApiError> {
    let name = HookName::new(&name)?;
    let limit = paging.limit()?;
    let before = paging.after()?.map(|after| after.parse().map(JobId).map_err(|_| Refusal::CursorBad));
    let before = before.transpose()?;
    let mut found = app.chat.webhook_deliveries(&caller, &name, before, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more).map(|delivery| delivery.job.to_string());
    let (next, headers) = paging.next(&format!("/webhooks/{name}/deliveries"), last.as_deref());
    let items = found.into_iter().map(WebhookDelivery::of).collect();
    Ok((headers, Json(WebhookDeliveryList { items, next })))
}

/// Delivers one event again, as a delivery of its own.
#[utoipa::path(
    post, path = "/webhooks/{name}/deliveries/{delivery}/replay", tag = "webhooks",
    params(
        ("name" = String, Path, description = "Its name"),
        ("delivery" = String, Path, description = "The id of the delivery"),
    ),
    responses((status = 202), (status = "default", body = Problem))
)]
pub(crate) async fn replay_delivery(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((name, delivery)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    // The permission comes first, whatever the id.
    let delivery = delivery.parse().map_or(JobId(u64::MAX), JobId);
    app.chat.replay_delivery(&caller, &HookName::new(&name)?, delivery).await?;
    Ok(StatusCode::ACCEPTED)
}

impl OutgoingWebhook {
    fn of(WebhookStatus { webhook, waiting }: WebhookStatus, secret: Option<&WebhookSecret>) -> Self {
        let Webhook {
            name,
            url,
            events,
            conversations,
            state,
            previous_key_until,
            failing_since,
            created,
            ..
        } = webhook;
        Self {
            name: name.to_string(),
            url,
            events: events.iter().map(|event| event.as_str().to_owned()).collect(),
            conversations: conversations.into_iter().map(|conversation| conversation.name).collect(),
            state: state.as_str().to_owned(),
            waiting,
            failing_since: failing_since.map(|since| since.to_string()),
            previous_secret_until: previous_key_until.map(|until| until.to_string()),
            created: created.to_string(),
            secret: secret.map(WebhookSecret::reveal),
        }
    }
}

impl WebhookDelivery {
    fn of(delivery: Delivery) -> Self {
        let Delivery { job, arguments, attempt, state, status, millis, answer, at } = delivery;
        let (answer, error) = said(status, answer);
        Self {
            id: job.to_string(),
            event: arguments.event.as_str().to_owned(),
            topic: arguments.topic.to_string(),
            seq: arguments.seq.0,
            state: state.as_str().to_owned(),
            attempts: attempt,
            status,
            answer,
            error,
            ms: millis,
            at: at.to_string(),
        }
    }
}

/// Returns the answer, and without one the reason.
fn said(status: Option<u16>, text: String) -> (Option<String>, Option<String>) {
    if status.is_some() { (Some(text), None) } else { (None, Some(text)) }
}
