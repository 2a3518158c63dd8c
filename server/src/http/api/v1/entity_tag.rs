//! Versions as entity tags: `ETag` and `If-Match`.

use chat::store::Version;
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};
use wire::Refusal;

/// Returns the header with a version.
pub(crate) fn etag(version: Version) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::try_from(format!("\"v{}\"", version.0));
    [(ETAG, value.unwrap_or(HeaderValue::from_static("\"\"")))]
}

/// Returns the version that a request expects; none if it expects nothing.
///
/// # Errors
/// [`Refusal::VersionStale`] for a tag that no version has.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Option<Version>, Refusal> {
    let Some(tag) = headers.get(IF_MATCH) else { return Ok(None) };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let number = tag.strip_prefix("\"v").and_then(|tag| tag.strip_suffix('"'));
    let number = number.and_then(|number| number.parse().ok()).filter(|n| i64::try_from(*n).is_ok());
    number.map(|number| Some(Version(number))).ok_or(Refusal::VersionStale)
}

/// Returns true if a request expects that there is something, in whatever version: `If-Match: *`.
pub(crate) fn expects_any(headers: &HeaderMap) -> bool {
    headers.get(IF_MATCH).is_some_and(|tag| tag.to_str().is_ok_and(|tag| tag.trim() == "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_and_no_other_text_is_one() {
        let of = |tag: &str| expected(&[(IF_MATCH, tag.parse().unwrap())].into_iter().collect());
        let [(_, tag)] = etag(Version(17));
        assert_eq!(of(tag.to_str().unwrap()), Ok(Some(Version(17))));
        assert_eq!(of("*"), Ok(None));
        assert_eq!(expected(&HeaderMap::new()), Ok(None));
        for bad in ["", "v17", "\"17\"", "W/\"v17\"", "\"v\"", "\"v-1\"", "\"v99999999999999999999\""] {
            assert_eq!(of(bad), Err(Refusal::VersionStale), "{bad}");
        }
    }
}
