//! Ranges: the part of a file that a request asks for (RFC 9110, section 14).

use std::ops::Range;

use http::header::{IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue};

/// The part of a file to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: no range is asked for, or one that may be ignored.
    Whole,
    /// These bytes, at least one.
    Bytes(Range<u64>),
    /// None: the range is not within the file.
    Outside,
}

/// Returns the part of a file of so many bytes that a request asks for. Of several ranges none counts, as a server may
/// ignore them.
pub(super) fn part(headers: &HeaderMap, tag: &str, bytes: u64) -> Part {
    let mut lines = headers.get_all(RANGE).iter();
    let (Some(range), None) = (lines.next(), lines.next()) else { return Part::Whole };
    // Only a strong tag says that the rest still fits what the client has.
    if headers.get(IF_RANGE).is_some_and(|known| known.as_bytes() != tag.as_bytes()) {
        return Part::Whole;
    }
    match read(range) {
        Some((Some(first), _)) if first >= bytes => Part::Outside,
        Some((Some(first), last)) => {
            let end = last.map_or(bytes, |last| last.saturating_add(1).min(bytes));
            Part::Bytes(first..end)
        }
        Some((None, Some(suffix))) if suffix == 0 || bytes == 0 => Part::Outside,
        Some((None, Some(suffix))) => Part::Bytes(bytes.saturating_sub(suffix)..bytes),
        Some((None, None)) | None => Part::Whole,
    }
}

/// Reads one range of bytes: its first and last byte, or only the length of a suffix as the second. None if it is
/// anything else.
fn read(range: &HeaderValue) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, set) = range.to_str().ok()?.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let number = |digits: &str| -> Option<Option<u64>> {
        if digits.is_empty() {
            return Some(None);
        }
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        // More than a file can have is as good as its end.
        is_number.then(|| Some(digits.parse().unwrap_or(u64::MAX)))
    };
    match (number(first)?, number(last)?) {
        (Some(first), Some(last)) if last < first => None,
        (None, None) => None,
        both => Some(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str, if_range: Option<&'static str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(range));
        if let Some(tag) = if_range {
            headers.insert(IF_RANGE, HeaderValue::from_static(tag));
        }
        part(&headers, "\"t\"", 1_000)
    }

    #[test]
    fn one_range_within_the_file_is_sent() {
        for (range, bytes) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..1_000),
            ("Bytes= 10-19 ", 10..20),
            ("bytes=990-5000", 990..1_000),
            ("bytes=-5", 995..1_000),
            ("bytes=-5000", 0..1_000),
            ("bytes=5-99999999999999999999999", 5..1_000),
        ] {
            assert_eq!(asked(range, None), Part::Bytes(bytes), "{range}");
        }
    }

    #[test]
    fn what_is_no_range_is_ignored_and_one_past_the_end_is_refused() {
        for range in
            ["bytes=0-1,5-6", "bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "lines=0-1", "0-1", "bytes=+1-2"]
        {
            assert_eq!(asked(range, None), Part::Whole, "{range}");
        }
        for range in ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(range, None), Part::Outside, "{range}");
        }
    }

    #[test]
    fn a_range_counts_only_for_the_content_that_the_client_knows() {
        assert_eq!(asked("bytes=0-0", Some("\"t\"")), Part::Bytes(0..1));
        for other in ["\"u\"", "W/\"t\"", "Mon, 30 Nov 2026 10:00:00 GMT"] {
            assert_eq!(asked("bytes=0-0", Some(other)), Part::Whole, "{other}");
        }
    }
}
