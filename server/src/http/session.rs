//! The session cookie and bearer tokens: from a request to its caller.

use app::SessionCookie;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use chat::{ApiToken, Caller, Error, Principal, Session, Token, TokenKind, is_user_token};
use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN, SET_COOKIE, USER_AGENT};
use sha2::{Digest, Sha256};
use wire::{ApplicationId, Refusal, Seq};

use crate::config::{Config, OpenTopics};
use crate::http::api::v1::authenticate::{acting, tell_limits};
use crate::http::conversations;
use crate::http::listener::Peer;
use crate::http::problem::Problem;
use crate::middleware::{address, host, is_local_client, is_own_origin, origin_parts};
use crate::server::AppState;

/// Returns the session cookie of this server. Behind https the cookie is bound to this host and to https; plain http,
/// which a name on this machine may use, has no such cookies. Cookies are not separated by port (RFC 6265, section
/// 8.5), so a non-default port is part of the name: two servers on one host do not sign each other's users out.
pub(crate) fn cookie(config: &Config, headers: &HeaderMap) -> SessionCookie {
    let (usual, own) = match config.origin.as_deref().and_then(origin_parts) {
        Some((usual, own)) => (usual, Some(own)),
        None => (80, host(headers)),
    };
    let port = own.and_then(|own| own.port()).filter(|port| *port != usual);
    let secure = usual == 443;
    let name = if secure { "__Host-hubbub" } else { "hubbub_session" };
    let name = port.map_or_else(|| name.to_owned(), |port| format!("{name}_{port}"));
    SessionCookie { name, secure }
}

/// Middleware: authenticates the caller of a request: by its cookie, or by `Authorization: Bearer`.
pub(crate) async fn recognise(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let claimed = bearer(request.headers()).filter(|text| is_claimed_token(&app.config, text));
    if let Some(claimed) = claimed.map(str::to_owned) {
        return answer_program(&app, &claimed, request, next).await;
    }
    let token = token(&app.config, request.headers());
    let begun = match &token {
        Some(token) => match app.chat.authenticate(token).await {
            Ok(begun) => begun,
            Err(no) => return Problem::from(no).into_response(),
        },
        None => None,
    };
    let peer = request.extensions().get::<Peer>().copied();
    let open_topics = may_use_open_topics(&app.config, request.headers(), peer);
    let from = peer
        .filter(|peer| !is_local_client(request.headers(), *peer))
        .map(|peer| address(&app.config, request.headers(), peer));
    let is_stale = token.is_some() && begun.is_none() && !request.headers().contains_key(AUTHORIZATION);
    let session = token.filter(|_| begun.is_some());
    let device = device(&app.config, request.headers());
    if let Some(begun) = &begun {
        tracing::Span::current().record("user.id", tracing::field::display(begun.person.id));
    }
    // Without a session the caller is one of the built-in UI.
    let application = begun.as_ref().map_or(ApplicationId::BUILT_IN, |begun| begun.application);
    let revocations = begun.as_ref().map_or(Seq::ZERO, |begun| begun.revocations);
    let grant = begun.as_ref().and_then(Session::grant);
    let caller = Caller {
        application,
        principal: begun.map_or(Principal::Anonymous, |begun| Principal::User(begun.person)),
        open_topics,
        from,
        session,
        device,
        label: label(request.headers()),
        grant,
        revocations,
        ..Caller::default()
    };
    request.extensions_mut().insert(caller);
    let cookie = cookie(&app.config, request.headers());
    let mut response = next.run(request).await;
    // The session was revoked elsewhere: its cookie is removed from this browser, unless the answer begins another one.
    if is_stale && !response.headers().contains_key(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clear());
    }
    response
}

/// Answers a request that has an API token or a user token. A program sees what is left of its rate limits, as in the API.
async fn answer_program(app: &AppState, claimed: &str, mut request: Request, next: Next) -> Response {
    let (path, peer) = (request.uri().path(), request.extensions().get::<Peer>().copied());
    let is_for_program = conversations::is_for_program(request.method(), path, request.headers());
    let caller = match program(app, claimed, path, is_for_program, request.headers(), peer).await {
        Ok(caller) => caller,
        Err(no) => return Problem::from(no).into_response(),
    };
    let mut response = match admit(app, caller.clone(), is_for_program, request.headers()).await {
        Ok(acting) => {
            request.extensions_mut().insert(acting);
            next.run(request).await
        }
        Err(no) => Problem::from(no).into_response(),
    };
    if is_for_program {
        tell_limits(app, &caller, response.headers_mut());
    }
    response
}

/// Applies the rate limit of a program; returns the caller as which the request runs.
async fn admit(
    app: &AppState,
    caller: Caller,
    is_for_program: bool,
    headers: &HeaderMap,
) -> Result<Caller, Error> {
    app.chat.take_request(&caller)?;
    if is_for_program { acting(app, caller, headers).await } else { Ok(caller) }
}

/// Returns true if the text of `Authorization: Bearer` is to be an API token or a user token, and nothing else.
fn is_claimed_token(config: &Config, text: &str) -> bool {
    let is_open_topics_token = config.open_topics_token.as_deref() == Some(text);
    ApiToken::is_claimed_by(text) || (is_user_token(text) && !is_open_topics_token)
}

/// Returns the caller that an API token or a user token authenticates. A wrong token is refused: the request must not run as an
/// anonymous one of another application. Pages, forms and files are for people with a session, and no token counts there,
/// but for the [other forms](conversations) of a conversation; the operator's token counts nowhere here, since it reads no
/// content.
async fn program(
    app: &AppState,
    claimed: &str,
    path: &str,
    is_for_program: bool,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Caller, Error> {
    let counts = is_for_program || ["/publish", "/ws"].contains(&path) || path.starts_with("/topics/");
    let is_operators = ApiToken::parse(claimed).is_some_and(|token| token.kind() == TokenKind::Operator);
    if !counts || is_operators {
        return Err(Refusal::TokenBad.into());
    }
    let caller = app.chat.authenticate_token(claimed).await?.ok_or(Refusal::TokenBad)?;
    let from = peer.map(|peer| address(&app.config, headers, peer));
    Ok(Caller { from, ..caller })
}

/// Returns the browser's description of itself.
fn label(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned()
}

/// Returns the token of the browser's device.
fn device(config: &Config, headers: &HeaderMap) -> Option<Token> {
    Token::parse(CookieJar::from_headers(headers).get(&cookie(config, headers).device_name())?.value())
}

fn token(config: &Config, headers: &HeaderMap) -> Option<Token> {
    match bearer(headers) {
        Some(token) => Token::parse(token),
        None => Token::parse(CookieJar::from_headers(headers).get(&cookie(config, headers).name)?.value()),
    }
}

/// Returns the token of `Authorization: Bearer`, whose scheme is case-insensitive (RFC 9110, section 11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns true if the caller may use open topics. They have no accounts: while the server is local they are for
/// callers on this machine, and otherwise for callers with the operator's token. With an origin set there is a proxy,
/// which may hide that a caller is not on this machine.
fn may_use_open_topics(config: &Config, headers: &HeaderMap, peer: Option<Peer>) -> bool {
    if let (Some(own), Some(given)) = (&config.open_topics_token, bearer(headers)) {
        // Digests are compared, so that timing reveals nothing.
        return Sha256::digest(own) == Sha256::digest(given);
    }
    if config.origin.is_some() {
        return false;
    }
    match config.open_topics {
        OpenTopics::Everyone => true,
        OpenTopics::Nobody => false,
        OpenTopics::Loopback => {
            let from_here = peer.is_some_and(|peer| is_local_client(headers, peer));
            let own_page = !headers.contains_key(ORIGIN) || is_own_origin(config, headers);
            from_here && own_page && config.is_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use http::header::HOST;

    use super::*;

    fn may(config: &Config, peer: &str, extra: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "localhost:8080".parse().unwrap());
        for (name, value) in extra {
            headers.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        may_use_open_topics(config, &headers, Some(Peer(peer.parse().unwrap())))
    }

    const HERE: &str = "127.0.0.1:5";

    #[test]
    fn open_topics_are_for_callers_on_this_machine() {
        let config = Config::volatile();
        assert!(may(&config, HERE, &[]));
        assert!(may(&config, HERE, &[("origin", "http://localhost:8080")]));
        for (peer, extra) in [
            ("10.0.0.7:5", &[][..]),
            (HERE, &[("x-forwarded-for", "127.0.0.1")]),
            (HERE, &[("forwarded", "for=127.0.0.1")]),
            (HERE, &[("via", "1.1 proxy")]),
            (HERE, &[("host", "evil.example")]),
            (HERE, &[("origin", "https://evil.example")]),
        ] {
            assert!(!may(&config, peer, extra), "{peer} {extra:?}");
        }
        assert!(may(&Config { open_topics: OpenTopics::Everyone, ..config.clone() }, "10.0.0.7:5", &[]));
        assert!(!may(&Config { open_topics: OpenTopics::Nobody, ..config.clone() }, HERE, &[]));
        assert!(!may(&Config { addr: "0.0.0.0:8080".into(), ..config }, HERE, &[]), "others reach it too");
    }

    #[test]
    fn a_server_with_an_origin_opens_open_topics_only_to_the_operators_token() {
        let token = "the-operators-own-token";
        for open_topics in [OpenTopics::Loopback, OpenTopics::Everyone, OpenTopics::Nobody] {
            let origin = Some("https://chat.example.org".into());
            let config = Config { origin, open_topics, ..Config::volatile() };
            // As from a proxy that adds no header.
            assert!(!may(&config, HERE, &[]), "{open_topics:?}");
            assert!(!may(&config, HERE, &[("authorization", "Bearer the-operators-own-token")]));
            let config = Config { open_topics_token: Some(token.into()), ..config };
            for right in ["Bearer the-operators-own-token", "bearer  the-operators-own-token"] {
                assert!(
                    may(&config, "203.0.113.9:5", &[("authorization", right)]),
                    "{open_topics:?} {right}"
                );
            }
            for wrong in ["Bearer the-operators-own-toke", "Bearer ", "Basic the-operators-own-token"] {
                assert!(!may(&config, HERE, &[("authorization", wrong)]), "{wrong}");
            }
        }
    }

    #[test]
    fn two_servers_on_one_host_keep_their_sessions_apart() {
        let name = |origin: Option<&str>, host: &str| {
            let config = Config { origin: origin.map(Into::into), ..Config::volatile() };
            let headers = [(HOST, host.parse().unwrap())].into_iter().collect();
            cookie(&config, &headers).name
        };
        assert_eq!(name(None, "localhost:8080"), "hubbub_session_8080");
        assert_eq!(name(None, "[::1]:8081"), "hubbub_session_8081");
        assert_eq!(name(None, "localhost"), "hubbub_session");
        assert_eq!(name(None, "localhost:80"), "hubbub_session");
        assert_eq!(name(Some("http://a.example:8000"), "a.example:8000"), "hubbub_session_8000");
        assert_eq!(name(Some("https://a.example"), "127.0.0.1:8080"), "__Host-hubbub");
        assert_eq!(name(Some("https://a.example:8443"), "a.example:8443"), "__Host-hubbub_8443");
    }
}
