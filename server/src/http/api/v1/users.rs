//! Routes of users, whom an application names by keys of its own.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::{ExternalKey, KeyedUser, ListedMember};
use chat::{Caller, ExternalUser, UserRef};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{Person, Refusal};

use super::body::Body;
use super::entity_tag::{etag, expected, expects_any};
use super::error::{ApiError, Problem};
use super::paging::{self, Paging};
use crate::server::AppState;

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    /// Their id, 16 characters. Paths name a user by their key, or by `id:` and this.
    id: String,
    /// The application's own name for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Their name as others see it.
    name: String,
    /// Their description; empty if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<String>,
}

/// Some users.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserList {
    /// The users.
    items: Vec<User>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The users that are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserFilter {
    /// Only those whose key begins with this, by key, and after them those whose name contains it, by name. The list has
    /// one part: longer words find others.
    q: Option<String>,
}

/// A user as they are to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PutUser {
    /// Their name, 1 to 40 characters.
    name: String,
    /// Their description, at most 500 characters; if it is left out, it stays.
    bio: Option<String>,
}

/// Creates a user under a key of yours, or changes the one that has it.
#[utoipa::path(
    put, path = "/users/{user}", tag = "users", request_body = PutUser,
    params(
        ("user" = String, Path, description = "Your key for the user"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the user must have"),
    ),
    responses(
        (status = 200, description = "Changed", body = User), (status = 201, description = "Created", body = User),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn put(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    headers: HeaderMap,
    Body(put): Body<PutUser>,
) -> Result<Response, ApiError> {
    let (key, version) = (ExternalKey::new(&user)?, expected(&headers)?);
    if expects_any(&headers) {
        let found = app.chat.external_user(&caller, &UserRef::Key(key.clone())).await;
        found.map_err(|no| match no {
            chat::Error::Refusal(Refusal::NotFound) => Refusal::VersionStale.into(),
            no => no,
        })?;
    }
    let (user, created) = app.chat.put_user(&caller, &key, &put.name, put.bio.as_deref(), version).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, etag(user.version), Json(User::keyed(&user))).into_response())
}

/// Returns a user.
#[utoipa::path(
    get, path = "/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Your key for the user, or `id:` and their id")),
    responses((status = 200, body = User), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
) -> Result<Response, ApiError> {
    let user = app.chat.external_user(&caller, &UserRef::parse(&user)?).await?;
    Ok(match &user.keyed {
        Some(keyed) => (etag(keyed.version), Json(User::keyed(keyed))).into_response(),
        None => Json(User::of(&user)).into_response(),
    })
}

/// Deletes a user: they leave every conversation, and their key, name and description are gone. Their messages stay,
/// under the name that they had.
#[utoipa::path(
    delete, path = "/users/{user}", tag = "users",
    params(("user" = String, Path, description = "Your key for the user, or `id:` and their id")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.delete_user(&caller, &UserRef::parse(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the users with keys, by key, or finds users. A user gets those who share a conversation with them, by name.
#[utoipa::path(
    get, path = "/users", tag = "users", params(UserFilter, Paging),
    responses((status = 200, body = UserList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(filter): Query<UserFilter>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let limit = paging.limit()?;
    if let Some(words) = filter.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
        let found = app.chat.find_users(&caller, words, limit).await?;
        let items = found.iter().map(User::of).collect();
        return Ok(Json(UserList { items, next: None }).into_response());
    }
    if caller.signed_in().is_some() {
        let after = paging.after()?.map(|id| id.parse().map_err(|_| Refusal::CursorBad)).transpose()?;
        let part = app.chat.known_users(&caller, after, limit).await?;
        let last = part.items.last().filter(|_| part.more).map(|user| user.person.id.to_string());
        let (next, link) = paging.next("/users", last.as_deref());
        let items = part.items.iter().map(User::of).collect();
        return Ok((link, Json(UserList { items, next })).into_response());
    }
    let after = paging::key_after(&paging)?;
    let part = app.chat.external_users(&caller, after.as_ref(), limit).await?;
    let last = part.items.last().filter(|_| part.more);
    let (next, link) = paging.next("/users", last.map(|user| user.key.as_str()));
    let items = part.items.iter().map(User::keyed).collect();
    Ok((link, Json(UserList { items, next })).into_response())
}

impl User {
    pub(crate) fn keyed(user: &KeyedUser) -> Self {
        let KeyedUser { key, person, bio, .. } = user;
        let (key, bio) = (Some(key.to_string()), Some(bio.as_str().to_owned()));
        Self { id: person.id.to_string(), key, name: person.name.to_string(), bio }
    }

    pub(crate) fn of(user: &ExternalUser) -> Self {
        match &user.keyed {
            Some(keyed) => Self::keyed(keyed),
            None => Self::unkeyed(&user.person),
        }
    }

    /// Returns a member of a list.
    pub(crate) fn listed(listed: &ListedMember) -> Self {
        listed.keyed.as_ref().map_or_else(|| Self::unkeyed(&listed.member.person), Self::keyed)
    }

    /// Returns the author of something: a user, or the application itself.
    pub(crate) async fn named(app: &AppState, caller: &Caller, person: Person) -> Result<Self, ApiError> {
        match app.chat.shown_user(caller, &UserRef::Id(person.id)).await {
            Ok(user) => Ok(Self::of(&user)),
            Err(chat::Error::Refusal(Refusal::NotFound)) => Ok(Self::unkeyed(&person)),
            Err(no) => Err(no.into()),
        }
    }

    fn unkeyed(person: &Person) -> Self {
        Self { id: person.id.to_string(), key: None, name: person.name.to_string(), bio: None }
    }
}
