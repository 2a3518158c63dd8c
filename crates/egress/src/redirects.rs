//! Redirects of HTTP: the request that follows from an answer (RFC 9110, section 15.4).

use bytes::Bytes;
use chat::{HttpFailure, UrlFault};
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use crate::headers;
use crate::policy::Rules;

/// A request to one URL, which was checked.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Hop {
    /// Returns the request to which an answer redirects; none if it does not.
    ///
    /// # Errors
    /// Those of [`Rules::check`] for the new URL.
    pub(crate) fn next(
        &self,
        status: StatusCode,
        answer: &HeaderMap,
        rules: &Rules,
    ) -> Result<Option<Self>, HttpFailure> {
        let to_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return Ok(None),
        };
        let Some(location) = answer.get(header::LOCATION) else { return Ok(None) };
        let wrong = HttpFailure::UrlBad(UrlFault::Syntax);
        let location = location.to_str().map_err(|_| wrong)?;
        let url = rules.check(self.url.join(location).map_err(|_| wrong)?)?;
        let mut next = Self { url, ..self.clone() };
        if to_get {
            next.method = Method::GET;
            next.body = Bytes::new();
            headers::remove_those_of_body(&mut next.headers);
        }
        if next.url.origin() != self.url.origin() {
            headers::keep_harmless(&mut next.headers);
        }
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use chat::HttpPolicy;
    use http::HeaderValue;

    use super::*;

    fn hop(method: Method) -> Hop {
        let headers = [
            ("authorization", "Bearer oolong"),
            ("webhook-signature", "v1,pu-erh"),
            ("accept", "text/html"),
            ("content-type", "application/json"),
        ];
        let mut parsed = HeaderMap::new();
        for (name, value) in headers {
            parsed.insert(name, HeaderValue::from_static(value));
        }
        let url = "https://tea.example/a/b?c".parse().unwrap();
        Hop { method, url, headers: parsed, body: Bytes::from_static(b"{}") }
    }

    fn next(hop: &Hop, status: u16, location: &str) -> Result<Option<Hop>, HttpFailure> {
        let mut answer = HeaderMap::new();
        answer.insert(header::LOCATION, HeaderValue::from_str(location).unwrap());
        let rules = Rules::new(HttpPolicy::Public, Vec::new());
        hop.next(StatusCode::from_u16(status).unwrap(), &answer, &rules)
    }

    #[test]
    fn methods_and_bodies_follow_the_standard() {
        use Method as M;
        for (method, status, then) in [
            (M::POST, 301, M::GET),
            (M::POST, 302, M::GET),
            (M::POST, 303, M::GET),
            (M::PUT, 301, M::PUT),
            (M::PUT, 303, M::GET),
            (M::DELETE, 302, M::DELETE),
            (M::HEAD, 303, M::HEAD),
            (M::POST, 307, M::POST),
            (M::POST, 308, M::POST),
            (M::GET, 308, M::GET),
        ] {
            let next = next(&hop(method.clone()), status, "../x").unwrap().unwrap();
            assert_eq!(
                (&next.method, next.url.as_str()),
                (&then, "https://tea.example/x"),
                "{method} {status}"
            );
            let keeps_body = method == then;
            assert_eq!(next.body.is_empty(), !keeps_body, "{method} {status}");
            assert_eq!(next.headers.contains_key("content-type"), keeps_body, "{method} {status}");
            assert!(next.headers.contains_key("authorization"), "the origin is the same");
        }
        for status in [200, 300, 304, 305, 306, 399, 404] {
            assert!(next(&hop(M::GET), status, "/x").unwrap().is_none(), "{status}");
        }
    }

    #[test]
    fn another_origin_gets_no_credentials() {
        for location in
            ["https://milk.example/", "//milk.example", "http://tea.example/a", "https://www.tea.example"]
        {
            let next = next(&hop(Method::GET), 307, location).unwrap().unwrap();
            let mut names: Vec<&str> = next.headers.keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, ["accept", "content-type"], "{location}");
        }
    }

    #[test]
    fn a_redirect_is_checked_as_a_url_of_a_user_is() {
        for (location, failure) in [
            ("http://127.0.0.1/", HttpFailure::AddressNotPublic),
            ("//[::1]/", HttpFailure::AddressNotPublic),
            ("http://tea.example:6379/", HttpFailure::UrlBad(UrlFault::Port(6379))),
            ("file:///etc/passwd", HttpFailure::UrlBad(UrlFault::Scheme)),
            ("gopher://tea.example/", HttpFailure::UrlBad(UrlFault::Scheme)),
            ("http://ann@tea.example/", HttpFailure::UrlBad(UrlFault::UserInfo)),
            ("http://", HttpFailure::UrlBad(UrlFault::Syntax)),
        ] {
            assert_eq!(next(&hop(Method::GET), 302, location).err(), Some(failure), "{location}");
        }
    }
}
