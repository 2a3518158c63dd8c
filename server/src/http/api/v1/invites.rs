//! Routes of the invites of a conversation.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Caller, ConversationRef};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{GroupId, Invite, InviteId, Refusal};

use super::body::Body;
use super::conversations::{self, ExternalConversation, group};
use super::error::{ApiError, Problem};
use super::users::User;
use crate::server::AppState;

/// An invite to a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationInvite {
    /// Its id. Every user who has it may join.
    id: String,
    /// The admin who created it, or the application.
    by: User,
    /// The time from which it no longer works, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// The number of users who may still use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
}

/// The invites of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct InviteList {
    /// Those that work, the oldest first.
    items: Vec<ConversationInvite>,
}

/// A new invite.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewInvite {
    /// The number of minutes after which it no longer works, at most 525600; without it, never.
    minutes: Option<u32>,
    /// The number of users who may use it; without it, any number.
    uses: Option<u32>,
}

/// Lists the invites of a conversation that work.
#[utoipa::path(
    get, path = "/conversations/{conversation}/invites", tag = "members",
    params(("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id")),
    responses((status = 200, body = InviteList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
) -> Result<Json<InviteList>, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let mut items = Vec::new();
    for invite in app.chat.invites(&caller, id).await? {
        items.push(item(&app, &caller, id, invite).await?);
    }
    Ok(Json(InviteList { items }))
}

/// Creates an invite to a conversation.
#[utoipa::path(
    post, path = "/conversations/{conversation}/invites", tag = "members", request_body = NewInvite,
    params(("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id")),
    responses((status = 201, body = ConversationInvite), (status = "default", body = Problem))
)]
pub(crate) async fn create(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    Body(new): Body<NewInvite>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let (minutes, uses) = (new.minutes.unwrap_or_default(), new.uses.unwrap_or_default());
    let created = app.chat.create_invite(&caller, id, minutes, uses).await?;
    let invites = app.chat.invites(&caller, id).await?;
    let invite = invites.into_iter().find(|invite| invite.id == created).ok_or(Refusal::InviteOver)?;
    Ok((StatusCode::CREATED, Json(item(&app, &caller, id, invite).await?)).into_response())
}

/// Revokes an invite. It may be revoked already.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/invites/{invite}", tag = "members",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("invite" = String, Path, description = "The id of the invite"),
    ),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, invite)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let (of, invite) = parse(&invite)?;
    if of != id {
        return Err(Refusal::NotFound.into());
    }
    app.chat.revoke_invite(&caller, id, invite).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the user of `Hubbub-As` a member of the conversation that an invite is for. A member stays one.
#[utoipa::path(
    post, path = "/invites/{invite}/uses", tag = "members",
    params(("invite" = String, Path, description = "The id of the invite")),
    responses((status = 200, body = ExternalConversation), (status = "default", body = Problem))
)]
pub(crate) async fn redeem(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(invite): Path<String>,
) -> Result<Response, ApiError> {
    let (group, invite) = parse(&invite)?;
    app.chat.join(&caller, group, Some(invite)).await?;
    Ok(conversations::answer(&app.chat.external_group(&caller, group).await?))
}

async fn item(
    app: &AppState,
    caller: &Caller,
    group: GroupId,
    invite: Invite,
) -> Result<ConversationInvite, ApiError> {
    let Invite { id, by, until, uses } = invite;
    Ok(ConversationInvite {
        id: format!("{group}-{id}"),
        by: User::named(app, caller, by).await?,
        expires: until.map(|until| until.to_string()),
        uses,
    })
}

/// Reads the id of an invite: that of its group, and its own.
fn parse(id: &str) -> Result<(GroupId, InviteId), Refusal> {
    let (group, invite) = id.split_once('-').ok_or(Refusal::NotFound)?;
    let group = group.parse().map_err(|_| Refusal::NotFound)?;
    Ok((group, invite.parse().map_err(|_| Refusal::NotFound)?))
}
