//! Routes of the bans of a conversation.

use axum::Extension;
use axum::extract::{Path, State};
use chat::Caller;
use http::StatusCode;

use super::error::{ApiError, Problem};
use super::members::group_and_user;
use crate::server::AppState;

/// Bans a user from a conversation: they are removed if they are a member, and cannot join or be added.
#[utoipa::path(
    put, path = "/conversations/{conversation}/bans/{user}", tag = "members",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("user" = String, Path, description = "Your key for the user, or `id:` and their id"),
    ),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, user)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (id, user) = group_and_user(&app, &caller, &conversation, &user).await?;
    app.chat.ban(&caller, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the ban of a user. They do not become a member again by this.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/bans/{user}", tag = "members",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("user" = String, Path, description = "Your key for the user, or `id:` and their id"),
    ),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, user)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (id, user) = group_and_user(&app, &caller, &conversation, &user).await?;
    app.chat.unban(&caller, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
