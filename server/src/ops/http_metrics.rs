//! Counts and durations of HTTP requests, for `/metrics`.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::http::assets::IsFile;
use crate::http::routes::ROUTES;
use crate::server::AppState;

/// The answered requests since the start. Every label has few values, whatever is requested.
pub(crate) struct HttpMetrics {
    requests: Family<[Label; 3], Counter>,
    seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
}

type Label = (&'static str, &'static str);

/// The upper bounds of the histogram, in seconds. The last is the longest that a request may take, except for uploads.
const BOUNDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

impl Default for HttpMetrics {
    fn default() -> Self {
        Self { requests: Family::default(), seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)) }
    }
}

/// Middleware: counts a request when its response begins.
pub(crate) async fn measure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| class(path.as_str()));
    let method = method(request.method());
    let begun = Instant::now();
    let response = next.run(request).await;
    let is_file = response.extensions().get::<IsFile>().is_some();
    let route = if is_file { "file" } else { route.unwrap_or("page") };
    app.http.count(route, method, response.status(), begun.elapsed());
    response
}

impl HttpMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "HTTP requests that were answered", self.requests.clone());
        let help = "Seconds from a request to the start of its response";
        registry.register("http_request_seconds", help, self.seconds.clone());
    }

    fn count(&self, route: &'static str, method: &'static str, status: StatusCode, took: Duration) {
        let labels = [("route", route), ("method", method), ("status", status_class(status.as_u16()))];
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&[("route", route)]).observe(took.as_secs_f64());
    }
}

/// Returns the first part of a route's path; none for pages, which are not among the routes.
fn class(template: &str) -> Option<&'static str> {
    ROUTES.into_iter().find(|route| *route == template)?.split('/').nth(1)
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// Returns the class of a status code, such as `2xx`.
pub(super) const fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
