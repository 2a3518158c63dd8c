use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::HOST;
use wire::Refusal;

use crate::boot::App;
use crate::config::Config;
use crate::listener::Peer;
use crate::problem::Problem;

/// Answers only to the names of this server. A page of another site can make its own name lead to this
/// machine (DNS rebinding); then the `Host` still is that name.
pub(crate) async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = host(request.headers());
    let from_here = request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback());
    if answers_to(&app.config, host, from_here) {
        next.run(request).await
    } else {
        Problem(Refusal::HostForeign).into_response()
    }
}

fn answers_to(config: &Config, host: &str, from_here: bool) -> bool {
    match &config.origin {
        Some(origin) => {
            let own = origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host));
            own || from_here && is_loopback_name(host)
        }
        None => !config.is_local() || is_loopback_name(host),
    }
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Whether a host, with or without a port, is a name for this machine.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback = name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_loopback || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_server_answers_to_local_names_only() {
        let config = Config::volatile();
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.8.8", "[::1]:8080", "LOCALHOST"] {
            assert!(answers_to(&config, host, true), "{host}");
        }
        for host in ["", "evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "[::2]:1"]
        {
            assert!(!answers_to(&config, host, true), "{host}");
        }
    }

    #[test]
    fn a_server_with_an_origin_answers_to_it_and_to_its_own_machine() {
        let config = Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() };
        assert!(answers_to(&config, "chat.example.org", false));
        assert!(answers_to(&config, "localhost:8080", true));
        assert!(!answers_to(&config, "localhost:8080", false));
        assert!(!answers_to(&config, "evil.example", true));
    }
}
