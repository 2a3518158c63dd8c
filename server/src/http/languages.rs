//! The language of a response (`Accept-Language`), and the files with the texts of pages.

use app::Texts;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use wire::Refusal;

use crate::http::negotiation::by_weight;
use crate::http::problem::Problem;

/// Returns the texts for a request, in the first language that the browser asks for and the server has.
pub(crate) fn texts_for(headers: &HeaderMap) -> Texts {
    app::accepted(by_weight(headers, &ACCEPT_LANGUAGE)).0
}

/// Marks a response with its language, and that another request may get another.
pub(crate) fn mark_language(request: &HeaderMap, response: &mut Response) {
    let (_, tag) = app::accepted(by_weight(request, &ACCEPT_LANGUAGE));
    let headers = response.headers_mut();
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(tag));
    headers.append(VARY, HeaderValue::from_static("accept-language"));
}

/// `GET /texts/{file}`: the texts of hydrated pages in one language. The name contains a hash of the content.
pub(crate) async fn file(uri: Uri) -> Response {
    let Some(file) = app::texts_file(uri.path()) else {
        return Problem::from(Refusal::NotFound).into_response();
    };
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file).into_response()
}
