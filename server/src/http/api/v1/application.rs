//! Routes of the caller's own application.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::{Application, ApplicationConfig};
use chat::{ApplicationChange, Caller};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::entity_tag::{etag, expected};
use super::error::{ApiError, Problem};
use crate::server::AppState;

/// The application of the token.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnApplication {
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
}

/// The settings of an application.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationSettings {
    /// The origins whose pages may use the API from a browser.
    allowed_origins: Vec<String>,
    /// True if a user token creates its user if there is none.
    token_sign_up: bool,
}

/// Changes of an application. What is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangedApplication {
    /// Its title, 1 to 80 characters.
    pub(crate) title: Option<String>,
    /// Its description, at most 500 characters.
    pub(crate) description: Option<String>,
    /// Its settings.
    pub(crate) config: Option<ChangedSettings>,
}

/// Changes of the settings of an application. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ChangedSettings {
    /// The origins whose pages may use the API from a browser, at most 20, such as `https://shop.example`.
    allowed_origins: Option<Vec<String>>,
    /// True if a user token creates its user if there is none.
    token_sign_up: Option<bool>,
}

/// Returns the application of the token.
#[utoipa::path(
    get, path = "/application", tag = "application",
    responses((status = 200, body = OwnApplication), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    Ok(answer(&app.chat.application_of(&caller).await?))
}

/// Changes the application of the token.
#[utoipa::path(
    patch, path = "/application", tag = "application", request_body = ChangedApplication,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that it must have")),
    responses((status = 200, body = OwnApplication), (status = "default", body = Problem))
)]
pub(crate) async fn change(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(change): Body<ChangedApplication>,
) -> Result<Response, ApiError> {
    Ok(answer(&app.chat.change_application(&caller, change.change(), expected(&headers)?).await?))
}

impl ChangedApplication {
    /// Returns the change of the domain.
    pub(crate) fn change(self) -> ApplicationChange {
        let Self { title, description, config } = self;
        let ChangedSettings { allowed_origins, token_sign_up } = config.unwrap_or_default();
        ApplicationChange { title, description, allowed_origins, token_sign_up }
    }
}

impl ApplicationSettings {
    pub(crate) fn of(config: &ApplicationConfig) -> Self {
        Self { allowed_origins: config.allowed_origins.clone(), token_sign_up: config.token_sign_up }
    }
}

fn answer(application: &Application) -> Response {
    let Application { public_id, title, description, config, since, version, .. } = application;
    let answer = OwnApplication {
        id: public_id.to_string(),
        title: title.to_string(),
        description: description.as_str().to_owned(),
        config: ApplicationSettings::of(config),
        created: since.to_string(),
    };
    (etag(*version), Json(answer)).into_response()
}
