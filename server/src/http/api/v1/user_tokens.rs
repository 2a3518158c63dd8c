//! Routes of user tokens: minting and revoking them, sign-in links, and the user of a token.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Caller, MintedLink, MintedToken, TokenScope, UserRef};
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Conversation, Expected, Refusal};

use super::body::OptionalBody;
use super::conversations::topic;
use super::error::{ApiError, Problem};
use super::users::User;
use crate::server::AppState;

/// A user token to be minted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserToken {
    /// The number of seconds for which it works, up to 86400; an hour if it is left out.
    expires_in: Option<u32>,
    /// The part of the user's rights that it has; all but topics outside of conversations if it is left out.
    scope: Option<Scope>,
}

/// The scope of a user token. A pattern is a name, or the beginning of names if it ends in `*`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    /// The topics outside of conversations, at most 100 patterns; none if it is left out.
    topics: Option<Vec<String>>,
    /// The conversations by their keys, or as `id:…` or `direct:…`, at most 100 patterns; all of the user's if it is left
    /// out.
    conversations: Option<Vec<String>>,
    /// False if nothing may be sent or changed.
    write: Option<bool>,
}

/// A user token that was minted.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedUserToken {
    /// The token, a JWT.
    token: String,
    /// The time from which it no longer works, RFC 3339 UTC.
    expires: String,
}

/// A link to be made.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLink {
    /// The conversation to which it leads, one of the user's: your key for it, `id:` and its id, or a direct. The start
    /// page if it is left out.
    conversation: Option<String>,
}

/// A link that signs a user in.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedLink {
    /// The link. It works once.
    url: String,
    /// The time from which it no longer works, RFC 3339 UTC.
    expires: String,
}

/// The user of a token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user: User,
    /// The id of the application.
    application: String,
    /// The time from which the token no longer works, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// Mints a token for a user. A back end that has the signing key can mint it itself, with any JWT library.
#[utoipa::path(
    post, path = "/users/{user}/tokens", tag = "tokens", request_body = Option<NewUserToken>,
    params(("user" = String, Path, description = "Your key for the user, or `id:` and their id")),
    responses((status = 201, body = CreatedUserToken), (status = "default", body = Problem))
)]
pub(crate) async fn create(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    OptionalBody(new): OptionalBody<NewUserToken>,
) -> Result<Response, ApiError> {
    let scope = match new.scope {
        Some(Scope { topics, conversations, write }) => {
            let wrong = Refusal::FieldWrong { field: "scope".into(), wants: Expected::TokenScope };
            TokenScope::new(topics, conversations, write.unwrap_or(true)).ok_or(wrong)?
        }
        None => TokenScope::default(),
    };
    let minted = app.chat.create_user_token(&caller, &UserRef::parse(&user)?, new.expires_in, scope).await?;
    let MintedToken { token, expires } = minted;
    let answer = CreatedUserToken { token, expires: expires.to_string() };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Ends all tokens and sign-in links of a user that were issued before now, with their sockets and sessions.
#[utoipa::path(
    delete, path = "/users/{user}/tokens", tag = "tokens",
    params(("user" = String, Path, description = "Your key for the user, or `id:` and their id")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.revoke_user_tokens(&caller, &UserRef::parse(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link that signs a user in to the pages of the server, once and within a minute.
#[utoipa::path(
    post, path = "/users/{user}/links", tag = "tokens", request_body = Option<NewLink>,
    params(("user" = String, Path, description = "Your key for the user, or `id:` and their id")),
    responses((status = 201, body = CreatedLink), (status = "default", body = Problem))
)]
pub(crate) async fn link(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    headers: HeaderMap,
    OptionalBody(new): OptionalBody<NewLink>,
) -> Result<Response, ApiError> {
    let user = UserRef::parse(&user)?;
    let to = match new.conversation {
        Some(name) => format!("?to={}", page_of(&app, &caller, &user, &name).await?),
        None => String::new(),
    };
    let minted = app.chat.create_sign_in_link(&caller, &user).await?;
    let MintedLink { application, token, expires } = minted;
    let here = || headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = app.config.origin.clone().unwrap_or_else(|| format!("http://{}", here()));
    let url = format!("{origin}/enter/{application}/{}{to}", token.reveal());
    let answer = CreatedLink { url, expires: expires.to_string() };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Returns the path of the page that shows a conversation to a user, who must have it.
async fn page_of(app: &AppState, caller: &Caller, user: &UserRef, name: &str) -> Result<String, ApiError> {
    let caller = app.chat.act_as(caller.clone(), user).await?;
    let me = caller.signed_in().ok_or(Refusal::NotFound)?.id;
    Ok(match topic(app, &caller, name).await?.conversation().ok_or(Refusal::NotFound)? {
        Conversation::Group(id) => format!("/g/{id}"),
        Conversation::Direct(pair) => format!("/d/{}", pair.other(me)),
    })
}

/// Returns the user of the token, or the one whom the application acts as.
#[utoipa::path(
    get, path = "/me", tag = "tokens",
    responses((status = 200, body = Me), (status = "default", body = Problem))
)]
pub(crate) async fn me(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Me>, ApiError> {
    let user = app.chat.me(&caller).await?;
    let application = app.chat.public_id(caller.application).await?.ok_or(Refusal::NotFound)?;
    let expires = caller.expires.filter(|_| caller.grant.is_some()).map(|expires| expires.to_string());
    Ok(Json(Me { user: User::of(&user), application: application.to_string(), expires }))
}
