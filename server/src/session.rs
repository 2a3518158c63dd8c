use app::SessionCookie;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use chat::{Caller, Token};
use http::header::{AUTHORIZATION, FORWARDED, HOST, ORIGIN, SET_COOKIE, USER_AGENT, VIA};
use http::{HeaderMap, HeaderName};

use crate::boot::App;
use crate::config::{Config, OpenTopics};
use crate::guard::{address, is_loopback_name, is_own_origin};
use crate::listener::Peer;
use crate::problem::Problem;

/// How this server keeps sessions in browsers. Behind https the cookie is bound to this host and to https;
/// plain http, which a name on this machine may use, knows no such cookies.
pub(crate) fn cookie(config: &Config) -> SessionCookie {
    if config.origin.as_deref().is_some_and(|origin| origin.starts_with("https://")) {
        SessionCookie { name: "__Host-hubbub", secure: true }
    } else {
        SessionCookie { name: "hubbub_session", secure: false }
    }
}

/// Finds out on whose behalf a request runs: by its cookie, or by `Authorization: Bearer`.
pub(crate) async fn recognise(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let token = token(&app.config, request.headers());
    let endings = app.chat.endings();
    let me = match &token {
        Some(token) => match app.chat.recognise(token).await {
            Ok(me) => me,
            Err(no) => return Problem::from(no).into_response(),
        },
        None => None,
    };
    let peer = request.extensions().get::<Peer>().copied();
    let open_topics = may_use_open_topics(&app.config, request.headers(), peer);
    let from =
        peer.map(|peer| address(&app.config, request.headers(), peer)).filter(|from| !from.is_loopback());
    let is_stale = token.is_some() && me.is_none() && !request.headers().contains_key(AUTHORIZATION);
    let session = token.filter(|_| me.is_some());
    let device = device(&app.config, request.headers());
    let caller = Caller { me, open_topics, from, session, device, label: label(request.headers()), endings };
    request.extensions_mut().insert(caller);
    let cookie = cookie(&app.config);
    let mut response = next.run(request).await;
    // The session was ended elsewhere: what is left of it in this browser goes, unless the answer begins another one.
    if is_stale && !response.headers().contains_key(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clear());
    }
    response
}

/// What the browser says it is.
fn label(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned()
}

/// The token of the browser's device.
fn device(config: &Config, headers: &HeaderMap) -> Option<Token> {
    Token::parse(CookieJar::from_headers(headers).get(&cookie(config).device_name())?.value())
}

fn token(config: &Config, headers: &HeaderMap) -> Option<Token> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match bearer {
        Some(token) => Token::parse(token.trim()),
        None => Token::parse(CookieJar::from_headers(headers).get(cookie(config).name)?.value()),
    }
}

/// Headers by which a proxy says that the caller is somebody else than the peer.
const FORWARDING: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

fn may_use_open_topics(config: &Config, headers: &HeaderMap, peer: Option<Peer>) -> bool {
    match config.open_topics {
        OpenTopics::Everyone => true,
        OpenTopics::Nobody => false,
        OpenTopics::Loopback => {
            let from_here = peer.is_some_and(|peer| peer.0.ip().is_loopback());
            let forwarded = FORWARDING.iter().any(|name| headers.contains_key(name));
            let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let own_page = !headers.contains_key(ORIGIN) || is_own_origin(config, headers);
            from_here && !forwarded && config.origin.is_none() && is_loopback_name(host) && own_page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_topics_are_for_callers_on_this_machine() {
        let may = |config: &Config, peer: &str, extra: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "localhost:8080".parse().unwrap());
            for (name, value) in extra {
                headers.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            may_use_open_topics(config, &headers, Some(Peer(peer.parse().unwrap())))
        };
        let config = Config::volatile();
        let here = "127.0.0.1:5";
        assert!(may(&config, here, &[]));
        assert!(may(&config, here, &[("origin", "http://localhost:8080")]));
        for (peer, extra) in [
            ("10.0.0.7:5", &[][..]),
            (here, &[("x-forwarded-for", "127.0.0.1")]),
            (here, &[("forwarded", "for=127.0.0.1")]),
            (here, &[("via", "1.1 proxy")]),
            (here, &[("host", "evil.example")]),
            (here, &[("origin", "https://evil.example")]),
        ] {
            assert!(!may(&config, peer, extra), "{peer} {extra:?}");
        }
        assert!(!may(&Config { origin: Some("https://a.example".into()), ..config.clone() }, here, &[]));
        assert!(may(&Config { open_topics: OpenTopics::Everyone, ..config.clone() }, "10.0.0.7:5", &[]));
        assert!(!may(&Config { open_topics: OpenTopics::Nobody, ..config }, here, &[]));
    }
}
