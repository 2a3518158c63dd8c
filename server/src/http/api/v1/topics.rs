//! Routes of topics that are no conversations.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use chat::Caller;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use wire::{Json as RawJson, Refusal, Topic};

use super::body::Body;
use super::error::{ApiError, Problem};
use super::messages::{Acknowledgement, Log, Slice, acknowledged, send_id};
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

/// Returns entries of a topic, oldest first.
#[utoipa::path(
    get, path = "/topics/{topic}/entries", tag = "topics",
    params(("topic" = String, Path, description = "The name of the topic; `/` in it is `%2F`"), Slice),
    responses((status = 200, body = Log), (status = "default", body = Problem))
)]
pub(crate) async fn history(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(topic): Path<String>,
    Query(slice): Query<Slice>,
) -> Result<Json<Log>, ApiError> {
    let page = app.chat.history(&caller, &Topic::new(&topic)?, slice.range()?).await?;
    Ok(Json(page.into()))
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
