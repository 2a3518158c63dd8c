//! Routes of topics that are no conversations.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use chat::Caller;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use wire::{Json as RawJson, Refusal, Topic};

use super::body::Body;
use super::error::{ApiError, Problem};
use super::messages::{Acknowledgement, Log, Slice, acknowledged, log, send_id};
use super::retention::Bounds;
use crate::http::event_stream;
use crate::server::AppState;

/// An entry to be published.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewEntry {
    /// Any JSON.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// Your id for it, 1 to 128 visible ASCII characters: the same id with the same data is the same entry. The header
    /// `Idempotency-Key` means the same.
    id: Option<String>,
}

/// The users who are subscribed to a topic.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresentUsers {
    /// The ids of users with an active connection.
    here: Vec<String>,
    /// The ids of users whose connections are all idle.
    away: Vec<String>,
}

/// The log of a topic.
#[derive(Serialize, ToSchema)]
pub(crate) struct TopicLog {
    /// The number of the oldest entry that is kept, or of the next one if none is.
    begins: u64,
    /// The number of the newest entry.
    head: u64,
    /// The number of entries that are kept.
    entries: u64,
    /// The bytes of data in these entries.
    bytes: u64,
    /// The time of the oldest entry, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
    /// The bounds that apply to it.
    keep: Bounds,
    /// True if the bounds are its own, and not those of the application.
    own: bool,
}

/// The deletion of all entries of a topic.
#[derive(Serialize, ToSchema)]
pub(crate) struct Cleared {
    /// The number of the last entry that is deleted; a later one stays.
    through: u64,
}

/// Publishes an entry to a topic.
#[utoipa::path(
    post, path = "/topics/{topic}/entries", tag = "topics", request_body = NewEntry,
    params(
        ("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Your id for the entry"),
    ),
    responses(
        (status = 200, description = "It was published before", body = Acknowledgement),
        (status = 201, description = "Published", body = Acknowledgement), (status = "default", body = Problem)
    )
)]
pub(crate) async fn publish(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewEntry>,
) -> Result<Response, ApiError> {
    let id = send_id(&app, &headers, new.id)?;
    let data = RawJson::new(new.data.get()).map_err(|_| Refusal::JsonBad)?;
    Ok(acknowledged(app.chat.publish(&caller, Topic::new(&topic)?, Some(id), data).await?))
}

/// Returns entries of a topic, oldest first. With `Accept: text/event-stream` they come as they are published, each an
/// event, until the connection is closed.
#[utoipa::path(
    get, path = "/topics/{topic}/entries", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`"), Slice),
    responses(
        (status = 200, content((Log = "application/json"), (String = "text/event-stream"))),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn history(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    Query(slice): Query<Slice>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let topic = Topic::new(&topic)?;
    if event_stream::is_wanted(&headers) {
        return Ok(event_stream::follow(&app, caller, &headers, topic, slice.since.as_deref()).await?);
    }
    Ok(log(app.chat.history_json(&caller, &topic, slice.range()?).await?))
}

/// Returns the users who are subscribed to a topic.
#[utoipa::path(
    get, path = "/topics/{topic}/presence", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`")),
    responses((status = 200, body = PresentUsers), (status = "default", body = Problem))
)]
pub(crate) async fn presence(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
) -> Result<Json<PresentUsers>, ApiError> {
    let presence = app.chat.presence(&caller, &Topic::new(&topic)?).await?;
    let ids = |users: Vec<wire::UserId>| users.iter().map(ToString::to_string).collect();
    Ok(Json(PresentUsers { here: ids(presence.here), away: ids(presence.away) }))
}

/// Returns the size of a topic's log, and the bounds within which it keeps entries.
#[utoipa::path(
    get, path = "/topics/{topic}", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`")),
    responses((status = 200, body = TopicLog), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
) -> Result<Json<TopicLog>, ApiError> {
    let (log, keep) = app.chat.topic_usage(&caller, &Topic::new(&topic)?).await?;
    Ok(Json(TopicLog {
        begins: log.begins.0,
        head: log.head.0,
        entries: log.entries(),
        bytes: log.bytes,
        oldest: log.oldest.map(|at| at.to_string()),
        keep: keep.into(),
        own: log.retention.is_some(),
    }))
}

/// Deletes all entries that a topic has now. Its numbers go on after them, and readers from before hear of it.
#[utoipa::path(
    delete, path = "/topics/{topic}", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`")),
    responses(
        (status = 202, description = "They are being deleted", body = Cleared), (status = "default", body = Problem)
    )
)]
pub(crate) async fn clear(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
) -> Result<(StatusCode, Json<Cleared>), ApiError> {
    let through = app.chat.clear_topic(&caller, &Topic::new(&topic)?).await?.0;
    Ok((StatusCode::ACCEPTED, Json(Cleared { through })))
}

/// Gives a topic bounds of its own, instead of those of the application. Without any bound it keeps everything.
#[utoipa::path(
    put, path = "/topics/{topic}/retention", tag = "topics", request_body = Bounds,
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn set_retention(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    Body(bounds): Body<Bounds>,
) -> Result<StatusCode, ApiError> {
    app.chat.set_retention(&caller, &Topic::new(&topic)?, Some(bounds.into())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the bounds of the application apply to a topic again.
#[utoipa::path(
    delete, path = "/topics/{topic}/retention", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn reset_retention(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.set_retention(&caller, &Topic::new(&topic)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
