//! Routes of the members of a conversation.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::ListedMember;
use chat::{Caller, ConversationRef, ListPart, UserRef};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{GroupId, Member, NotificationLevel, Refusal, Role, Timestamp, Topic, UserId};

use super::body::OptionalBody;
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
    /// Their notification level, if they are the user of `Hubbub-As` and it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    notify: Option<Notify>,
    /// True if they hide the conversation; as `notify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<bool>,
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
    /// The user's own notification level: `all`, `mentions` or `nothing`. Only for the user of `Hubbub-As`.
    notify: Option<Notify>,
    /// True to hide the conversation from the user's own list until it mentions them. Only for the user of `Hubbub-As`.
    hidden: Option<bool>,
}

/// The messages of a conversation that notify a member.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notify {
    /// Every message.
    All,
    /// Those that mention them.
    Mentions,
    /// None.
    Nothing,
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
    let part = app.chat.members_after(&caller, id, place(&paging)?, paging.limit()?).await?;
    let path = format!("/conversations/id:{id}/members");
    let (next, link) = paging.next(&path, last(&part).as_deref());
    let items = part.items.iter().map(MemberItem::of).collect();
    Ok((link, Json(MemberList { items, next })).into_response())
}

/// Makes a user a member of a conversation, or changes their role or mute. Users set their own notification level.
#[utoipa::path(
    put, path = "/conversations/{conversation}/members/{user}", tag = "members", request_body = Option<PutMember>,
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
    OptionalBody(put): OptionalBody<PutMember>,
) -> Result<Json<MemberItem>, ApiError> {
    let (id, user) = group_and_user(&app, &caller, &conversation, &user).await?;
    // A change of somebody who is a member already has rules of its own, and adds nobody.
    let prefers = put.notify.is_some() || put.hidden.is_some();
    let is_own = caller.signed_in().is_some_and(|me| me.id == user);
    if prefers && !is_own {
        return Err(Refusal::UserNeeded.into());
    }
    let changes = prefers || put.role.is_some() || put.mute_minutes.is_some();
    if !changes || app.chat.member(&caller, id, user).await.is_err() {
        app.chat.add_member(&caller, id, user).await?;
    }
    if let Some(role) = put.role {
        app.chat.set_role(&caller, id, user, role.into()).await?;
    }
    if let Some(minutes) = put.mute_minutes {
        app.chat.mute(&caller, id, user, minutes).await?;
    }
    let mut preferences = None;
    if prefers {
        let topic = Topic::group(id);
        let (notify, hidden) = app.chat.preferences(&caller, &topic).await?;
        let (notify, hidden) = (put.notify.map_or(notify, Into::into), put.hidden.unwrap_or(hidden));
        app.chat.set_preferences(&caller, &topic, notify, hidden).await?;
        preferences = Some((notify, hidden));
    }
    let member = app.chat.member(&caller, id, user).await?;
    let (notify, hidden) = preferences.unzip();
    let notify = notify.map(Notify::from);
    Ok(Json(MemberItem { notify, hidden, ..item(&app, &caller, &member).await? }))
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
    let (id, user) = group_and_user(&app, &caller, &conversation, &user).await?;
    if caller.signed_in().is_some_and(|me| me.id == user) {
        app.chat.leave(&caller, id).await?;
    } else {
        app.chat.remove_member(&caller, id, user, false).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the group and the user whom a path names.
///
/// # Errors
/// [`Refusal::NotFound`] and [`Refusal::KeyBad`], for either of them.
pub(crate) async fn group_and_user(
    app: &AppState,
    caller: &Caller,
    conversation: &str,
    user: &str,
) -> Result<(GroupId, UserId), ApiError> {
    let id = group(app, caller, &ConversationRef::parse(conversation)?).await?;
    let user = app.chat.user_for_group(caller, id, &UserRef::parse(user)?).await?;
    Ok((id, user))
}

/// Returns the place in the order of joining after which a part of a list of members begins.
pub(crate) fn place(paging: &Paging) -> Result<Option<(Timestamp, UserId)>, Refusal> {
    let Some(place) = paging.after()? else { return Ok(None) };
    let (since, user) = place.split_once('/').ok_or(Refusal::CursorBad)?;
    let since = since.parse().map(Timestamp).map_err(|_| Refusal::CursorBad)?;
    Ok(Some((since, user.parse().map_err(|_| Refusal::CursorBad)?)))
}

/// Returns the place after which the next part of a list of members begins; none if this is the last.
pub(crate) fn last(part: &ListPart<ListedMember>) -> Option<String> {
    let member = &part.items.last().filter(|_| part.more)?.member;
    Some(format!("{}/{}", member.since.0, member.person.id))
}

async fn item(app: &AppState, caller: &Caller, member: &Member) -> Result<MemberItem, ApiError> {
    let user = app.chat.shown_user(caller, &UserRef::Id(member.person.id)).await?;
    Ok(MemberItem::new(User::of(&user), member))
}

impl MemberItem {
    fn of(listed: &ListedMember) -> Self {
        Self::new(User::listed(listed), &listed.member)
    }

    fn new(user: User, member: &Member) -> Self {
        Self {
            user,
            role: member.role.into(),
            since: member.since.to_string(),
            muted_until: member.muted_until.map(|until| until.to_string()),
            notify: None,
            hidden: None,
        }
    }
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

impl From<NotificationLevel> for Notify {
    fn from(level: NotificationLevel) -> Self {
        match level {
            NotificationLevel::All => Self::All,
            NotificationLevel::Mentions => Self::Mentions,
            NotificationLevel::Nothing => Self::Nothing,
        }
    }
}

impl From<Notify> for NotificationLevel {
    fn from(notify: Notify) -> Self {
        match notify {
            Notify::All => Self::All,
            Notify::Mentions => Self::Mentions,
            Notify::Nothing => Self::Nothing,
        }
    }
}
