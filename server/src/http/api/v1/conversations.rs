//! Routes of conversations, which an application names by keys of its own.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::ExternalKey;
use chat::{Caller, ConversationRef, ExternalGroup, ListedGroup, UserRef};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{Conversation, GroupId, GroupName, Refusal, Setting, Settings, Topic};

use super::body::Body;
use super::conversation_settings::{ChangedConversation, Policy, PutConversation};
use super::entity_tag::{etag, expected, expects_any};
use super::error::{ApiError, Problem};
use super::messages::send_id;
use super::paging::{self, Paging};
use crate::server::AppState;

/// A conversation of any number of users.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(crate) struct ExternalConversation {
    /// Its id, 16 characters. Paths name a conversation by its key, or by `id:` and this.
    id: String,
    /// The application's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The name of its log, for the socket.
    topic: String,
    /// Its name.
    name: String,
    /// Its description; empty if there is none.
    description: String,
    /// The most members it may have.
    limit: u32,
    /// The rule by which users join: `listed`, `open` or `invite`.
    join_policy: Policy,
    /// True if only admins may post.
    announcing: bool,
    /// The pause in seconds between two messages of a member.
    slow_s: u32,
    /// True if nobody may post or join.
    archived: bool,
    /// The number of its members.
    members: u32,
}

/// Some conversations.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationList {
    /// The conversations.
    items: Vec<ExternalConversation>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The conversations that are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationFilter {
    /// Only those that this user is a member of, with or without a key: your key for them, or `id:` and their id.
    member: Option<String>,
}

/// The direct conversation of two users.
#[derive(Serialize, ToSchema)]
pub(crate) struct Direct {
    /// Its name in paths of conversations.
    conversation: String,
    /// The name of its log, for the socket.
    topic: String,
}

/// Creates a conversation under a key of yours, or changes the one that has it.
#[utoipa::path(
    put, path = "/conversations/{conversation}", tag = "conversations", request_body = PutConversation,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the conversation must have"),
    ),
    responses(
        (status = 200, description = "Changed", body = ExternalConversation),
        (status = 201, description = "Created", body = ExternalConversation), (status = "default", body = Problem)
    )
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    Body(put): Body<PutConversation>,
) -> Result<Response, ApiError> {
    let (key, version) = (ExternalKey::new(&conversation)?, expected(&headers)?);
    let settings = put.settings.changes()?;
    let name = GroupName::new(&put.name)?;
    let expects_one = version.is_some() || expects_any(&headers);
    if !expects_one
        && let Some(created) =
            app.chat.create_keyed_group(&caller, &key, name.as_str(), settings.clone()).await?
    {
        return Ok((StatusCode::CREATED, answer(&created)).into_response());
    }
    let id = match app.chat.find_conversation(&caller, &ConversationRef::Key(key)).await {
        Ok(Conversation::Group(id)) => id,
        Err(chat::Error::Refusal(Refusal::NotFound)) if expects_one => {
            return Err(Refusal::VersionStale.into());
        }
        Ok(Conversation::Direct(_)) => return Err(Refusal::NotFound.into()),
        Err(no) => return Err(no.into()),
    };
    let changes = std::iter::once(Setting::Name(name)).chain(settings).collect();
    Ok(answer(&app.chat.change_settings(&caller, id, changes, version).await?))
}

/// Creates a conversation, whose key is the next number of the application.
#[utoipa::path(
    post, path = "/conversations", tag = "conversations", request_body = PutConversation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Your id for the request, 1 to 128 visible ASCII \
        characters: the same id with the same body creates one conversation")),
    responses(
        (status = 200, description = "It was created before", body = ExternalConversation),
        (status = 201, description = "Created", body = ExternalConversation), (status = "default", body = Problem)
    )
)]
pub(crate) async fn create(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(new): Body<PutConversation>,
) -> Result<Response, ApiError> {
    let (id, settings) = (send_id(&app, &headers, None)?, new.settings.changes()?);
    let (group, created) = app.chat.create_numbered_group(&caller, id, &new.name, settings).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, answer(&group)).into_response())
}

/// Returns a conversation.
#[utoipa::path(
    get, path = "/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id")),
    responses((status = 200, body = ExternalConversation), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    Ok(answer(&app.chat.external_group(&caller, id).await?))
}

/// Changes a conversation.
#[utoipa::path(
    patch, path = "/conversations/{conversation}", tag = "conversations", request_body = ChangedConversation,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the conversation must have"),
    ),
    responses((status = 200, body = ExternalConversation), (status = "default", body = Problem))
)]
pub(crate) async fn change(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ChangedConversation>,
) -> Result<Response, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    let name = change.name.map(|name| GroupName::new(&name).map(Setting::Name)).transpose()?;
    let changes = name.into_iter().chain(change.settings.changes()?).collect();
    Ok(answer(&app.chat.change_settings(&caller, id, changes, expected(&headers)?).await?))
}

/// Deletes a conversation with all its messages.
#[utoipa::path(
    delete, path = "/conversations/{conversation}", tag = "conversations",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, or `id:` and its id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the conversation must have"),
    ),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let id = group(&app, &caller, &ConversationRef::parse(&conversation)?).await?;
    app.chat.delete_keyed_group(&caller, id, expected(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the conversations with keys, by key; those of a member by id. A user gets their own.
#[utoipa::path(
    get, path = "/conversations", tag = "conversations", params(ConversationFilter, Paging),
    responses((status = 200, body = ConversationList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<ConversationFilter>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let limit = paging.limit()?;
    let member = match (&filter.member, caller.signed_in()) {
        (Some(name), _) => Some(app.chat.external_user(&caller, &UserRef::parse(name)?).await?.person.id),
        (None, Some(me)) => Some(me.id),
        (None, None) => None,
    };
    let (part, path) = match member {
        Some(user) => {
            let after = match paging.after()? {
                Some(id) => Some(id.parse().map_err(|_| Refusal::CursorBad)?),
                None => None,
            };
            let part = app.chat.groups_of_member(&caller, user, after, limit).await?;
            (part, format!("/conversations?member=id:{user}"))
        }
        None => {
            let after = paging::key_after(&paging)?;
            let part = app.chat.external_groups(&caller, after.as_ref(), limit).await?;
            (part, "/conversations".to_owned())
        }
    };
    let last = part.items.last().filter(|_| part.more);
    let last = last.map(|listed| match (&listed.key, member) {
        (Some(key), None) => key.to_string(),
        _ => listed.id.to_string(),
    });
    let (next, link) = paging.next(&path, last.as_deref());
    let listed = part.items.into_iter().filter_map(|ListedGroup { key, id, group }| {
        let (settings, members) = group?;
        Some(ExternalConversation::of(key.as_ref(), id, &settings, members))
    });
    Ok((link, Json(ConversationList { items: listed.collect(), next })).into_response())
}

/// Returns the direct conversation of the user of `Hubbub-As` with another. It begins with its first message.
#[utoipa::path(
    put, path = "/directs/{user}", tag = "conversations",
    params(("user" = String, Path, description = "Your key for the other user, or `id:` and their id")),
    responses((status = 200, body = Direct), (status = "default", body = Problem))
)]
pub(crate) async fn direct(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
) -> Result<Json<Direct>, ApiError> {
    let other = app.chat.external_user(&caller, &UserRef::parse(&user)?).await?.person;
    let topic = Topic::direct(app.chat.direct_with(&caller, other.id).await?);
    let conversation = path_name(&app, &caller, &topic).await?;
    Ok(Json(Direct { conversation, topic: topic.as_str().to_owned() }))
}

/// Returns the topic of a conversation in a path.
///
/// # Errors
/// [`Refusal::KeyBad`], [`Refusal::NotFound`].
pub(crate) async fn topic(app: &AppState, caller: &Caller, path: &str) -> Result<Topic, ApiError> {
    let conversation = app.chat.find_conversation(caller, &ConversationRef::parse(path)?).await?;
    Ok(Topic::of(conversation))
}

/// Returns the name of a conversation in paths: the application's key, or ours.
pub(crate) async fn path_name(app: &AppState, caller: &Caller, topic: &Topic) -> Result<String, ApiError> {
    let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
    Ok(match conversation {
        Conversation::Group(id) => match app.chat.key_of_conversation(caller, id).await? {
            Some(key) => key.to_string(),
            None => format!("id:{id}"),
        },
        Conversation::Direct(_) => topic.as_str().replacen("direct/", "direct:", 1),
    })
}

/// Returns the group of a name.
///
/// # Errors
/// [`Refusal::NotFound`], also for a direct, which has no settings and members of its own.
pub(crate) async fn group(
    app: &AppState,
    caller: &Caller,
    name: &ConversationRef,
) -> Result<GroupId, ApiError> {
    match app.chat.find_conversation(caller, name).await? {
        Conversation::Group(group) => Ok(group),
        Conversation::Direct(_) => Err(Refusal::NotFound.into()),
    }
}

pub(crate) fn answer(group: &ExternalGroup) -> Response {
    (
        etag(group.version),
        Json(ExternalConversation::of(group.key.as_ref(), group.id, &group.settings, group.members)),
    )
        .into_response()
}

impl ExternalConversation {
    fn of(key: Option<&ExternalKey>, id: GroupId, settings: &Settings, members: u32) -> Self {
        let Settings { name, description, limit, join_policy, announcing, slow_s, archived } = settings;
        Self {
            id: id.to_string(),
            key: key.map(ToString::to_string),
            topic: Topic::group(id).as_str().to_owned(),
            name: name.to_string(),
            description: description.as_str().to_owned(),
            limit: *limit,
            join_policy: (*join_policy).into(),
            announcing: *announcing,
            slow_s: *slow_s,
            archived: *archived,
            members,
        }
    }
}
