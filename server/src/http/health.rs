//! Health checks: liveness and readiness.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chat::Freshness;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::config::StoreChoice;
use crate::ops;
use crate::server::AppState;

/// `GET /health/live`: the process answers.
pub(crate) async fn live() -> &'static str {
    "ok"
}

/// `GET /health/ready`: 200 while the server is ready. 503 with the reason, as problem details (RFC 9457), once it is
/// stopping, and while nothing can be written; reads work meanwhile. Also while a database that several nodes share does
/// not answer. Readiness recovers by itself.
pub(crate) async fn ready(State(app): State<AppState>) -> Response {
    if app.stopping.is_cancelled() {
        return unready("stopping", "The server is stopping.");
    }
    if app.chat.freshness() != Freshness::Fresh {
        return unready("database_unreachable", UNREACHABLE);
    }
    let fault = app.chat.write_fault().map(|fault| fault.to_string());
    let is_full = app.config.store == StoreChoice::Sqlite && ops::is_full(&app.config.data);
    match fault {
        // The fault may name files, which are not public; the log has all of it.
        // 53100 is PostgreSQL's code for it.
        Some(fault) if is_full || fault.contains("full") || fault.contains("(53100)") => {
            unready("disk_full", FULL)
        }
        Some(_) => unready("read_only", "Nothing can be written to the database; the log says why."),
        None if is_full => unready("disk_full", FULL),
        None => "ok".into_response(),
    }
}

const UNREACHABLE: &str =
    "The database has not answered for two seconds or more; after ten, all sockets are closed.";
const FULL: &str = "The disk is full: nothing can be written until there is room.";

fn unready(code: &str, detail: &str) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let body = json!({
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
