use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

/// The smallest body for which compressing is worth its time.
const LEAST_BYTES: u64 = 1_024;
/// Cheap: pages are made for one reader each.
const LEVEL: i32 = 4;

/// Decides by its head whether an answer is compressed.
type ByHead = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses pages, JSON and SVG. Files inside the binary are compressed already, and pictures do not shrink.
pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, ByHead>> {
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(LEVEL))
        .compress_when(SizeAbove::new(LEAST_BYTES).and(shrinks as ByHead))
}

fn shrinks(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/json", "application/problem+json", "image/svg+xml"].contains(&essence)
}

/// Keeps answers that another site has asked for uncompressed. Their length would tell that site and somebody who
/// listens on the line whether a word it has put into the address stands in the page beside a secret, such as that of
/// an invite (the BREACH attack). Browsers say which site asks wherever the page is secure; where it is not, whoever
/// listens reads the page itself.
pub(crate) async fn guard(mut request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.run(request).await
}
