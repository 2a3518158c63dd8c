//! Routes of the tokens of the caller's own application: API tokens, the signing key, and the end of user tokens.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{ApiTokenRecord, Caller, SigningKey};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::Timestamp;

use super::body::{Body, OptionalBody};
use super::error::{ApiError, Problem};
use crate::server::AppState;

/// An API token of the application, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnToken {
    /// Its id, 32 hexadecimal digits.
    id: String,
    /// Its name; empty if it has none.
    label: String,
    /// The time at which it was created, RFC 3339 UTC.
    created: String,
    /// The first use on the day on which it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<String>,
    /// The time from which it no longer works.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// The API tokens of the application.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnTokenList {
    /// Those that work, the one created last first.
    items: Vec<OwnToken>,
}

/// A new API token of the application.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOwnToken {
    /// A name for it, at most 80 characters.
    #[serde(default)]
    label: String,
    /// The number of days after which it no longer works; without it, never.
    days: Option<u32>,
}

/// An API token that was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedOwnToken {
    /// Its id, by which it is revoked.
    id: String,
    /// The token, which is shown only now.
    token: String,
}

/// The rotation of the signing key.
#[derive(Deserialize, ToSchema)]
pub(crate) struct KeyRotation {
    /// The number of seconds, up to 86400, for which user tokens of the present key still work; with 0 they and their
    /// sockets end at once.
    #[serde(default)]
    keep_previous_s: u32,
}

/// A signing key.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewSigningKey {
    /// The key, which is shown only now: its characters are the secret of HS256.
    key: String,
    /// Its version: the `kid` in the header of the tokens that it signs.
    kid: String,
}

const DAY_MS: i64 = 86_400_000;

/// Lists the API tokens of the application that work.
#[utoipa::path(
    get, path = "/application/tokens", tag = "application",
    responses((status = 200, body = OwnTokenList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<OwnTokenList>, ApiError> {
    let tokens = app.chat.own_api_tokens(&caller).await?;
    Ok(Json(OwnTokenList { items: tokens.iter().map(own_token).collect() }))
}

/// Creates an API token of the application.
#[utoipa::path(
    post, path = "/application/tokens", tag = "application", request_body = Option<NewOwnToken>,
    responses((status = 201, body = CreatedOwnToken), (status = "default", body = Problem))
)]
pub(crate) async fn create(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    OptionalBody(new): OptionalBody<NewOwnToken>,
) -> Result<Response, ApiError> {
    let NewOwnToken { label, days } = new;
    let expires = days.map(|days| Timestamp(app.chat.now().0.saturating_add(i64::from(days) * DAY_MS)));
    let token = app.chat.create_own_api_token(&caller, &label, expires).await?;
    let answer = CreatedOwnToken { id: token.hash().handle(), token: token.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Revokes an API token of the application; its sockets end at once.
#[utoipa::path(
    delete, path = "/application/tokens/{id}", tag = "application",
    params(("id" = String, Path, description = "The id of the token")),
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.revoke_own_api_token(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the application its next signing key.
#[utoipa::path(
    post, path = "/application/signing-key", tag = "application", request_body = KeyRotation,
    responses((status = 201, body = NewSigningKey), (status = "default", body = Problem))
)]
pub(crate) async fn rotate_key(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Body(rotation): Body<KeyRotation>,
) -> Result<Response, ApiError> {
    let key = app.chat.rotate_signing_key(&caller, rotation.keep_previous_s).await?;
    Ok((StatusCode::CREATED, Json(NewSigningKey::of(&key))).into_response())
}

/// Ends all user tokens and sign-in links that were issued before now, with their sockets and sessions.
#[utoipa::path(
    post, path = "/application/revocations", tag = "application",
    responses((status = 204), (status = "default", body = Problem))
)]
pub(crate) async fn revoke_all(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, ApiError> {
    app.chat.revoke_all_user_tokens(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl NewSigningKey {
    pub(crate) fn of(key: &SigningKey) -> Self {
        Self { key: key.reveal().to_owned(), kid: key.version().to_string() }
    }
}

fn own_token(record: &ApiTokenRecord) -> OwnToken {
    let ApiTokenRecord { token, label, created, used, expires, .. } = record;
    let time = |time: &Option<Timestamp>| time.map(|time| time.to_string());
    OwnToken {
        id: token.handle(),
        label: label.clone(),
        created: created.to_string(),
        used: time(used),
        expires: time(expires),
    }
}
