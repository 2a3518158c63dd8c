//! Routes of the incoming webhooks of a conversation.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::names::HookName;
use chat::store::Hook;
use chat::{ApiToken, Caller, ConversationRef, HookWithToken};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::conversations::group;
use super::error::{ApiError, Problem};
use crate::server::AppState;

/// An incoming webhook of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncomingWebhook {
    /// Its name, unique in the conversation.
    name: String,
    /// The name under which it posts.
    display_name: String,
    /// The id of the bot that is the author of what it posts.
    bot: String,
    /// The time at which it was created, RFC 3339 UTC.
    created: String,
    /// The path of the URL to which other programs post, with its secret token. Only in the answer that gives it a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// The incoming webhooks of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncomingWebhookList {
    /// They are in the order of their names.
    items: Vec<IncomingWebhook>,
}

/// An incoming webhook as it is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewIncomingWebhook {
    /// The name under which it posts.
    display_name: String,
}

/// Lists the incoming webhooks of a conversation.
#[utoipa::path(
    get, path = "/conversations/{conversation}/hooks", tag = "hooks",
    params(("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id")),
    responses((status = 200, body = IncomingWebhookList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
) -> Result<Json<IncomingWebhookList>, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let hooks = app.chat.hooks(&caller, id).await?.into_iter();
    Ok(Json(IncomingWebhookList { items: hooks.map(|hook| IncomingWebhook::of(hook, None)).collect() }))
}

/// Creates an incoming webhook, with a URL that is shown once, or changes the display name of the one that has the name.
#[utoipa::path(
    put, path = "/conversations/{conversation}/hooks/{name}", tag = "hooks", request_body = NewIncomingWebhook,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("name" = String, Path, description = "Its name: lower-case letters, digits and hyphens"),
    ),
    responses(
        (status = 200, body = IncomingWebhook, description = "It was there."),
        (status = 201, body = IncomingWebhook, description = "It is new."),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, name)): Path<(String, String)>,
    Body(new): Body<NewIncomingWebhook>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let (hook, token) = app.chat.put_hook(&caller, id, HookName::new(&name)?, &new.display_name).await?;
    let status = if token.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(IncomingWebhook::of(hook, token.as_ref()))).into_response())
}

/// Returns an incoming webhook, without its URL.
#[utoipa::path(
    get, path = "/conversations/{conversation}/hooks/{name}", tag = "hooks",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("name" = String, Path, description = "Its name"),
    ),
    responses((status = 200, body = IncomingWebhook), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, name)): Path<(String, String)>,
) -> Result<Json<IncomingWebhook>, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let hook = app.chat.hook(&caller, id, &HookName::new(&name)?).await?;
    Ok(Json(IncomingWebhook::of(hook, None)))
}

/// Deletes an incoming webhook. Its URL stops working at once; what it has posted stays.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/hooks/{name}", tag = "hooks",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("name" = String, Path, description = "Its name"),
    ),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    app.chat.delete_hook(&caller, id, &HookName::new(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an incoming webhook another URL, which is shown once. The old one stops working at once.
#[utoipa::path(
    post, path = "/conversations/{conversation}/hooks/{name}/token", tag = "hooks",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("name" = String, Path, description = "Its name"),
    ),
    responses((status = 201, body = IncomingWebhook), (status = "default", body = Problem))
)]
pub(crate) async fn rotate(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let HookWithToken { hook, token } = app.chat.rotate_hook(&caller, id, &HookName::new(&name)?).await?;
    Ok((StatusCode::CREATED, Json(IncomingWebhook::of(hook, Some(&token)))).into_response())
}

impl IncomingWebhook {
    fn of(hook: Hook, token: Option<&ApiToken>) -> Self {
        let Hook { name, bot, created, .. } = hook;
        Self {
            name: name.to_string(),
            display_name: bot.name.to_string(),
            bot: bot.id.to_string(),
            created: created.to_string(),
            path: token.map(|token| format!("/hooks/{}", token.reveal())),
        }
    }
}
