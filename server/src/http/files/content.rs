//! Contents of files as answers: one range, a strong entity tag, and headers by which a browser runs nothing in them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chat::{Chat, Error, ReadableFile};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::Refusal;

use super::body::FileBody;
use super::disposition::disposition;
use super::range::{Part, part};
use crate::http::download_watch::Download;
use crate::http::negotiation::is_known;

/// The policy of a file that a browser opens by itself: no script, no form, no request, and an origin of its own.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The way in which a file was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serving {
    /// With a cookie, by a page of this server.
    Page,
    /// With a token.
    Program,
    /// By a link, perhaps from a page of another origin.
    Link,
}

/// Answers with a file that the caller may read.
pub(crate) async fn serve(
    chat: &Chat,
    file: &ReadableFile,
    headers: &HeaderMap,
    serving: Serving,
) -> Result<Response, Error> {
    let tag = format!("\"{}\"", file.tag);
    let mut answer = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(chat, file, headers, &tag).await?
    };
    let told = answer.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        told.insert(ETAG, tag);
    }
    told.insert(CACHE_CONTROL, cache_control(file, serving));
    told.insert(CONTENT_SECURITY_POLICY, POLICY);
    match serving {
        // Another person at the same browser has another cookie.
        Serving::Page => {
            told.append(VARY, HeaderValue::from_static("cookie"));
        }
        Serving::Program => {
            told.append(VARY, HeaderValue::from_static("authorization, hubbub-as"));
        }
        Serving::Link => {
            told.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
    }
    Ok(answer)
}

/// The content under an address never changes, but the right to read it may end at any time: it is asked for again, with
/// the tag, and answered with 304.
fn cache_control(file: &ReadableFile, serving: Serving) -> HeaderValue {
    let policy = match (serving, file.kept_s) {
        // A link works for a few minutes only, and the right is checked each time.
        (Serving::Link, _) => "private, no-store".to_owned(),
        (_, 0) => "private, no-cache".to_owned(),
        (_, seconds) => format!("private, max-age={seconds}"),
    };
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("no-store"))
}

async fn content(
    chat: &Chat,
    file: &ReadableFile,
    headers: &HeaderMap,
    tag: &str,
) -> Result<Response, Error> {
    // Opened once for its size: the range is judged by what is there.
    let bytes = chat.open_content(file, Some(0..0)).await?.bytes;
    let (status, range) = match part(headers, tag, bytes) {
        Part::Whole => (StatusCode::OK, 0..bytes),
        Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::Outside => return Err(Refusal::RangeBad { bytes }.into()),
    };
    let opened = chat.open_content(file, Some(range.clone())).await?;
    let body = Body::new(FileBody::new(opened.content, range.end - range.start));
    let mut answer = (status, body).into_response();
    answer.extensions_mut().insert(Download);
    let told = answer.headers_mut();
    told.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(media_type) = HeaderValue::from_str(&file.media_type) {
        told.insert(CONTENT_TYPE, media_type);
    }
    told.insert(CONTENT_DISPOSITION, disposition(file.is_inline, &file.name));
    if status == StatusCode::PARTIAL_CONTENT {
        let sent = format!("bytes {}-{}/{bytes}", range.start, range.end - 1);
        if let Ok(sent) = HeaderValue::from_str(&sent) {
            told.insert(CONTENT_RANGE, sent);
        }
    }
    Ok(answer)
}
