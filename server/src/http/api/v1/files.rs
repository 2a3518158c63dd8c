//! Routes of files.

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Caller, FileLink};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use wire::{FileId, Refusal};

use super::error::{ApiError, Problem};
use crate::http::files::{FileAnswer, Serving, UploadQuery, serve, take};
use crate::server::AppState;

/// A link to a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkToFile {
    /// The path on this server: pages of any origin may show the file by it.
    path: String,
    /// The time from which it no longer works, RFC 3339 UTC.
    expires: String,
}

/// Stores a file of the user of `Hubbub-As`, or of the application: the body is its content. A message takes it by its
/// id within a day.
#[utoipa::path(
    post, path = "/files", tag = "files",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file itself"),
    params(
        UploadQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "Your id for the upload: a repeat is the same file"),
    ),
    responses(
        (status = 200, description = "It was uploaded before", body = FileAnswer),
        (status = 201, description = "Uploaded", body = FileAnswer), (status = "default", body = Problem)
    )
)]
pub(crate) async fn upload(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let uploaded = take(&app, &caller, query, request).await?;
    let status = if uploaded.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(FileAnswer::of(uploaded))).into_response())
}

/// Returns the content of a file: of a message that the caller may read, or one of their own.
#[utoipa::path(
    get, path = "/files/{file}", tag = "files",
    params(
        ("file" = String, Path, description = "The id of the file"),
        ("Range" = Option<String>, Header, description = "One range of bytes, such as `bytes=0-1023`"),
    ),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is the one of `If-None-Match`"),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn content(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = app.chat.file_content(&caller, id(&file)?).await?;
    Ok(serve(&app.chat, &file, &headers, Serving::Program).await?)
}

/// Returns a small picture of a picture, at most 480 pixels wide and high; the picture itself as long as there is none.
#[utoipa::path(
    get, path = "/files/{file}/thumbnail", tag = "files",
    params(("file" = String, Path, description = "The id of the file")),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is the one of `If-None-Match`"),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn thumbnail(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = app.chat.file_thumbnail(&caller, id(&file)?).await?;
    Ok(serve(&app.chat, &file, &headers, Serving::Program).await?)
}

/// Removes a file that no message has taken. The files of a message go with the message.
#[utoipa::path(
    delete, path = "/files/{file}", tag = "files",
    params(("file" = String, Path, description = "The id of the file")),
    responses((status = 204, description = "Removed"), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.chat.discard_file(&caller, id(&file)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link to a file that works for five minutes, for `<img>` in pages of other origins. It shows the file as the
/// caller may read it when it is used.
#[utoipa::path(
    post, path = "/files/{file}/links", tag = "files",
    params(("file" = String, Path, description = "The id of the file")),
    responses((status = 201, body = LinkToFile), (status = "default", body = Problem))
)]
pub(crate) async fn link(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
) -> Result<Response, ApiError> {
    let FileLink { token, until } = app.chat.link_file(&caller, id(&file)?).await?;
    let link = LinkToFile { path: format!("/file-links/{token}"), expires: until.to_string() };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}

fn id(file: &str) -> Result<FileId, Refusal> {
    file.parse().map_err(|_| Refusal::NotFound)
}
