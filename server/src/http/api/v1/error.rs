//! Errors of the API as problem documents, with parameters and the id of the request.

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use wire::{Params, Refusal, Refused};

use super::ROOT;
use crate::http::problem::add_headers;
use crate::http::routes::BODY_BYTES;
use crate::middleware::LogId;

const NOT_FOUND: &str = "It does not exist here, or the caller has no access to it.";

/// An error of the API, before it is written as a problem document.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    refused: Refused,
    /// The sentence, if it is not that of the code.
    detail: Option<String>,
}

/// The reason that a request was not carried out (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A URL that names the code.
    r#type: String,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code, such as `group_full`. New codes may come.
    code: String,
    /// The numbers and names in the sentence, such as `limit`.
    #[schema(value_type = Object)]
    params: Params,
    /// The delay before a retry, in milliseconds, if a retry helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u32>,
    /// One sentence in English that says what would be right.
    detail: String,
    /// The id under which the server's log has the request.
    request_id: String,
}

impl ApiError {
    /// Returns the error of a body that is not what the route reads; the sentence says where.
    pub(crate) fn body(sentence: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            refused: Refused::by_code("body_bad"),
            detail: Some(sentence),
        }
    }

    /// Returns the problem document, for the request with this id.
    pub(crate) fn document(&self, request_id: String) -> Response {
        let mut document = (self.status, Json(self.problem(request_id))).into_response();
        let headers = document.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        add_headers(headers, &self.refused);
        document
    }

    /// Returns the sentence, as for programs: that of pages says what a person does next.
    fn sentence(&self) -> String {
        match &self.detail {
            Some(detail) => detail.clone(),
            None if self.refused.code == "not_found" => NOT_FOUND.to_owned(),
            None => app::english().refusal(&self.refused),
        }
    }

    fn problem(&self, request_id: String) -> Problem {
        Problem {
            r#type: format!("{ROOT}/docs#{}", self.refused.code),
            title: self.status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: self.status.as_u16(),
            code: self.refused.code.clone(),
            params: self.refused.params.clone(),
            retry_ms: self.refused.retry_ms,
            detail: self.sentence(),
            request_id,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        chat::Error::from(refusal).into()
    }
}

impl From<chat::Error> for ApiError {
    fn from(no: chat::Error) -> Self {
        let refused = no.refused();
        let status =
            StatusCode::from_u16(no.into_refusal().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, refused, detail: None }
    }
}

/// Middleware: writes every error as a problem document, those of extractors, of the router and of layers too.
pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<LogId>().map(ToString::to_string).unwrap_or_default();
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.extensions_mut().remove::<ApiError>();
    let error = error.unwrap_or_else(|| {
        ApiError::from(match status {
            StatusCode::NOT_FOUND => Refusal::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Refusal::MethodWrong,
            StatusCode::REQUEST_TIMEOUT => Refusal::RequestSlow,
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::BodyTooLarge { max: BODY_BYTES },
            _ if status.is_server_error() => Refusal::Unavailable,
            _ => Refusal::RequestBad,
        })
    });
    let mut document = error.document(id);
    keep(response.headers(), document.headers_mut());
    document
}

/// Keeps the headers that say something about the request, such as `Allow` and those of the rate limit.
fn keep(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if !name.as_str().starts_with("content-") && name != http::header::TRANSFER_ENCODING {
            to.append(name, value.clone());
        }
    }
}
