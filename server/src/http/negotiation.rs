//! Headers by which a client says what it sends and what it takes (RFC 9110).

use std::cmp::Reverse;

use http::header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};

/// Returns true for a browser without our script: it follows redirects and reads HTML.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    elements(headers, &ACCEPT).iter().any(|range| {
        let mut parts = range.split(';').map(str::trim);
        parts.next().is_some_and(|media| media.eq_ignore_ascii_case("text/html")) && weight(parts) > 0.0
    })
}

/// A form in which a resource is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Representation {
    /// A page.
    Html,
    /// The JSON of the API.
    Json,
    /// Plain text, one line a message.
    Text,
    /// A stream of server-sent events.
    Events,
}

impl Representation {
    /// Returns the media type.
    pub(crate) const fn media(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Events => "text/event-stream",
        }
    }

    /// Returns the offer that a client prefers by `Accept` (RFC 9110, section 12.5.1). Of offers with the same weight,
    /// one that is named precedes one that a wildcard includes, then the order in the header decides, and then that of
    /// the offers. A client that accepts none of them gets the first.
    pub(crate) fn preferred<const N: usize>(headers: &HeaderMap, offers: [Self; N]) -> Self {
        let ranges: Vec<(&str, f32)> = elements(headers, &ACCEPT).into_iter().map(media_range).collect();
        let rank = |offer: Self| {
            // The most specific range decides about an offer.
            let matching = ranges.iter().enumerate().filter_map(|(place, (range, weight))| {
                Some((specificity(range, offer.media())?, *weight, place))
            });
            let (precision, weight, place) =
                matching.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
            Some((weight, precision, Reverse(place))).filter(|_| weight > 0.0)
        };
        let ranked = offers.into_iter().filter_map(|offer| Some((offer, rank(offer)?)));
        // Of equal ones the first.
        let best = ranked.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(offers[0], |(offer, _)| offer)
    }
}

/// Returns the media type of an element of `Accept`, and its weight.
fn media_range(element: &str) -> (&str, f32) {
    let mut parts = element.split(';').map(str::trim);
    (parts.next().unwrap_or_default(), weight(parts))
}

/// Returns how precisely a range of `Accept` names a media type, 0 for `*/*` to 2; none if it does not include it.
fn specificity(range: &str, media: &str) -> Option<u8> {
    if range == "*/*" {
        return Some(0);
    }
    let (kind, _) = media.split_once('/')?;
    match range.split_once('/')? {
        (given, "*") => given.eq_ignore_ascii_case(kind).then_some(1),
        _ => range.eq_ignore_ascii_case(media).then_some(2),
    }
}

/// Returns true if the body has this media type, whatever its parameters are.
pub(crate) fn is_media_type(headers: &HeaderMap, media: &str) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let essence = line.to_str().ok().and_then(|line| line.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media))
}

/// Returns true if `If-None-Match` has this entity tag. The comparison is weak (RFC 9110, section 13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let own = etag.strip_prefix("W/").unwrap_or(etag);
    elements(headers, &IF_NONE_MATCH)
        .iter()
        .any(|known| *known == "*" || known.strip_prefix("W/").unwrap_or(known) == own)
}

/// Returns true if the client accepts this content coding (RFC 9110, section 12.5.3).
#[cfg(any(test, feature = "embed"))]
pub(crate) fn takes_coding(headers: &HeaderMap, coding: &str) -> bool {
    let mut any = false;
    for offer in elements(headers, &http::header::ACCEPT_ENCODING) {
        let mut parts = offer.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let takes = weight(parts) > 0.0;
        if name.eq_ignore_ascii_case(coding) {
            return takes;
        }
        if name == "*" {
            any = takes;
        }
    }
    any
}

/// Returns the weight among an element's parameters, 1 if there is none and 0 if it is not a number.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let weight = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

/// Returns the elements of a list by their weight, the preferred ones first and without those of weight 0.
pub(crate) fn by_weight<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let weighted = elements(headers, name).into_iter().filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let name = parts.next()?;
        Some((name, weight(parts))).filter(|(_, weight)| *weight > 0.0)
    });
    let mut weighted: Vec<(&str, f32)> = weighted.collect();
    // Stable: elements of the same weight stay in their order.
    weighted.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    weighted.into_iter().map(|(name, _)| name).collect()
}

/// Returns the elements of a list, from all lines of a header. Commas within quotes do not separate.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| {
            let mut quoted = false;
            line.split(move |c| {
                quoted ^= c == '"';
                c == ',' && !quoted
            })
        })
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), line.parse().unwrap())).collect()
    }

    #[test]
    fn a_client_that_has_the_entity_is_told_so_in_every_form_of_the_header() {
        for lines in [
            &[r#""abc""#][..],
            &[r#"W/"abc""#],
            &[r#""x", "abc""#],
            &[r#""x,y" , W/"abc""#],
            &[r#""x""#, r#""abc""#],
            &["*"],
        ] {
            assert!(is_known(&with(IF_NONE_MATCH, lines), r#""abc""#), "{lines:?}");
            assert!(is_known(&with(IF_NONE_MATCH, lines), r#"W/"abc""#), "{lines:?}");
        }
        for lines in [&[][..], &[r#""x""#], &["abc"], &[r#""a,"abc"""#], &[r#""ab""#]] {
            assert!(!is_known(&with(IF_NONE_MATCH, lines), r#""abc""#), "{lines:?}");
        }
    }

    #[test]
    fn a_coding_with_weight_0_is_not_used_however_0_is_written() {
        let takes = |line: &str| takes_coding(&with(http::header::ACCEPT_ENCODING, &[line]), "br");
        for line in ["br", "gzip, BR", "gzip;q=1, br;q=0.001", "*", "*;q=0.5, gzip;q=0"] {
            assert!(takes(line), "{line}");
        }
        for line in ["", "gzip", "br;q=0", "br; q=0.000", "br ;Q=0.0", "*;q=0", "*, br;q=0", "br;q=x"] {
            assert!(!takes(line), "{line}");
        }
    }

    #[test]
    fn only_a_client_that_takes_html_gets_pages() {
        for line in ["text/html", "application/json;q=0.1, Text/HTML;q=0.9", "text/html;level=1"] {
            assert!(wants_html(&with(ACCEPT, &[line])), "{line}");
        }
        for line in ["", "*/*", "application/json", "text/html;q=0", "text/html-like", "x;a=text/html"] {
            assert!(!wants_html(&with(ACCEPT, &[line])), "{line}");
        }
    }

    #[test]
    fn a_client_gets_the_form_that_it_prefers_by_weight_and_then_by_name() {
        use Representation::{Events, Html, Json, Text};
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (line, expected) in [
            (browser, Html),
            ("", Html),
            ("*/*", Html),
            ("image/png", Html),
            ("application/json", Json),
            ("Application/JSON; charset=utf-8", Json),
            ("text/html;q=0.5, application/json", Json),
            ("application/json;q=0.5, text/html", Html),
            ("text/plain", Text),
            ("text/*", Html),
            ("text/*, text/html;q=0", Text),
            ("*/*, text/html;q=0.1", Json),
            ("text/event-stream, */*", Events),
            ("*/*;q=0.9, text/plain;q=0.9", Text),
            ("text/plain, application/json", Text),
            ("application/json, text/plain", Json),
            ("text/event-stream;q=0, application/json;q=0.001", Json),
            ("application/json;q=nonsense, text/plain;q=0.1", Text),
        ] {
            let offers = [Html, Json, Text, Events];
            assert_eq!(Representation::preferred(&with(ACCEPT, &[line]), offers), expected, "{line}");
        }
        let lines = with(ACCEPT, &["application/json;q=0.2", "text/plain;q=0.3"]);
        assert_eq!(Representation::preferred(&lines, [Html, Json, Text, Events]), Text);
        assert_eq!(Representation::preferred(&HeaderMap::new(), [Text, Json]), Text);
    }

    #[test]
    fn languages_are_taken_in_the_order_of_their_weights() {
        let order = |line: &str| {
            let headers = with(http::header::ACCEPT_LANGUAGE, &[line]);
            by_weight(&headers, &http::header::ACCEPT_LANGUAGE).join(" ")
        };
        assert_eq!(order("de-CH, en;q=0.8, de;q=0.9, *;q=0.1"), "de-CH de en *");
        assert_eq!(order("fr;q=0, en, ar"), "en ar");
        assert_eq!(order("en;q=x"), "");
    }

    #[test]
    fn a_media_type_is_compared_as_a_whole() {
        for line in ["application/json", "Application/JSON; charset=utf-8", " application/json ;x=y"] {
            assert!(is_media_type(&with(CONTENT_TYPE, &[line]), "application/json"), "{line}");
        }
        for lines in [&[][..], &["application/jsonx"], &["text/plain"], &["application/json", "text/plain"]] {
            assert!(!is_media_type(&with(CONTENT_TYPE, lines), "application/json"), "{lines:?}");
        }
    }
}
