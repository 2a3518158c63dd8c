//! Signing in by a provider of OpenID Connect: `GET /sign-in/{provider}` and its callback.

use app::{Returned, SessionCookie};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use chat::{Caller, Error, ProviderAnswer, ProviderSignedIn, ProviderWish};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use wire::Refusal;

use crate::http::forms::{page_of, refuse};
use crate::http::negotiation::wants_html;
use crate::http::problem::Problem;
use crate::http::session;
use crate::server::AppState;

/// The action of the refusals that the sign-in page and the account page show.
const ACTION: &str = "/sign-in";

/// `GET /sign-in/{provider}`: sends the browser to the provider. `next` is the page to go to in the end, and `link` the
/// permission of the account page to link the provider.
pub(crate) async fn begin(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (headers, query) = (request.headers().clone(), query(&request));
    let next = page_after(parameter(&query, "next"));
    let link = parameter(&query, "link");
    let redirect_uri = callback_address(&app, &headers, &provider);
    let wish = ProviderWish { redirect_uri, next: next.clone(), link };
    match app.chat.begin_provider_sign_in(&caller, &provider, wish).await {
        Ok(begun) => {
            let cookie = session::cookie(&app.config, &headers);
            go_to(&begun.url, [cookie.set_sign_in(&begun.state)])
        }
        Err(no) => refused(app, caller, &headers, &next, no, None).await,
    }
}

/// `GET /sign-in/{provider}/callback`: the browser comes back from the provider.
pub(crate) async fn end(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (headers, query) = (request.headers().clone(), query(&request));
    let cookie = session::cookie(&app.config, &headers);
    let kept =
        CookieJar::from_headers(&headers).get(&cookie.sign_in_name()).map(|kept| kept.value().to_owned());
    let answer = ProviderAnswer {
        kept,
        redirect_uri: callback_address(&app, &headers, &provider),
        state: parameter(&query, "state"),
        code: parameter(&query, "code"),
        error: parameter(&query, "error"),
        iss: parameter(&query, "iss"),
    };
    // The browser keeps the token of its device when it is signed out.
    let device = caller.device.clone().unwrap_or_else(|| app.chat.new_token());
    let with_device = Caller { device: Some(device.clone()), ..caller.clone() };
    match app.chat.end_provider_sign_in(&with_device, &provider, answer).await {
        Ok(ProviderSignedIn { token: Some(token), next }) => {
            go_to(&next, [cookie.set(&token), cookie.set_device(&device), cookie.clear_sign_in()])
        }
        Ok(ProviderSignedIn { token: None, next }) => go_to(&next, [cookie.clear_sign_in()]),
        Err(no) => refused(app, caller, &headers, "/", no, Some(&cookie)).await,
    }
}

/// Answers with the account page of a user with an account, or else the sign-in page, and the reason.
async fn refused(
    app: AppState,
    caller: Caller,
    headers: &HeaderMap,
    next: &str,
    no: Error,
    ended: Option<&SessionCookie>,
) -> Response {
    let (refused, refusal) = (no.refused(), no.into_refusal());
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = if wants_html(headers) && refusal != Refusal::NotFound {
        let has_account =
            caller.signed_in().is_some() && matches!(app.chat.account(&caller).await, Ok(Some(_)));
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = if has_account { "/account".into() } else { format!("/sign-in?next={next}") };
        refuse(app, caller, headers, &page, Returned::new(ACTION, refused, []), status).await
    } else {
        Problem::from(refusal).into_response()
    };
    if let Some(cookie) = ended {
        answer.headers_mut().append(SET_COOKIE, cookie.clear_sign_in());
    }
    answer
}

/// Returns the page to go to after a sign-in: one of this server, but none that signs in.
fn page_after(next: Option<String>) -> String {
    let fields = [("page".to_owned(), next.unwrap_or_default())];
    let page = page_of(&fields, &HeaderMap::new());
    if page.starts_with("/sign-in") || page.len() > NEXT_BYTES { "/".into() } else { page }
}

/// The longest address of a page to go to. It is part of a cookie.
const NEXT_BYTES: usize = 1_024;

/// Returns the address that the provider sends browsers to: that of the origin, or else of the host in the request.
fn callback_address(app: &AppState, headers: &HeaderMap, provider: &str) -> String {
    let host = || headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = app.config.origin.clone().unwrap_or_else(|| format!("http://{}", host()));
    format!("{origin}/sign-in/{provider}/callback")
}

fn query(request: &Request) -> Vec<(String, String)> {
    form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Returns a parameter; none if it is there twice (RFC 6749, section 3.1).
fn parameter(query: &[(String, String)], name: &str) -> Option<String> {
    let mut values = query.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.clone()),
        _ => None,
    }
}

fn go_to<const N: usize>(url: &str, cookies: [HeaderValue; N]) -> Response {
    let Ok(url) = HeaderValue::from_str(url) else {
        return Problem::from(Refusal::Unavailable).into_response();
    };
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().insert(LOCATION, url);
    for cookie in cookies {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_ends_on_a_page_of_this_server() {
        let after = |next: &str| page_after(Some(next.to_owned()));
        assert_eq!(after("/g/abc?invite=7"), "/g/abc?invite=7");
        assert_eq!(page_after(None), "/");
        let long = format!("/{}", "a".repeat(NEXT_BYTES));
        for odd in [
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.example",
            "@evil.example",
            "/do/sign_out",
            "/sign-in/office",
            "/sign-in",
            "",
            &long,
        ] {
            assert_eq!(after(odd), "/", "{odd:?}");
        }
    }

    #[test]
    fn a_parameter_that_is_there_twice_does_not_count() {
        let pair = |value: &str| ("code".to_owned(), value.to_owned());
        assert_eq!(parameter(&[pair("a")], "code").as_deref(), Some("a"));
        assert_eq!(parameter(&[pair("a"), pair("b")], "code"), None);
        assert_eq!(parameter(&[pair("a")], "state"), None);
    }
}
