//! Forms and server functions: `POST /do/…`.

use app::{Failure, Returned, ShownOnce};
use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use chat::Caller;
use http::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, REFERER};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use leptos::prelude::provide_context;
use tokio::time::timeout;
use wire::Refusal;

use crate::http::files;
use crate::http::negotiation::{is_media_type, wants_html};
use crate::http::pages::{self, Extras};
use crate::http::problem::{Problem, document};
use crate::http::routes::{BODY_BYTES, REQUEST_TIME};
use crate::server::AppState;

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of a form with files.
const FORM_WITH_FILES: &str = "multipart/form-data";
/// The field that names the page with the form: path and query.
const PAGE_FIELD: &str = "page";

/// `POST /do/…`: a server function. A script gets its result; a browser without one gets a redirect, or in the answer
/// itself the page with the form, with the reason and all typed values.
pub(crate) async fn call(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if !leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path) {
        return Problem::from(Refusal::NotFound).into_response();
    }
    if request.method() != Method::POST {
        return not_posted(request.headers());
    }
    if !is_media_type(request.headers(), FORM) {
        return Problem::from(Refusal::ContentTypeWrong { wants: FORM.into() }).into_response();
    }
    let common = pages::context(app.clone(), caller.clone(), request.headers());
    let html = wants_html(request.headers());
    let shown_once = ShownOnce::default();
    let context = {
        let shown_once = shown_once.clone();
        move || {
            common();
            provide_context(shown_once.clone());
        }
    };
    if !html {
        let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
        return as_problem(answer).await;
    }
    let (mut head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return Problem::from(Refusal::BodyTooLarge { max: BODY_BYTES }).into_response();
    };
    let sent = Sent { action: path, headers: head.headers.clone(), fields: fields(&body) };
    head.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let request = Request::from_parts(head, Body::from(body));
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    sent.answer(app, caller, answer, shown_once).await
}

/// `POST /do/post`: the server function that sends a message, or the same form with files.
pub(crate) async fn post(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    if request.method() == Method::POST && has_files(request.headers()) {
        return files::send_form(app, caller, request).await;
    }
    let answer = timeout(REQUEST_TIME, call(State(app), Extension(caller), request));
    answer.await.unwrap_or_else(|_| Problem::from(Refusal::Unavailable).into_response())
}

/// Returns true if the body is a form with files.
pub(crate) fn has_files(headers: &HeaderMap) -> bool {
    is_media_type(headers, FORM_WITH_FILES)
}

/// Returns a refusal for a script, as problem details like every error.
async fn as_problem(answer: Response) -> Response {
    if answer.status().is_success() || answer.status().is_redirection() {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let failure = Failure::read(&String::from_utf8_lossy(&body));
    let (ours, body) = document(head.status, &failure.refused).into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.extend(ours.headers);
    Response::from_parts(head, body)
}

/// A form that a browser sent without a script.
struct Sent {
    action: String,
    headers: HeaderMap,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// Turns the answer for a script into one for a browser.
    async fn answer(
        self,
        app: AppState,
        caller: Caller,
        answer: Response,
        shown_once: ShownOnce,
    ) -> Response {
        let page = page_of(&self.fields, &self.headers);
        let (mut head, body) = answer.into_parts();
        let place = head.headers.get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
        let refused = !head.status.is_success();
        if refused && place.is_none() {
            let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
            let failure = Failure::read(&String::from_utf8_lossy(&body));
            let returned = Returned::new(&self.action, failure.refused, self.fields);
            return refuse(app, caller, &self.headers, &page, returned, head.status).await;
        }
        if !shown_once.is_empty() {
            let extras = Extras { returned: None, shown_once };
            return pages::answer_with(app, caller, &self.headers, &page, extras).await;
        }
        head.status = StatusCode::SEE_OTHER;
        head.headers.remove(CONTENT_TYPE);
        head.headers.remove(CONTENT_LENGTH);
        // An invalid address is not followed; the start page always is a valid one.
        let place = HeaderValue::from_str(&place.unwrap_or(page)).unwrap_or(HeaderValue::from_static("/"));
        head.headers.insert(LOCATION, place);
        Response::from_parts(head, Body::empty())
    }
}

/// Answers with the page of a refused form, and with the status of the refusal.
pub(crate) async fn refuse(
    app: AppState,
    caller: Caller,
    headers: &HeaderMap,
    page: &str,
    returned: Returned,
    status: StatusCode,
) -> Response {
    let extras = Extras { returned: Some(returned), ..Extras::default() };
    let mut answer = pages::answer_with(app, caller, headers, page, extras).await;
    *answer.status_mut() = status;
    answer
}

/// Answers a GET request for the address of a form, such as from a browser's history.
fn not_posted(headers: &HeaderMap) -> Response {
    if wants_html(headers) {
        return Redirect::to("/").into_response();
    }
    let mut answer = Problem::from(Refusal::MethodWrong).into_response();
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    answer
}

/// Returns the page of a form, from its field or else the `Referer`. Only path and query are used, so that nobody is
/// redirected to another site.
pub(crate) fn page_of(fields: &[(String, String)], headers: &HeaderMap) -> String {
    let field = fields.iter().find(|(name, _)| name == PAGE_FIELD).map(|(_, page)| page.as_str());
    let referer = || headers.get(REFERER).and_then(|referer| referer.to_str().ok());
    let page = field.filter(|page| page.starts_with('/')).or_else(referer);
    let uri = page.and_then(|page| page.parse::<Uri>().ok());
    let address = uri.and_then(|uri| Some(uri.path_and_query()?.to_string())).unwrap_or_default();
    // Two leading slashes, or a backslash, would lead to another host; forms are not pages.
    let is_page = address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.starts_with("/do/");
    if is_page { address } else { "/".into() }
}

fn fields(body: &Bytes) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_back_to_a_page_of_this_server_with_its_query() {
        let from = |field: Option<&str>, referer: Option<&str>| {
            let fields: Vec<_> =
                field.map(|page| (PAGE_FIELD.to_owned(), page.to_owned())).into_iter().collect();
            let mut headers = HeaderMap::new();
            if let Some(referer) = referer {
                headers.insert(REFERER, referer.parse().unwrap());
            }
            page_of(&fields, &headers)
        };
        assert_eq!(from(Some("/g/abc?before=7"), Some("http://localhost/")), "/g/abc?before=7");
        assert_eq!(from(None, Some("http://localhost:8080/g/abc?before=7#end")), "/g/abc?before=7");
        for odd in [
            "http://localhost:8080//evil.example/",
            "//evil.example",
            "mailto:ann@example.org",
            "nonsense",
            "",
        ] {
            assert_eq!(from(Some(odd), None), "/", "{odd}");
            assert_eq!(from(None, Some(odd)), "/", "{odd}");
        }
        assert_eq!(from(Some("/do/sign_in"), None), "/");
        assert_eq!(from(Some(r"/\evil.example"), None), "/");
        assert_eq!(from(None, None), "/");
    }
}
