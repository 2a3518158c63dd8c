//! Security headers of responses.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};

use super::authority::origin_parts;
use crate::config::Config;
use crate::server::AppState;

/// Middleware: sets the security headers of every response. A page has set its own policy; responses without one may do
/// nothing at all. Responses that do not say otherwise are not cached, and only pages of this server load them.
pub(crate) async fn set_headers(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_said = [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in unless_said {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if unauthorized {
        let challenge = HeaderValue::from_static(r#"Bearer realm="hubbub""#);
        headers.entry(WWW_AUTHENTICATE).or_insert(challenge);
    }
    if is_https_only(&app.config) {
        // Without subdomains: they are not this server's.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Returns true if browsers may be restricted to https. The header is for all ports of a host, so a server on another
/// port must not send it.
fn is_https_only(config: &Config) -> bool {
    let origin = config.origin.as_deref().and_then(origin_parts);
    origin.is_some_and(|(usual, own)| usual == 443 && own.port().unwrap_or(usual) == usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_to_use_https_only_where_the_origin_is_https_on_its_usual_port() {
        let only = |origin: Option<&str>| {
            is_https_only(&Config { origin: origin.map(Into::into), ..Config::volatile() })
        };
        assert!(only(Some("https://chat.example.org")));
        for origin in [None, Some("http://chat.example.org"), Some("https://chat.example.org:8443")] {
            assert!(!only(origin), "{origin:?}");
        }
    }
}
