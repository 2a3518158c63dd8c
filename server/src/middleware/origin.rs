//! The CSRF check: compares the `Origin` of a request with this server's own.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::ORIGIN;
use tower_http::csrf::ProtectionError;
use wire::Refusal;

use super::authority::{host, origin_parts};
use crate::config::Config;
use crate::http::problem::Problem;

/// Returns true if a request comes from a page of this server, or from no page at all. WebSockets need this check of
/// their own: their upgrade is a GET, which the CSRF layer lets through, and browsers send cookies with it from any
/// site.
pub(crate) fn is_own_origin(config: &Config, headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(ORIGIN).iter();
    let origin = match (lines.next(), lines.next()) {
        (None, _) => return true,
        (Some(origin), None) => origin.to_str().ok().and_then(origin_parts),
        _ => None,
    };
    let Some((usual, from)) = origin else { return false };
    if let Some((own_usual, own)) = config.origin.as_deref().and_then(origin_parts)
        && own_usual == usual
        && own.is(from, usual)
    {
        return true;
    }
    let Some(host) = host(headers) else { return false };
    // With an origin set, a page may also be opened on the server's own machine, over plain http.
    (config.origin.is_none() || host.is_loopback()) && host.is(from, usual)
}

/// Middleware: replaces the CSRF layer's message with our own.
pub(crate) async fn explain_csrf(response: Response) -> Response {
    if response.extensions().get::<ProtectionError>().is_some() {
        return Problem::from(Refusal::OriginForeign).into_response();
    }
    response
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn from(origin: Option<&str>, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_pages_of_this_server_open_sockets() {
        let config = Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() };
        let own = |origin, host| is_own_origin(&config, &from(origin, host));
        assert!(own(None, "localhost:1"));
        assert!(own(Some("http://localhost:1"), "localhost:1"));
        assert!(own(Some("http://localhost"), "localhost:80"));
        assert!(own(Some("https://chat.example.org"), "127.0.0.1:8080"));
        assert!(own(Some("https://chat.example.org:443"), "chat.example.org"));
        for foreign in
            ["http://localhost:2", "null", "http://localhost:1.evil.example", "https://evil.example", ""]
        {
            assert!(!own(Some(foreign), "localhost:1"), "{foreign}");
        }
        assert!(!own(Some("http://chat.example.org"), "chat.example.org"), "not by plain http");
    }
}
