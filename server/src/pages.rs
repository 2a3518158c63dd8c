use app::{Assets, SessionCookie};
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chat::Caller;
use leptos::prelude::provide_context;
use wire::Refusal;

use crate::boot::App;
use crate::problem::Problem;
use crate::session;

/// A page, as HTML. Which one is the app's to find out, also when there is none at this path.
pub(crate) async fn page(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let assets: Assets = app.site.assets.clone();
    let context = context(app, caller);
    let render = leptos_axum::render_app_async_with_context(context, move || app::shell(assets.clone()));
    render(request).await.into_response()
}

/// `POST /do/…`: a server function.
pub(crate) async fn call(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let known = leptos::server_fn::axum::server_fn_paths().any(|(path, _)| path == request.uri().path());
    if !known {
        return Problem(Refusal::NotFound).into_response();
    }
    leptos_axum::handle_server_fns_with_context(context(app, caller), request).await.into_response()
}

/// What every page and server function can reach.
fn context(app: App, caller: Caller) -> impl Fn() + Clone + Send + Sync + 'static {
    let cookie: SessionCookie = session::cookie(&app.config);
    move || {
        provide_context(app.chat.clone());
        provide_context(caller.clone());
        provide_context(cookie);
    }
}
