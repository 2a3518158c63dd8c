use std::borrow::Cow;

use app::{Assets, Failure, SessionCookie};
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use chat::Caller;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, REFERER};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use leptos::prelude::provide_context;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use wire::Refusal;

use crate::boot::App;
use crate::problem::Problem;
use crate::routes::BODY_BYTES;
use crate::session;

/// A page, as HTML. Which one is the app's to find out, also when there is none at this path.
pub(crate) async fn page(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    if tells_of_foreign_form(&request) {
        return Redirect::to(request.uri().path()).into_response();
    }
    let assets: Assets = app.site.assets.clone();
    let context = context(app, caller);
    let live = app::is_live(request.uri().path());
    let render =
        leptos_axum::render_app_async_with_context(context, move || app::shell(assets.clone(), live));
    render(request).await.into_response()
}

/// Whether a page shall say that a form was refused, though no page of this server sent the browser here: a
/// link from elsewhere shall not put words into our mouth. Browsers say where they come from.
fn tells_of_foreign_form(request: &Request) -> bool {
    let tells = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .any(|(field, _)| field == "refused");
    tells && request.headers().get("sec-fetch-site").is_some_and(|site| site != "same-origin")
}

/// `POST /do/…`: a server function. A script gets what it answers; a form that was sent without one gets a
/// page to go to.
pub(crate) async fn call(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if !leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path) {
        return Problem(Refusal::NotFound).into_response();
    }
    let context = context(app, caller);
    if !wants_html(request.headers()) {
        return leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    }
    let (mut head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return Problem(Refusal::BodyTooLarge { max: BODY_BYTES }).into_response();
    };
    let came_from = page_before(&head.headers);
    let draft = field(&body, "text");
    head.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let request = Request::from_parts(head, Body::from(body));
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    back_to_page(answer, &path, &came_from, draft.as_deref()).await
}

/// Sends a browser on after its form: where the answer says, or back to where it came from, with the refusal
/// in the address and what was typed, so that nothing is lost.
async fn back_to_page(answer: Response, form: &str, came_from: &str, draft: Option<&str>) -> Response {
    let (mut head, body) = answer.into_parts();
    let place = if head.status.is_success() {
        let place = head.headers.get(LOCATION).and_then(|place| place.to_str().ok());
        place.unwrap_or(came_from).to_owned()
    } else {
        let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
        let failure = Failure::read(&String::from_utf8_lossy(&body));
        let mut place = refused_at(came_from, form, &failure.refused.message);
        if let Some(draft) = draft.filter(|draft| draft.len() <= DRAFT_BYTES) {
            place.push_str("&draft=");
            place.push_str(&encode(draft));
        }
        place
    };
    head.status = StatusCode::SEE_OTHER;
    head.headers.remove(CONTENT_TYPE);
    head.headers.remove(CONTENT_LENGTH);
    // What is not an address is not followed; the start page always is one.
    let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/"));
    head.headers.insert(LOCATION, place);
    Response::from_parts(head, Body::empty())
}

/// Sends a browser on to a page after its form; what was refused, and why, goes along in the address.
pub(crate) fn after_form(page: &str, refused: Option<(&str, &str)>) -> Response {
    let place = match refused {
        Some((form, sentence)) => refused_at(page, form, sentence),
        None => page.to_owned(),
    };
    Redirect::to(&place).into_response()
}

/// The address of a page that says which of its forms was refused, and why.
fn refused_at(page: &str, form: &str, sentence: &str) -> String {
    format!("{page}?form={}&refused={}", encode(form), encode(sentence))
}

/// The longest text of a refused form that travels in an address.
const DRAFT_BYTES: usize = 8 * 1024;

fn encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, NON_ALPHANUMERIC).into()
}

/// Whether a browser without our script asks: it follows redirects and reads HTML.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The path of the page that a form stood on. Only its path counts, so that nobody is sent elsewhere.
fn page_before(headers: &HeaderMap) -> String {
    let referer = headers.get(REFERER).and_then(|referer| referer.to_str().ok()?.parse::<Uri>().ok());
    let path = referer.map(|uri| uri.path().to_owned()).unwrap_or_default();
    // Two slashes at the beginning would be another host.
    if path.starts_with('/') && !path.starts_with("//") { path } else { "/".into() }
}

/// One field of a form.
fn field(body: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(body);
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_back_to_a_page_of_this_server() {
        let from = |referer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REFERER, referer.parse().unwrap());
            page_before(&headers)
        };
        assert_eq!(from("http://localhost:8080/g/abc?before=7#end"), "/g/abc");
        for odd in ["http://localhost:8080//evil.example/", "mailto:ann@example.org", "nonsense", ""] {
            assert_eq!(from(odd), "/", "{odd}");
        }
        assert_eq!(page_before(&HeaderMap::new()), "/");
    }

    #[test]
    fn the_text_of_a_form_is_found() {
        assert_eq!(field(b"group=g&text=two+words%21", "text").as_deref(), Some("two words!"));
        assert_eq!(field(b"group=g", "text"), None);
    }
}
