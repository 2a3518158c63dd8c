//! Routes of the caller's own application.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::{Application, ApplicationConfig, ApplicationUsage, FileConfig, FileUsage};
use chat::{ApplicationChange, Caller};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::entity_tag::{etag, expected};
use super::error::{ApiError, Problem};
use super::retention::LogRetention;
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
    /// Its settings; users do not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<ApplicationSettings>,
    /// The time at which it was created, RFC 3339 UTC; users do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
}

/// The settings of an application.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct ApplicationSettings {
    /// The origins whose pages may use the API from a browser.
    allowed_origins: Vec<String>,
    /// True if a user token creates its user if there is none.
    token_sign_up: bool,
    /// True if the first message to a key that names no conversation creates one.
    implicit_creation: bool,
    /// True if users create conversations through the API, and not only the application.
    user_conversations: bool,
    /// True if users find each other, and write to each other, without a conversation that they share.
    directory: bool,
    /// The retention of its logs.
    retention: LogRetention,
    /// The limits of its files, where it has lower ones than the operator.
    files: LimitsOfFiles,
}

/// The limits of the files of an application; without one, that of the operator applies, as it does if it is lower.
#[derive(Default, Deserialize, Serialize, ToSchema)]
pub(crate) struct LimitsOfFiles {
    /// The most bytes of one file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_bytes: Option<u64>,
    /// The most bytes of all files of one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_bytes: Option<u64>,
    /// The most bytes of all files of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_bytes: Option<u64>,
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
    /// True if the first message to a key that names no conversation creates one.
    implicit_creation: Option<bool>,
    /// True if users create conversations through the API, and not only the application.
    user_conversations: Option<bool>,
    /// True if users find each other, and write to each other, without a conversation that they share.
    directory: Option<bool>,
    /// The retention of its logs: all of it, as it is to be.
    retention: Option<LogRetention>,
    /// The limits of its files: all of them, as they are to be.
    files: Option<LimitsOfFiles>,
}

/// The size of an application, and its limits.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The number of its users.
    users: u64,
    /// The number of its conversations, but directs.
    conversations: u64,
    /// The number of its logs: those of conversations, users and topics.
    topics: u64,
    /// The number of entries that are kept.
    entries: u64,
    /// The bytes of data in these entries.
    bytes: u64,
    /// The number of its files.
    files: u64,
    /// The bytes of its files, without thumbnails.
    file_bytes: u64,
    /// The most that it may have.
    limits: UsageLimits,
}

/// The most that an application may have.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageLimits {
    /// The users.
    users: u64,
    /// The conversations, but directs.
    conversations: u64,
    /// The members of a new conversation.
    members: u32,
    /// The conversations of one user.
    conversations_of_user: usize,
    /// The open topics.
    open_topics: u64,
    /// The bytes of data in all open topics.
    open_topics_bytes: u64,
    /// The limits of its files.
    files: LimitsOfFiles,
}

/// Returns the application of the token. Users see its id, title and description.
#[utoipa::path(
    get, path = "/application", tag = "application",
    responses((status = 200, body = OwnApplication), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    if caller.signed_in().is_some() {
        let Application { public_id, title, description, .. } = app.chat.application_for(&caller).await?;
        let (id, title) = (public_id.to_string(), title.to_string());
        let description = description.as_str().to_owned();
        let shown = OwnApplication { id, title, description, config: None, created: None };
        return Ok(Json(shown).into_response());
    }
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
        let config = config.unwrap_or_default();
        let ChangedSettings {
            allowed_origins,
            token_sign_up,
            implicit_creation,
            user_conversations,
            directory,
            retention,
            files,
        } = config;
        ApplicationChange {
            title,
            description,
            allowed_origins,
            token_sign_up,
            implicit_creation,
            user_conversations,
            directory,
            retention: retention.map(Into::into),
            files: files.map(LimitsOfFiles::config),
        }
    }
}

impl LimitsOfFiles {
    const fn of(FileConfig { file_bytes, user_bytes, application_bytes }: FileConfig) -> Self {
        Self { file_bytes, user_bytes, application_bytes }
    }

    const fn config(self) -> FileConfig {
        let Self { file_bytes, user_bytes, application_bytes } = self;
        FileConfig { file_bytes, user_bytes, application_bytes }
    }
}

impl ApplicationSettings {
    pub(crate) fn of(config: &ApplicationConfig) -> Self {
        let ApplicationConfig {
            allowed_origins,
            token_sign_up,
            implicit_creation,
            user_conversations,
            directory,
            retention,
            files,
        } = config;
        Self {
            allowed_origins: allowed_origins.clone(),
            token_sign_up: *token_sign_up,
            implicit_creation: *implicit_creation,
            user_conversations: *user_conversations,
            directory: *directory,
            retention: retention.into(),
            files: LimitsOfFiles::of(*files),
        }
    }
}

/// Returns the size of the application of the token, and its limits.
#[utoipa::path(
    get, path = "/application/usage", tag = "application",
    responses((status = 200, body = Usage), (status = "default", body = Problem))
)]
pub(crate) async fn usage(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Usage>, ApiError> {
    let (usage, limits) = app.chat.usage(&caller).await?;
    let (FileUsage { files, bytes: file_bytes }, of_files) = app.chat.file_usage(&caller).await?;
    let ApplicationUsage { users, groups: conversations, topics, entries, bytes } = usage;
    let limits = UsageLimits {
        users: limits.application_users,
        conversations: limits.application_conversations,
        members: limits.group_members,
        conversations_of_user: limits.user_groups,
        open_topics: limits.open_topics,
        open_topics_bytes: limits.open_topics_bytes,
        files: LimitsOfFiles::of(of_files),
    };
    Ok(Json(Usage { users, conversations, topics, entries, bytes, files, file_bytes, limits }))
}

fn answer(application: &Application) -> Response {
    let Application { public_id, title, description, config, since, version, .. } = application;
    let answer = OwnApplication {
        id: public_id.to_string(),
        title: title.to_string(),
        description: description.as_str().to_owned(),
        config: Some(ApplicationSettings::of(config)),
        created: Some(since.to_string()),
    };
    (etag(*version), Json(answer)).into_response()
}
