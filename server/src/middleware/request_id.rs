//! Request ids: a span for each request, whose id the response carries as `x-request-id`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::server::AppState;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers for the ids of requests and connections. The time of the start precedes them, so that the log of a later
/// process has others.
#[derive(Debug)]
pub(crate) struct LogIds {
    /// The seconds since 1970 at which the process started.
    start: u64,
    next: AtomicU64,
}

impl LogIds {
    pub(crate) const fn new(start: u64) -> Self {
        Self { start, next: AtomicU64::new(1) }
    }

    /// Returns a number that no other request or connection of this process has.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns the id for the log, such as `6b5d2f10-1a`: hexadecimal, the start and the number.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{:x}-{number:x}", self.start)
    }
}

/// Middleware: opens the span of a request. Its level is that of errors, so that every line about a fault has the id
/// whatever the log level is.
pub(crate) async fn trace(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let id = app.log_ids.id(app.log_ids.number());
    let span = tracing::error_span!(
        "request",
        request.id = %id,
        method = %request.method(),
        route = Empty,
        user.id = Empty,
    );
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_of_a_process_is_its_own_and_shows_when_it_started() {
        let ids = LogIds::new(0x6b5d_2f10);
        let made: Vec<String> = (0..3).map(|_| ids.id(ids.number())).collect();
        assert_eq!(made, ["6b5d2f10-1", "6b5d2f10-2", "6b5d2f10-3"]);
    }
}
