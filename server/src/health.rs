use axum::extract::State;
use http::StatusCode;

use crate::boot::App;

/// `GET /health/live`: the process answers.
pub(crate) async fn live() -> &'static str {
    "ok"
}

/// `GET /health/ready`: 200 while it serves, 503 from the moment it is told to stop.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.stopping.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else {
        (StatusCode::OK, "ok")
    }
}
