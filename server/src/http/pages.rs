//! Pages: requests to rendered HTML.

use app::{Assets, PagePath, Returned, Root, Served, ServerOrigin, SessionCookie, ShownOnce, ZONE_COOKIE};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use chat::Caller;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Uri};
use leptos::prelude::provide_context;

use crate::http::languages::{mark_language, texts_for};
use crate::http::session;
use crate::server::AppState;

/// Renders a page as HTML. The app chooses which one, including the page for an unknown path.
pub(crate) async fn page(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let address = address_of(request.uri());
    render(app, caller, request, Extras::default(), Shown { address: &address, moved: false }).await
}

/// Renders a page in the answer to a form: with the refused form, if there is one, and with anything that is shown only
/// once. `from` is the head of the form's request and `address` the path and query of the page.
pub(crate) async fn answer_with(
    app: AppState,
    caller: Caller,
    from: &HeaderMap,
    address: &str,
    extras: Extras,
) -> Response {
    let request = get(from, address);
    let shown = Shown { address, moved: true };
    let returned = extras.returned.clone();
    let answer = render(app.clone(), caller.clone(), request, extras.clone(), shown).await;
    if returned.is_some_and(|returned| !returned.was_shown()) {
        // The form is no longer on the page. The typed values must not be lost with it.
        return render_root(app, caller, get(from, address), extras, shown, Root::Returned).await;
    }
    answer
}

/// Context of one page beyond the context of every page.
#[derive(Clone, Default)]
pub(crate) struct Extras {
    pub(crate) returned: Option<Returned>,
    pub(crate) shown_once: ShownOnce,
}

/// The address of a page in the browser.
#[derive(Clone, Copy)]
struct Shown<'a> {
    /// Path and query of the page.
    address: &'a str,
    /// True if the browser's address bar shows another address, because it has sent a form.
    moved: bool,
}

async fn render(
    app: AppState,
    caller: Caller,
    request: Request,
    extras: Extras,
    shown: Shown<'_>,
) -> Response {
    let root = if app::is_hydrated(shown.address) { Root::Hydrated } else { Root::ServerOnly };
    render_root(app, caller, request, extras, shown, root).await
}

async fn render_root(
    app: AppState,
    caller: Caller,
    request: Request,
    extras: Extras,
    Shown { address, moved }: Shown<'_>,
    root: Root,
) -> Response {
    let assets: Assets = app.site.assets.clone();
    let served = served(&app, request.headers());
    let common = context(app, caller, request.headers());
    let path = PagePath(address.to_owned());
    let context = move || {
        common();
        provide_context(served);
        provide_context(path.clone());
        provide_context(extras.shown_once.clone());
        if let Some(returned) = &extras.returned {
            provide_context(returned.clone());
        }
    };
    let address = moved.then(|| address.to_owned());
    let document = move || app::shell(assets.clone(), root, address.clone());
    let headers = request.headers().clone();
    let mut response = leptos_axum::render_app_async_with_context(context, document)(request).await;
    mark_language(&headers, &mut response);
    // In one piece, so that the length is known.
    let (head, body) = response.into_response().into_parts();
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => Response::from_parts(head, Body::from(body)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Makes the request for a page that a browser would have sent after its form.
fn get(from: &HeaderMap, address: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = address.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = from.clone();
    for name in [CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING] {
        request.headers_mut().remove(name);
    }
    request
}

/// Returns path and query.
fn address_of(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string)
}

/// Returns the time, and the viewer's time zone if the browser has sent it.
fn served(app: &AppState, headers: &HeaderMap) -> Served {
    let cookies = CookieJar::from_headers(headers);
    Served::new(app.chat.now(), cookies.get(ZONE_COOKIE).map(Cookie::value))
}

/// Provides the context of every page and server function.
pub(crate) fn context(
    app: AppState,
    caller: Caller,
    headers: &HeaderMap,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let cookie: SessionCookie = session::cookie(&app.config, headers);
    let origin = ServerOrigin(app.config.origin.clone());
    let texts = texts_for(headers);
    move || {
        provide_context(texts);
        provide_context(app.chat.clone());
        provide_context(caller.clone());
        provide_context(cookie.clone());
        provide_context(origin.clone());
    }
}
