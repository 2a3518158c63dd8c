//! Routes of the operator: applications and their tokens.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::Application;
use chat::{ApplicationChange, Caller, Created};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{ApplicationId, PublicId, Refusal, Timestamp};

use super::application::{ApplicationSettings, ChangedApplication, ChangedSettings};
use super::application_tokens::NewSigningKey;
use super::body::Body;
use super::entity_tag::{etag, expected};
use super::error::{ApiError, Problem};
use super::paging::Paging;
use crate::server::AppState;

/// An application, as the operator sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationItem {
    /// Its id, 16 characters.
    id: String,
    /// Its title.
    title: String,
    /// Its description; empty if there is none.
    description: String,
    /// Its settings.
    config: ApplicationSettings,
    /// The time at which it was created, RFC 3339 UTC.
    created: String,
    /// True if it is deleted and its data is being removed.
    deleted: bool,
}

/// Some applications.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationList {
    /// The applications, those created first first.
    items: Vec<ApplicationItem>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A new application.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewApplication {
    /// Its title, 1 to 80 characters.
    title: String,
    /// Its description, at most 500 characters.
    #[serde(default)]
    description: String,
    /// Its settings; those that are left out have their defaults.
    config: Option<ChangedSettings>,
}

/// An application that was created, with its first token and its signing key.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedApplication {
    /// The application.
    application: ApplicationItem,
    /// Its token, which is shown only now.
    token: String,
    /// The key with which its back end signs user tokens, which is shown only now.
    signing_key: NewSigningKey,
}

/// A new token.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct NewToken {
    /// A name for it, at most 80 characters.
    #[serde(default)]
    label: String,
    /// The number of days after which it no longer works; without it, never.
    days: Option<u32>,
    /// True to revoke all other tokens of the application; their connections end.
    #[serde(default)]
    rotate: bool,
}

/// A token that was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    /// The token, which is shown only now.
    token: String,
}

/// The confirmation of a deletion.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirmation {
    /// The title of the application.
    confirm: Option<String>,
}

const DAY_MS: i64 = 86_400_000;

/// Creates an application, for the operator's token.
#[utoipa::path(
    post, path = "/applications", tag = "operator", request_body = NewApplication,
    responses((status = 201, body = CreatedApplication), (status = "default", body = Problem))
)]
pub(crate) async fn create(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewApplication>,
) -> Result<Response, ApiError> {
    let NewApplication { title, description, config } = new;
    let change = ChangedApplication { title: None, description: None, config }.change();
    change.check()?;
    let created = app.chat.create_application(&caller, &title, &description).await?;
    let Created { mut application, token, signing_key } = created;
    if change != ApplicationChange::default() {
        application = app.chat.change_managed(&caller, application.public_id, change, None).await?;
    }
    let tag = etag(application.version);
    let answer = CreatedApplication {
        application: item(&application),
        token: token.reveal().to_owned(),
        signing_key: NewSigningKey::of(&signing_key),
    };
    Ok((StatusCode::CREATED, tag, Json(answer)).into_response())
}

/// Lists the applications, for the operator's token.
#[utoipa::path(
    get, path = "/applications", tag = "operator", params(Paging),
    responses((status = 200, body = ApplicationList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let after = match paging.after()? {
        Some(id) => Some(ApplicationId(id.parse().map_err(|_| Refusal::CursorBad)?)),
        None => None,
    };
    let mut part = app.chat.applications(&caller, after).await?;
    let limit = paging.limit()?;
    let more = part.more || part.items.len() > limit;
    part.items.truncate(limit);
    let last = part.items.last().filter(|_| more);
    let last = last.map(|application| application.id.to_string());
    let (next, link) = paging.next("/applications", last.as_deref());
    let items = part.items.iter().map(item).collect();
    Ok((link, Json(ApplicationList { items, next })).into_response())
}

/// Returns an application, for the operator's token.
#[utoipa::path(
    get, path = "/applications/{application}", tag = "operator",
    params(("application" = String, Path, description = "The id of the application")),
    responses((status = 200, body = ApplicationItem), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
) -> Result<Response, ApiError> {
    let application = app.chat.application(&caller, id(&application)?).await?;
    Ok((etag(application.version), Json(item(&application))).into_response())
}

/// Changes an application, for the operator's token.
#[utoipa::path(
    patch, path = "/applications/{application}", tag = "operator", request_body = ChangedApplication,
    params(
        ("application" = String, Path, description = "The id of the application"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it must have"),
    ),
    responses((status = 200, body = ApplicationItem), (status = "default", body = Problem))
)]
pub(crate) async fn change(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ChangedApplication>,
) -> Result<Response, ApiError> {
    let (id, version) = (id(&application)?, expected(&headers)?);
    let application = app.chat.change_managed(&caller, id, change.change(), version).await?;
    Ok((etag(application.version), Json(item(&application))).into_response())
}

/// Deletes an application and everything in it, for the operator's token. Its tokens stop working and its connections
/// end at once; its data is removed in the background.
#[utoipa::path(
    delete, path = "/applications/{application}", tag = "operator",
    params(("application" = String, Path, description = "The id of the application"), Confirmation),
    responses((status = 202), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    Query(confirmation): Query<Confirmation>,
) -> Result<StatusCode, ApiError> {
    let typed = confirmation.confirm.unwrap_or_default();
    app.chat.delete_application(&caller, id(&application)?, &typed).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Creates a token of an application, for the operator's token.
#[utoipa::path(
    post, path = "/applications/{application}/tokens", tag = "operator", request_body = NewToken,
    params(("application" = String, Path, description = "The id of the application")),
    responses((status = 201, body = CreatedToken), (status = "default", body = Problem))
)]
pub(crate) async fn create_token(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(application): Path<String>,
    Body(new): Body<NewToken>,
) -> Result<Response, ApiError> {
    let NewToken { label, days, rotate } = new;
    let expires = days.map(|days| Timestamp(app.chat.now().0.saturating_add(i64::from(days) * DAY_MS)));
    let token = app.chat.create_api_token(&caller, id(&application)?, &label, expires, rotate).await?;
    let answer = CreatedToken { token: token.reveal().to_owned() };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Parses the id of an application. No application has an id that cannot be read.
fn id(text: &str) -> Result<PublicId, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

fn item(application: &Application) -> ApplicationItem {
    let Application { public_id, title, description, config, since, deleted, .. } = application;
    ApplicationItem {
        id: public_id.to_string(),
        title: title.to_string(),
        description: description.as_str().to_owned(),
        config: ApplicationSettings::of(config),
        created: since.to_string(),
        deleted: deleted.is_some(),
    }
}
