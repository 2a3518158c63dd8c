use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use wire::Refusal;

use crate::boot::App;
use crate::pictures::UPLOAD_BYTES;
use crate::problem::Problem;
use crate::renders::{self, Renders};
use crate::{gateway, guard, health, pages, pictures, session, site, topics};

/// The largest body of a request.
pub(crate) const BODY_BYTES: usize = 256 * 1024;
/// The longest a request may take, and one that brings a file.
const REQUEST_TIME: Duration = Duration::from_secs(30);
const UPLOAD_TIME: Duration = Duration::from_secs(180);

/// Every route but the pages, which are the app's.
pub const ROUTES: [&str; 8] = [
    "/ws",
    "/publish",
    "/topics/{*rest}",
    "/do/{*call}",
    "/avatar/{user}",
    "/account/picture",
    "/health/live",
    "/health/ready",
];

/// What is where. The layers read from the bottom up: the last one sees a request first.
pub(crate) fn router(app: App) -> Router {
    let mut csrf = CsrfLayer::new();
    if let Some(origin) = &app.config.origin {
        // The origin was checked with the other settings.
        csrf = csrf.add_trusted_origin(origin).unwrap_or_default();
    }
    let [ws, publish, topics, call, avatar, picture, live, ready] = ROUTES;
    let requests = Router::new()
        .route(ws, get(gateway::upgrade))
        .route(publish, post(topics::publish))
        .route(topics, get(topics::history))
        .route(call, post(pages::call))
        .route(avatar, get(pictures::avatar))
        .route(live, get(health::live))
        .route(ready, get(health::ready))
        .fallback(
            get(pages::page).layer(from_fn_with_state(Renders::new(), renders::bound)).fallback(nothing),
        )
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(map_response(explain))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME));
    // Files are larger, and take longer.
    let uploads = Router::new()
        .route(picture, post(pictures::upload))
        .layer(RequestBodyLimitLayer::new(UPLOAD_BYTES))
        .layer(from_fn(pictures::explain))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, UPLOAD_TIME));
    requests
        .merge(uploads)
        .layer(from_fn_with_state(app.clone(), site::serve))
        .layer(DefaultBodyLimit::disable())
        .layer(csrf)
        .layer(map_response(guard::explain_csrf))
        .layer(from_fn_with_state(app.clone(), guard::check_host))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request panicked");
            Problem(Refusal::Unavailable).into_response()
        }))
        .layer(from_fn(guard::set_headers))
        .with_state(app)
}

async fn nothing(_: Request) -> Problem {
    Problem(Refusal::NotFound)
}

/// Says in our words that a body is too large, whoever below has found it so.
async fn explain(response: Response) -> Response {
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem(Refusal::BodyTooLarge { max: BODY_BYTES }).into_response();
    }
    response
}
