//! Request ids: a span for each request, whose id the response carries as `x-request-id`.

use std::fmt;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use chat::{OsRandom, RandomSource};
use data_encoding::HEXLOWER;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;
use tracing::field::Empty;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request or connection in the log: random, so that it tells outsiders nothing about others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogId([u8; 8]);

impl LogId {
    pub(crate) fn draw(random: &dyn RandomSource) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Middleware: opens the span of a request. Its level is that of errors, so that every line which is logged while the
/// request is handled has the id, whatever the log level is.
pub(crate) async fn trace(mut request: Request, next: Next) -> Response {
    let id = LogId::draw(&OsRandom);
    let span = tracing::error_span!(
        "request",
        request.id = %id,
        method = %request.method(),
        route = Empty,
        user.id = Empty,
    );
    request.extensions_mut().insert(id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

/// Middleware: records the route of a request in its span. The template, never the path: paths of invites and resets
/// are secrets.
pub(crate) async fn record_route(request: Request, next: Next) -> Response {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        tracing::Span::current().record("route", route.as_str());
    }
    next.run(request).await
}
