//! Cross-origin requests to the API (CORS): pages of origins that an application lists.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat::Caller;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::middleware::is_own_origin;
use crate::server::AppState;

/// Says that the token of a request was accepted, so that its application has decided about the origin.
#[derive(Clone, Copy)]
pub(crate) struct Authenticated;

/// Middleware: answers preflight requests. They carry no token, so any origin may ask; the request that follows is
/// refused unless the application of its token lists the origin. Credentials are never allowed.
///
/// A refusal of a request without an accepted token can be read by pages of all listed origins: otherwise a page whose
/// token has ended could not tell that from a server that is down.
pub(crate) async fn answer_preflight(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_preflight =
        request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let foreign = headers.get(ORIGIN).filter(|_| !is_own_origin(&app.config, headers)).cloned();
    let Some(origin) = foreign else { return next.run(request).await };
    if !is_preflight || origin == "null" {
        let mut response = next.run(request).await;
        if response.extensions().get::<Authenticated>().is_none() {
            let headers = response.headers_mut();
            headers.append(VARY, HeaderValue::from_static("origin"));
            if is_listed(&app, &origin).await {
                allow(headers, origin);
            }
        }
        return response;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    let allowed = "authorization, content-type, hubbub-as, idempotency-key, if-match, last-event-id, range";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.insert(VARY, HeaderValue::from_static("origin"));
    response
}

/// Returns true if the application of a caller lists an origin.
pub(crate) async fn is_allowed(app: &AppState, caller: &Caller, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    // A fault is logged, and an origin that cannot be checked is not allowed.
    app.chat.allows_origin(caller, origin).await.unwrap_or(false)
}

/// Returns true if some application lists an origin.
async fn is_listed(app: &AppState, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    app.chat.some_application_allows(origin).await.unwrap_or(false)
}

/// Lets the page of an origin read an answer.
pub(crate) fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = "content-disposition, content-range, etag, link, ratelimit, ratelimit-policy, retry-after, x-request-id";
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
}
