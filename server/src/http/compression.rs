//! Compression of responses.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

/// The smallest body that is worth compressing.
const LEAST_BYTES: u64 = 1_024;
/// A cheap level: each page is rendered for one reader.
const LEVEL: i32 = 4;

/// Decides from a response's head whether it is compressed.
type ByHead = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Returns the layer that compresses pages, texts, JSON and SVG. Files inside the binary are compressed already, and pictures
/// do not shrink.
pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, ByHead>> {
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(LEVEL))
        .compress_when(SizeAbove::new(LEAST_BYTES).and(shrinks as ByHead))
}

fn shrinks(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    ["text/html", "text/plain", "application/json", "application/problem+json", "image/svg+xml"]
        .contains(&essence)
}

/// Middleware: leaves responses to cross-site requests uncompressed. Their length would tell that site, together with
/// somebody who observes the network, whether a word it has put into the address is on the page beside a secret, such
/// as that of an invite (the BREACH attack). Browsers name the requesting site wherever the page is secure; where it is
/// not, an observer reads the page itself.
pub(crate) async fn guard(mut request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.run(request).await
}
