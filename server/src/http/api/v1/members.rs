//! Routes of the members of a conversation.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Caller, ConversationRef, UserRef};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Member, Refusal, Role, UserId};

use super::body::Body;
use super::conversations::group;
use super::error::{ApiError, Problem};
use super::paging::Paging;
use super::users::User;
use crate::server::AppState;

/// A member of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberItem {
    /// The user.
    user: User,
    /// Their role: `admin` or `member`.
    role: MemberRole,
    /// The time at which they became a member, RFC 3339 UTC.
    since: String,
    /// The end of their mute, RFC 3339 UTC; it may be past.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<String>,
}

/// Some members.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberList {
    /// The members, those who joined first first.
    items: Vec<MemberItem>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A member as they are to be. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct PutMember {
    /// Their role: `admin` or `member`, which is the default of a new one.
    role: Option<MemberRole>,
    /// Mutes them for a number of minutes from now, at most 525600; 0 ends a mute.
    mute_minutes: Option<u32>,
}

/// The role of a member.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberRole {
    /// May change the conversation and its members.
    Admin,
    /// May read and write.
    Member,
}

/// Lists the members of a conversation.
#[utoipa::path(
    get, path = "/conversations/{conversation}/members", tag = "members",
    params(("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"), Paging),
    responses((status = 200, body = MemberList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let after: Option<UserId> = match paging.after()? {
        Some(user) => Some(user.parse().map_err(|_| Refusal::CursorBad)?),
        None => None,
    };
    if let Some(user) = after {
        // The list goes on after a member; one who has left has no place in it.
        app.chat.member(&caller, id, user).await.map_err(|no| match no {
            chat::Error::Refusal(Refusal::NotFound) => Refusal::CursorBad.into(),
            no => no,
        })?;
    }
    let (limit, (_, mut part)) = (paging.limit()?, app.chat.members(&caller, id, "", after).await?);
    let more = part.more || part.items.len() > limit;
    part.items.truncate(limit);
    let last = part.items.last().filter(|_| more);
    let last = last.map(|member| member.person.id.to_string());
    let path = format!("/conversations/id:{id}/members");
    let (next, link) = paging.next(&path, last.as_deref());
    let mut items = Vec::with_capacity(part.items.len());
    for member in &part.items {
        items.push(item(&app, &caller, member).await?);
    }
    Ok((link, Json(MemberList { items, next })).into_response())
}

/// Makes a user a member of a conversation, or changes their role or mute.
#[utoipa::path(
    put, path = "/conversations/{conversation}/members/{user}", tag = "members", request_body = PutMember,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("user" = String, Path, description = "Your key for the user, or `id:` and their id"),
    ),
    responses((status = 200, body = MemberItem), (status = "default", body = Problem))
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, user)): Path<(String, String)>,
    Body(put): Body<PutMember>,
) -> Result<Json<MemberItem>, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let user = app.chat.external_user(&caller, &UserRef::parse(&user)?).await?.person.id;
    // A change of somebody who is a member already has rules of its own, and adds nobody.
    let changes = put.role.is_some() || put.mute_minutes.is_some();
    if !changes || app.chat.member(&caller, id, user).await.is_err() {
        app.chat.add_member(&caller, id, user).await?;
    }
    if let Some(role) = put.role {
        app.chat.set_role(&caller, id, user, role.into()).await?;
    }
    if let Some(minutes) = put.mute_minutes {
        app.chat.mute(&caller, id, user, minutes).await?;
    }
    let member = app.chat.member(&caller, id, user).await?;
    Ok(Json(item(&app, &caller, &member).await?))
}

/// Removes a member. The user of `Hubbub-As` may leave so.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/members/{user}", tag = "members",
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
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let user = app.chat.external_user(&caller, &UserRef::parse(&user)?).await?.person.id;
    if caller.signed_in().is_some_and(|me| me.id == user) {
        app.chat.leave(&caller, id).await?;
    } else {
        app.chat.remove_member(&caller, id, user, false).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn item(app: &AppState, caller: &Caller, member: &Member) -> Result<MemberItem, ApiError> {
    let user = app.chat.external_user(caller, &UserRef::Id(member.person.id)).await?;
    Ok(MemberItem {
        user: User::of(&user),
        role: member.role.into(),
        since: member.since.to_string(),
        muted_until: member.muted_until.map(|until| until.to_string()),
    })
}

impl From<Role> for MemberRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Admin => Self::Admin,
            MemberRole::Member => Self::Member,
        }
    }
}
