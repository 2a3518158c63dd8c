//! Errors as problem details (RFC 9457).

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use wire::{Refusal, Refused};

use crate::http::routes::BODY_BYTES;

/// An error as an HTTP response: problem details (RFC 9457) with our stable code.
pub(crate) struct Problem {
    status: u16,
    refused: Refused,
}

/// An error that has its own words, as another protocol wants them. An extension of its response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worded;

const PROBLEM: &str = "application/problem+json";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        document(status, &self.refused)
    }
}

/// Returns the problem document of a refusal. Its sentence is in English, for developers; a page has its own for the
/// code and the parameters.
pub(crate) fn document(status: StatusCode, refused: &Refused) -> Response {
    let message = app::english().refusal(refused);
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Refused"),
        "status": status.as_u16(),
        "detail": message,
        "code": refused.code,
        "message": message,
    });
    if !refused.params.is_empty() {
        body["params"] = json!(refused.params);
    }
    if let Some(millis) = refused.retry_ms {
        body["retry_ms"] = millis.into();
    }
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_headers(headers, refused);
    response
}

/// Adds the headers that a refusal has beside its document: when to try again, and of which size a file is whose range
/// was past its end (RFC 9110, section 14.4).
pub(crate) fn add_headers(headers: &mut HeaderMap, refused: &Refused) {
    if let Some(millis) = refused.retry_ms {
        headers.insert(RETRY_AFTER, HeaderValue::from(millis.div_ceil(1_000)));
    }
    if refused.code == (Refusal::RangeBad { bytes: 0 }).code()
        && let Some(bytes) = refused.params.number("bytes")
        && let Ok(range) = HeaderValue::try_from(format!("bytes */{bytes}"))
    {
        headers.insert(CONTENT_RANGE, range);
    }
}

/// Middleware: turns every error that is neither a problem document, a page nor [`Worded`] into one: those of extractors, of the
/// router and of inner layers. Headers such as `Allow` stay.
pub(crate) async fn explain(response: Response) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    if response.extensions().get::<Worded>().is_some() {
        return response;
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") || kind.starts_with(PROBLEM) {
        return response;
    }
    let refusal = match status {
        StatusCode::NOT_FOUND => Refusal::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Refusal::MethodWrong,
        StatusCode::REQUEST_TIMEOUT => Refusal::RequestSlow,
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::BodyTooLarge { max: BODY_BYTES },
        _ if status.is_server_error() => Refusal::Unavailable,
        _ => Refusal::RequestBad,
    };
    let problem = document(status, &Refused::from(&refusal));
    let (mut head, _) = response.into_parts();
    let (ours, body) = problem.into_parts();
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.extend(ours.headers);
    Response::from_parts(head, Body::new(body))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status(), refused: Refused::from(&refusal) }
    }
}

impl From<chat::Error> for Problem {
    fn from(no: chat::Error) -> Self {
        let refused = no.refused();
        Self { status: no.into_refusal().status(), refused }
    }
}
