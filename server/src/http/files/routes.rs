//! The routes of files for the pages of this server, and for links.

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::Caller;
use http::{HeaderMap, StatusCode};
use wire::{FileId, Refusal};

use super::content::{Serving, serve};
use super::upload::{FileAnswer, UploadQuery, take};
use crate::http::problem::Problem;
use crate::server::AppState;

/// `POST /files?name=`: stores the body as a file of the signed-in user.
pub(crate) async fn upload(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let uploaded = take(&app, &caller, query, request).await?;
    let status = if uploaded.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(FileAnswer::of(uploaded))).into_response())
}

/// `GET /files/{file}`: a file that the signed-in user may read.
pub(crate) async fn content(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = app.chat.file_content(&caller, id(&caller, &file)?).await?;
    Ok(serve(&app.chat, &file, &headers, Serving::Page).await?)
}

/// `GET /files/{file}/thumbnail`: the small picture of a picture.
pub(crate) async fn thumbnail(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = app.chat.file_thumbnail(&caller, id(&caller, &file)?).await?;
    Ok(serve(&app.chat, &file, &headers, Serving::Page).await?)
}

/// `GET /file-links/{token}`: the file of a link, as its viewer may read it now.
pub(crate) async fn link(
    State(app): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (viewer, file) = app.chat.open_file_link(&token).await?;
    let file = app.chat.file_content(&viewer, file).await?;
    Ok(serve(&app.chat, &file, &headers, Serving::Link).await?)
}

/// Reads the id of a file in a path. To callers who are not signed in, it does not matter whether it is one.
fn id(caller: &Caller, file: &str) -> Result<FileId, Refusal> {
    caller.scoped_actor()?;
    file.parse().map_err(|_| Refusal::NotFound)
}
