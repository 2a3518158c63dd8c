//! Routes of read states and typing.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::ListedMember;
use chat::{Caller, UserRef};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Conversation, ReadState};

use super::body::Body;
use super::conversations::topic;
use super::error::{ApiError, Problem};
use super::members::{last, place};
use super::messages::within;
use super::paging::Paging;
use super::users::User;
use crate::server::AppState;

/// The read states of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Marks {
    /// Those of the members, in the order in which they joined.
    items: Vec<Mark>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The read state of a member. The numbers only grow.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mark {
    /// The member.
    user: User,
    /// The newest entry that a device of theirs has.
    delivered: u64,
    /// The newest entry that they have read.
    read: u64,
}

/// A read mark.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PutRead {
    /// The newest entry that the user has read.
    seq: u64,
    /// True if the user's own mark may go back; what others see never does.
    #[serde(default)]
    back: bool,
}

/// Returns the read states of the members of a conversation.
#[utoipa::path(
    get, path = "/conversations/{conversation}/marks", tag = "read states",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        Paging
    ),
    responses((status = 200, body = Marks), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    if let Some(Conversation::Group(id)) = topic.conversation() {
        let part = app.chat.members_after(&caller, id, place(&paging)?, paging.limit()?).await?;
        let path = format!("/conversations/id:{id}/marks");
        let (next, link) = paging.next(&path, last(&part).as_deref());
        let mark = |listed: &ListedMember| Mark::new(User::listed(listed), listed.member.marks());
        let items = part.items.iter().map(mark).collect();
        return Ok((link, Json(Marks { items, next })).into_response());
    }
    // A direct has two users.
    let mut items = Vec::new();
    for state in app.chat.read_states(&caller, &topic).await? {
        let user = app.chat.shown_user(&caller, &UserRef::Id(state.user)).await?;
        items.push(Mark::new(User::of(&user), state));
    }
    Ok(Json(Marks { items, next: None }).into_response())
}

/// Marks a conversation as read by the user of `Hubbub-As`.
#[utoipa::path(
    put, path = "/conversations/{conversation}/marks/read", tag = "read states", request_body = PutRead,
    params(("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    Body(put): Body<PutRead>,
) -> Result<StatusCode, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    app.chat.set_read(&caller, &topic, within(put.seq, "seq")?, put.back).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows that the user of `Hubbub-As` is typing.
#[utoipa::path(
    post, path = "/conversations/{conversation}/typing", tag = "read states",
    params(("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn typing(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
) -> Result<StatusCode, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    app.chat.typing(&caller, &topic).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Mark {
    fn new(user: User, state: ReadState) -> Self {
        Self { user, delivered: state.delivered.0, read: state.read.0 }
    }
}
