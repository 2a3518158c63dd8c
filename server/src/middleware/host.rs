//! The check of the `Host` header, against DNS rebinding.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use wire::Refusal;

use super::authority::{Authority, origin_parts};
use super::origin::is_own_origin;
use crate::config::Config;
use crate::http::listener::Peer;
use crate::http::problem::Problem;
use crate::server::AppState;

/// Middleware: refuses requests that [`check_source`] refuses.
pub(crate) async fn check_host(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check_source(&app.config, &parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => Problem::from(refusal).into_response(),
    }
}

/// Accepts only requests for the names of this server, and changes only from its own pages. A page of another site can
/// make its own name resolve to this machine (DNS rebinding); then the `Host` still is that name.
///
/// # Errors
/// [`Refusal::HostBad`], [`Refusal::HostForeign`] and [`Refusal::OriginForeign`].
pub(crate) fn check_source(config: &Config, request: &Parts) -> Result<(), Refusal> {
    let from_here = request.extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback());
    let host = Authority::of_request(&request.headers, &request.uri, request.version);
    let host = host.ok_or(Refusal::HostBad)?;
    if !answers_to(config, host, from_here) {
        return Err(Refusal::HostForeign);
    }
    // The API reads no cookie, and checks the origin against the application of the token. Nor do incoming webhooks.
    let path = request.uri.path();
    let reads_no_cookie = path.starts_with("/api/v1/") || path.starts_with("/hooks/");
    if !reads_no_cookie && !request.method.is_safe() && !is_own_origin(config, &request.headers) {
        return Err(Refusal::OriginForeign);
    }
    Ok(())
}

fn answers_to(config: &Config, host: Authority<'_>, from_here: bool) -> bool {
    match &config.origin {
        Some(origin) => {
            let own = origin_parts(origin).is_some_and(|(usual, own)| own.is(host, usual));
            own || from_here && host.is_loopback()
        }
        None => !config.is_local() || host.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(config: &Config, host: &str, from_here: bool) -> bool {
        answers_to(config, Authority::parse(host).unwrap(), from_here)
    }

    #[test]
    fn a_local_server_answers_to_local_names_only() {
        let config = Config::volatile();
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.8.8", "[::1]:8080", "LOCALHOST"] {
            assert!(answers(&config, host, true), "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]:1"] {
            assert!(!answers(&config, host, true), "{host}");
        }
    }

    #[test]
    fn a_server_with_an_origin_answers_to_it_with_or_without_its_usual_port_and_to_its_own_machine() {
        let config = Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() };
        for host in ["chat.example.org", "chat.example.org:443", "CHAT.example.org"] {
            assert!(answers(&config, host, false), "{host}");
        }
        for host in
            ["chat.example.org:80", "chat.example.org.", "evil.example", "chat.example.org.evil.example"]
        {
            assert!(!answers(&config, host, true), "{host}");
        }
        assert!(answers(&config, "localhost:8080", true));
        assert!(!answers(&config, "localhost:8080", false));
        let config = Config { origin: Some("http://chat.example.org:8000".into()), ..Config::volatile() };
        assert!(answers(&config, "chat.example.org:8000", false));
        assert!(!answers(&config, "chat.example.org", false));
    }
}
