//! Counts of the hosts and proxies of requests, for `hubbub doctor`, which compares them with the settings.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::HOST;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::http::listener::Peer;
use crate::server::AppState;

/// Counts since the start.
#[derive(Default)]
pub(crate) struct SeenHosts(Mutex<Seen>);

/// The counts of requests, without health checks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Seen {
    /// All requests since the start, direct or through a proxy.
    pub(super) requests: u64,
    /// Requests through a trusted proxy.
    pub(super) proxied: u64,
    /// Requests through a proxy that is not trusted, and the address of the last such proxy.
    pub(super) untrusted: u64,
    pub(super) untrusted_proxy: Option<IpAddr>,
    /// Requests for a host other than the origin's, and the last such host.
    pub(super) foreign: u64,
    pub(super) foreign_host: Option<String>,
}

/// The most bytes that are kept of a host.
const HOST_BYTES: usize = 100;

/// Middleware: counts a request.
pub(crate) async fn observe(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/health/") {
        let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
        let headers = request.headers();
        let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        app.arrivals.count(&app.config, peer, is_forwarded, host);
    }
    next.run(request).await
}

impl SeenHosts {
    pub(super) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    fn count(&self, config: &Config, peer: Option<IpAddr>, is_forwarded: bool, host: Option<&str>) {
        let mut seen = self.lock();
        seen.requests += 1;
        if let Some(peer) = peer.filter(|_| is_forwarded) {
            if config.trusts(peer) {
                seen.proxied += 1;
            } else {
                seen.untrusted += 1;
                seen.untrusted_proxy = Some(peer);
            }
        }
        if let (Some(origin), Some(host)) = (&config.origin, host)
            && !is_host_of(origin, host)
        {
            seen.foreign += 1;
            seen.foreign_host =
                Some(host.chars().filter(|c| c.is_ascii_graphic()).take(HOST_BYTES).collect());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock()
    }
}

/// Returns true if a `Host` header names the host of an origin; a default port equals none.
fn is_host_of(origin: &str, host: &str) -> bool {
    let Some((scheme, expected)) = origin.split_once("://") else { return true };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let without = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    without(host) == without(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_settings_is_counted_with_the_last_example() {
        let config = Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() };
        let arrivals = SeenHosts::default();
        let (near, far): (IpAddr, IpAddr) = ([127, 0, 0, 1].into(), [10, 0, 0, 5].into());
        arrivals.count(&config, Some(near), true, Some("Chat.example.org:443"));
        arrivals.count(&config, Some(far), true, Some("chat.example.org"));
        arrivals.count(&config, Some(far), false, Some("inner:8080"));
        let expected = Seen {
            requests: 3,
            proxied: 1,
            untrusted: 1,
            untrusted_proxy: Some(far),
            foreign: 1,
            foreign_host: Some("inner:8080".into()),
        };
        assert_eq!(arrivals.seen(), expected);
    }
}
