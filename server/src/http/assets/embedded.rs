//! Static files inside the binary, compressed ahead of time.

use std::borrow::Cow;

use app::Assets;
use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

use crate::config::ConfigError;
use crate::http::negotiation::{is_known, takes_coding};

/// The static files, in this binary.
pub(crate) struct Site {
    pub(crate) assets: Assets,
}

/// The output of `cargo xtask dist`: files under their final names, and beside each compressible one its `.br` and
/// `.gz`.
#[derive(RustEmbed)]
#[folder = "../target/site-dist"]
struct Files;

/// The index of entry files; itself not a served file.
const INDEX: &str = "site.json";

#[derive(Deserialize)]
struct Index {
    js: String,
    wasm: String,
    css: String,
}

impl Site {
    #[expect(clippy::unused_self, reason = "the same shape as the folder's")]
    pub(crate) async fn file(&self, request: &Parts) -> Option<Response> {
        let path = request.uri.path().strip_prefix('/')?;
        if path == INDEX || path.ends_with(".br") || path.ends_with(".gz") {
            return None;
        }
        let plain = Files::get(path)?;
        let (file, encoding) = best(path, plain, &request.headers);
        let etag = etag(&file);
        let mut response = if is_known(&request.headers, &etag) {
            let mut unchanged = Response::new(Body::empty());
            *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
            unchanged
        } else {
            Response::new(Body::from(match file.data {
                // The bytes stay in the binary, however many requests there are.
                Cow::Borrowed(data) => Bytes::from_static(data),
                Cow::Owned(data) => data.into(),
            }))
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        // Names under pkg/ contain a hash of the content.
        let lasts = path.starts_with("pkg/");
        let caching = if lasts { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        Some(response)
    }

    pub(crate) fn find() -> Result<Self, ConfigError> {
        let index = Files::get(INDEX).and_then(|file| serde_json::from_slice::<Index>(&file.data).ok());
        let Some(Index { js, wasm, css }) = index else {
            return Err(ConfigError(
                "this binary was built without its page; build it with cargo xtask dist".into(),
            ));
        };
        Ok(Self { assets: Assets { js, wasm, css } })
    }
}

/// Returns the smallest encoding of a file that the browser accepts.
fn best(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> (EmbeddedFile, Option<&'static str>) {
    for (coding, ending) in [("br", "br"), ("gzip", "gz")] {
        if takes_coding(headers, coding)
            && let Some(file) = Files::get(&format!("{path}.{ending}"))
        {
            return (file, Some(coding));
        }
    }
    (plain, None)
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let half = data_encoding::HEXLOWER.encode(&hash[..16]);
    format!("\"{half}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
