//! The router: routes and layers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::{Body as _, Frame};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use wire::Refusal;

use crate::http::api;
use crate::http::assets;
use crate::http::avatars;
use crate::http::avatars::UPLOAD_BYTES;
use crate::http::bodies;
use crate::http::compression;
use crate::http::conversations;
use crate::http::event_stream;
use crate::http::files;
use crate::http::forms;
use crate::http::health;
use crate::http::hooks;
use crate::http::languages;
use crate::http::pages;
use crate::http::problem::{self, Problem};
use crate::http::render_limit::{self, RenderLimit};
use crate::http::session;
use crate::http::sign_in;
use crate::http::topics;
use crate::middleware;
use crate::ops;
use crate::server::AppState;
use crate::websocket;

/// The largest body of a request.
pub(crate) const BODY_BYTES: usize = 256 * 1024;
/// The longest a request may take, and an upload.
pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(30);
const UPLOAD_TIME: Duration = Duration::from_secs(180);
/// The longest that the upload of a file for a message may take.
pub(crate) const FILE_TIME: Duration = Duration::from_secs(15 * 60);

/// The routes whose bodies are files.
const UPLOAD: &str = "/account/picture";
const FILES: &str = "/files";
const API_FILES: &str = "/api/v1/files";
/// The form that sends a message, whose body may have files.
const POST: &str = "/do/post";

/// All routes except the pages, which are the app's, and the REST API, which describes itself.
pub const ROUTES: [&str; 17] = [
    "/ws",
    "/publish",
    "/topics/{*rest}",
    "/do/{*call}",
    POST,
    "/avatar/{user}",
    "/texts/{file}",
    UPLOAD,
    FILES,
    "/files/{file}",
    "/files/{file}/thumbnail",
    "/file-links/{token}",
    "/hooks/{token}",
    "/sign-in/{provider}",
    "/sign-in/{provider}/callback",
    "/health/live",
    "/health/ready",
];

/// Returns true if the body of a request to this path is a file, or has files, and its handler reads it.
pub(crate) fn is_upload(path: &str, headers: &HeaderMap) -> bool {
    matches!(path, UPLOAD | FILES | API_FILES) || path == POST && forms::has_files(headers)
}

/// Builds the router. Layers read from the bottom up: the last one sees a request first.
pub(crate) fn router(app: AppState) -> Router {
    let mut csrf = CsrfLayer::new();
    if let Some(origin) = &app.config.origin {
        // The origin was validated with the other settings.
        csrf = csrf.add_trusted_origin(origin).unwrap_or_default();
    }
    let [
        ws,
        publish,
        topics,
        call,
        message,
        avatar,
        texts,
        picture,
        all_files,
        file,
        small,
        file_link,
        hook,
        sign_in_begin,
        sign_in_end,
        live,
        ready,
    ] = ROUTES;
    let requests = Router::new()
        .route(ws, get(websocket::upgrade))
        .route(publish, post(topics::publish))
        .route(topics, get(topics::history))
        .route(call, any(forms::call))
        .route(avatar, get(avatars::avatar))
        .route(sign_in_begin, get(sign_in::begin))
        .route(sign_in_end, get(sign_in::end))
        .fallback(
            get(pages::page)
                .layer(from_fn_with_state(RenderLimit::new(app.site.assets.clone()), render_limit::bound))
                .fallback(nothing)
                .layer(from_fn_with_state(app.clone(), conversations::negotiate)),
        )
        .layer(from_fn(bodies::check))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(compression::layer())
        .layer(from_fn(compression::guard))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME));
    // Uploads are larger, and take longer.
    let uploads = Router::new()
        .route(picture, post(avatars::upload))
        .layer(RequestBodyLimitLayer::new(UPLOAD_BYTES))
        .layer(from_fn_with_state(app.clone(), avatars::explain))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, UPLOAD_TIME));
    // The form of a message may have files.
    let messages = Router::new()
        .route(message, any(forms::post))
        .layer(from_fn(bodies::check))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(compression::layer())
        .layer(from_fn(compression::guard))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, FILE_TIME));
    // Files are not compressed, so that their ranges and tags are those of the stored bytes.
    let contents = Router::new()
        .route(all_files, post(files::upload_page))
        .route(file, get(files::content))
        .route(small, get(files::thumbnail))
        .layer(from_fn_with_state(app.clone(), session::recognise))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, FILE_TIME));
    // A link names its viewer, so no cookie is read.
    let links = Router::new().route(file_link, get(files::link));
    // Its URL authenticates a program, so no cookie counts, and requests of other sites can do no harm.
    let hooks = Router::new()
        .route(hook, post(hooks::post))
        .layer(from_fn(bodies::check))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME))
        .layer(DefaultBodyLimit::disable());
    // Those of all visitors: no cookie is read or set, so that caches may keep them.
    let public = Router::new()
        .route(texts, get(languages::file))
        .layer(compression::layer())
        .layer(from_fn(compression::guard));
    // Health checks need not know the server's name.
    let health = Router::new().route(live, get(health::live)).route(ready, get(health::ready));
    requests
        .merge(messages)
        .merge(uploads)
        .merge(contents)
        .merge(links)
        .merge(public)
        .layer(from_fn(middleware::record_route))
        .layer(from_fn_with_state(app.clone(), assets::serve))
        .layer(DefaultBodyLimit::disable())
        .layer(csrf)
        .layer(map_response(middleware::explain_csrf))
        .merge(hooks.layer(from_fn(middleware::record_route)))
        // No cookie counts in the API, so requests of other sites can do no harm there.
        .merge(api::v1::router(&app).layer(from_fn(middleware::record_route)))
        .layer(from_fn_with_state(app.clone(), middleware::check_host))
        .merge(health)
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request panicked");
            Problem::from(Refusal::Unavailable).into_response()
        }))
        .layer(map_response(problem::explain))
        .layer(from_fn(head))
        .layer(from_fn_with_state(app.clone(), middleware::set_headers))
        .layer(from_fn_with_state(app.clone(), ops::observe))
        .layer(from_fn_with_state(app.clone(), ops::measure))
        .layer(from_fn(middleware::trace))
        .with_state(app)
}

async fn nothing(_: Request) -> Problem {
    Problem::from(Refusal::NotFound)
}

/// A body of unknown length. It is never sent.
struct Unknown;

impl http_body::Body for Unknown {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(None)
    }
}

/// Middleware: answers HEAD like GET without the content: with its length, if that is known.
async fn head(mut request: Request, next: Next) -> Response {
    if request.method() != Method::HEAD {
        return next.run(request).await;
    }
    *request.method_mut() = Method::GET;
    // A range is of a content that is sent (RFC 9110, section 14.2).
    request.headers_mut().remove(RANGE);
    // A stream is never begun for its head alone: it would subscribe.
    if event_stream::is_wanted(request.headers()) {
        request.headers_mut().remove(ACCEPT);
    }
    let mut response = next.run(request).await;
    let body = std::mem::take(response.body_mut());
    let has_content = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match body.size_hint().exact() {
        Some(length) if has_content => {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // A body without a known length, so that no length is sent.
        None => *response.body_mut() = Body::new(Unknown),
        Some(_) => {}
    }
    response
}
