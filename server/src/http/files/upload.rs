//! Uploads: the raw body of a request becomes a file.

use axum::extract::Request;
use axum::http::request::Parts;
use chat::store::StoredFile;
use chat::{Caller, DeclaredBytes, Error, NewUpload, Uploaded};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{Expected, Refusal, SendId};

use super::body::UploadBody;
use crate::http::connection_limits::Permit;
use crate::server::AppState;

/// The most bytes of a refused file that are read and dropped.
pub(super) const DISCARDED_BYTES: usize = 32 * 1_024 * 1_024;

/// The name of an upload.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// The name of the file. Folders, control characters and what a file system may reserve are taken out of it; at most
    /// 120 characters are kept.
    #[param(value_type = String)]
    name: Option<String>,
}

/// A file that was uploaded.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileAnswer {
    /// Its id, 16 characters. A message takes the file by it.
    id: String,
    /// The name under which a reader saves it.
    name: String,
    /// The media type that its content shows, such as `image/png`; the declared one does not count.
    media_type: String,
    /// Its size in bytes. A picture is encoded anew, so that it has another size than what was sent.
    bytes: u64,
    /// The width of a picture in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// The height of a picture in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// The time at which it was uploaded, RFC 3339 UTC. It is removed a day later unless a message has taken it.
    created: String,
    /// True if it was uploaded before, under the same `Idempotency-Key`.
    duplicate: bool,
}

impl FileAnswer {
    pub(crate) fn of(Uploaded { file, duplicate }: Uploaded) -> Self {
        let StoredFile { id, name, media_type, bytes, size, at, .. } = file;
        Self {
            id: id.to_string(),
            name,
            media_type,
            bytes,
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            created: at.to_string(),
            duplicate,
        }
    }
}

/// Stores the body of a request as a file of the caller.
pub(crate) async fn take(
    app: &AppState,
    caller: &Caller,
    query: UploadQuery,
    request: Request,
) -> Result<Uploaded, Error> {
    let (parts, body) = request.into_parts();
    let mut body = UploadBody::new(body);
    let taken = take_body(app, caller, query, &parts, &mut body).await;
    if let Err(Error::Refusal(refusal)) = &taken
        && !matches!(refusal, Refusal::RequestSlow | Refusal::RequestBad)
        // One that waits for our word has not begun.
        && !parts.headers.contains_key(EXPECT)
        && declared(&parts.headers).is_ok_and(|bytes| bytes <= DISCARDED_BYTES as u64)
    {
        body.discard(DISCARDED_BYTES).await;
    }
    taken
}

async fn take_body(
    app: &AppState,
    caller: &Caller,
    query: UploadQuery,
    parts: &Parts,
    body: &mut UploadBody,
) -> Result<Uploaded, Error> {
    let headers = &parts.headers;
    if is_form(headers) {
        return Err(Refusal::ContentTypeWrong { wants: "application/octet-stream".into() }.into());
    }
    let missing = Refusal::FieldMissing { field: "name".into(), wants: Expected::FileName };
    let name = query.name.ok_or(missing)?;
    let new = NewUpload { name, bytes: DeclaredBytes::Exactly(declared(headers)?), key: key(headers)? };
    if let Some(permit) = parts.extensions.get::<Permit>() {
        permit.works();
    }
    app.chat.upload(caller, new, body).await
}

/// Returns the length that a request declares.
pub(super) fn declared(headers: &HeaderMap) -> Result<u64, Refusal> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).ok_or(Refusal::LengthNeeded)
}

/// Returns the caller's own name for the upload.
fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = SendId::new(key.to_str().map_err(|_| Refusal::SendIdBad)?)?;
    Ok(Some(key.as_str().to_owned()))
}

/// Returns true for the body of a form, in which a file would only be a part. Any other type says nothing.
fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.trim_start().to_ascii_lowercase().starts_with("multipart/")
}
