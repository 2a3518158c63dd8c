//! Headers of requests and answers.

use chat::HttpFailure;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};

/// The name that requests give if they have no other.
const USER_AGENT: HeaderValue = HeaderValue::from_static("Hubbub");

/// The headers that the client itself sets, or that concern the connection.
const OWN: [HeaderName; 11] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
];

/// The headers that another origin may have: none of them can be a secret.
const HARMLESS: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
];

/// Parses the headers of a request.
///
/// # Errors
/// [`HttpFailure::RequestBad`] for one that is invalid, or that is not for others to set.
pub(crate) fn parse(given: &[(String, String)]) -> Result<HeaderMap, HttpFailure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = name.parse::<HeaderName>().map_err(|_| HttpFailure::RequestBad)?;
        let value = value.parse::<HeaderValue>().map_err(|_| HttpFailure::RequestBad)?;
        if OWN.contains(&name) {
            return Err(HttpFailure::RequestBad);
        }
        headers.try_append(name, value).map_err(|_| HttpFailure::RequestBad)?;
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    Ok(headers)
}

/// Returns headers as text; bytes that are no UTF-8 are replaced.
pub(crate) fn to_text(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Removes the headers that may have secrets of the origin to which they were sent.
pub(crate) fn keep_harmless(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| !HARMLESS.contains(name)).cloned().collect();
    names.iter().for_each(|name| drop(headers.remove(name)));
}

/// Removes the headers that describe a body.
pub(crate) fn remove_those_of_body(headers: &mut HeaderMap) {
    let names = headers.keys().filter(|name| name.as_str().starts_with("content-") || *name == "digest");
    let names: Vec<HeaderName> = names.cloned().collect();
    names.iter().for_each(|name| drop(headers.remove(name)));
}
