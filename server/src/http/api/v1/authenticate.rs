//! Authentication of API requests: the token, the user it acts as, its rate limit and its origin.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat::{Caller, Error, Quota, UserRef, is_user_token};
use http::header::{ORIGIN, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use percent_encoding::percent_decode_str;
use wire::Refusal;

use super::cors;
use super::error::ApiError;
use crate::http::event_stream;
use crate::http::listener::Peer;
use crate::http::session::bearer;
use crate::middleware::{address, is_own_origin};
use crate::server::AppState;

/// The header by which an application acts as one of its users.
const AS: HeaderName = HeaderName::from_static("hubbub-as");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Middleware: authenticates the caller of a request by its token; a cookie is never read.
pub(crate) async fn authenticate(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let of_stream = is_stream(&request).then(|| token_of(request.uri())).flatten();
    let caller = match program(&app, request.headers(), of_stream.as_deref(), peer).await {
        Ok(caller) => caller,
        Err(no) => {
            let mut response = no.into_response();
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
    };
    let origin = request.headers().get(ORIGIN).cloned();
    let is_foreign = !is_own_origin(&app.config, request.headers());
    let mut response = match admit(&app, caller.clone(), request.headers(), is_foreign).await {
        Ok(acting) => {
            if let Some(user) = acting.signed_in() {
                tracing::Span::current().record("user.id", tracing::field::display(user.id));
            }
            request.extensions_mut().insert(acting);
            next.run(request).await
        }
        Err(no) => no.into_response(),
    };
    response.extensions_mut().insert(cors::Authenticated);
    let headers = response.headers_mut();
    tell_limits(&app, &caller, headers);
    if let Some(origin) = origin.filter(|_| is_foreign) {
        headers.append(VARY, HeaderValue::from_static("origin"));
        if cors::is_allowed(&app, &caller, &origin).await {
            cors::allow(headers, origin);
        }
    }
    response
}

/// Returns the caller that the token of a request authenticates: a program, or a user. A missing token is a refusal of its own; all others
/// that do not work look the same.
async fn program(
    app: &AppState,
    headers: &HeaderMap,
    of_stream: Option<&str>,
    peer: Option<Peer>,
) -> Result<Caller, ApiError> {
    let token = bearer(headers).or(of_stream).ok_or(Refusal::ApiTokenNeeded)?;
    let caller = app.chat.authenticate_token(token).await?.ok_or(Refusal::TokenBad)?;
    let from = peer.map(|peer| address(&app.config, headers, peer));
    Ok(Caller { from, ..caller })
}

/// Returns true for a request that opens a stream.
fn is_stream(request: &Request) -> bool {
    let path = request.uri().path();
    let streams = path.ends_with("/messages") || path.ends_with("/entries") || path == "/inbox";
    streams && request.method() == Method::GET && event_stream::is_wanted(request.headers())
}

/// Returns the user token in a query: `EventSource` of a browser sends no header of its own. An API token must not be in
/// a URL: proxies log URLs.
fn token_of(uri: &Uri) -> Option<String> {
    let pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    let token = pairs.into_iter().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    token.filter(|token| is_user_token(token))
}

/// Applies the rate limit and the check of the origin; returns the caller as which the request runs.
async fn admit(
    app: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    is_foreign: bool,
) -> Result<Caller, ApiError> {
    app.chat.take_request(&caller)?;
    if is_foreign {
        let origin = headers.get(ORIGIN).cloned().unwrap_or(HeaderValue::from_static("null"));
        if !cors::is_allowed(app, &caller, &origin).await {
            return Err(Refusal::OriginForeign.into());
        }
    }
    Ok(acting(app, caller, headers).await?)
}

/// Returns the caller as which a request runs: an application acts as the user that `Hubbub-As` names.
pub(crate) async fn acting(app: &AppState, caller: Caller, headers: &HeaderMap) -> Result<Caller, Error> {
    let Some(user) = headers.get(AS) else { return Ok(caller) };
    // A header is ASCII, so other characters are percent-encoded as in a path.
    let user = percent_decode_str(user.to_str().map_err(|_| Refusal::KeyBad)?);
    let user = UserRef::parse(&user.decode_utf8().map_err(|_| Refusal::KeyBad)?)?;
    app.chat.act_as(caller, &user).await
}

/// Adds the state of the rate limits of a caller's token (draft-ietf-httpapi-ratelimit-headers, version 11).
pub(crate) fn tell_limits(app: &AppState, caller: &Caller, headers: &mut HeaderMap) {
    let Some([requests, sends]) = app.chat.quotas(caller) else { return };
    let policy = |name: &str, quota: &Quota| format!("\"{name}\";q={};w={}", quota.quota, quota.window_s);
    let state = |name: &str, quota: &Quota| format!("\"{name}\";r={};t={}", quota.left, quota.full_in_s);
    let both = |of: &dyn Fn(&str, &Quota) -> String| {
        HeaderValue::try_from(format!("{}, {}", of("requests", &requests), of("send", &sends)))
    };
    if let (Ok(policies), Ok(states)) = (both(&policy), both(&state)) {
        headers.insert(POLICY, policies);
        headers.insert(LIMIT, states);
    }
}
