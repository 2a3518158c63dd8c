//! Authorities: hosts with an optional port, in `Host` headers and origins.

use std::net::Ipv6Addr;

use http::header::HOST;
use http::{HeaderMap, Uri, Version};

/// A host with an optional port, as in `Host` and in an origin (RFC 9110, section 7.2), parsed strictly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    name: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses a host with or without a port; none if it has a user, a space, or anything else that no host has.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (name, rest) = match text.strip_prefix('[') {
            Some(rest) => {
                let (name, rest) = rest.split_once(']')?;
                name.parse::<Ipv6Addr>().ok()?;
                (name, rest)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        if name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            None => return None,
            Some("") => None,
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
        };
        Some(Self { name, port })
    }

    /// Returns the authority of a request; none if the request does not name exactly one.
    pub(crate) fn of_request(headers: &'a HeaderMap, uri: &Uri, version: Version) -> Option<Self> {
        let mut lines = headers.get_all(HOST).iter();
        let host = match (lines.next(), lines.next()) {
            (Some(host), None) => host.to_str().ok()?,
            // HTTP/1.0 has no `Host`; such a request never names this server.
            (None, _) if version < Version::HTTP_11 => "unnamed",
            _ => return None,
        };
        // A target in absolute form names the host a second time.
        let same = uri.authority().is_none_or(|other| other.as_str().eq_ignore_ascii_case(host));
        Self::parse(host).filter(|_| same)
    }

    /// Returns true if both are the same host and port in a scheme with the default port `usual`.
    pub(crate) fn is(self, other: Authority<'_>, usual: u16) -> bool {
        self.name.eq_ignore_ascii_case(other.name)
            && self.port.unwrap_or(usual) == other.port.unwrap_or(usual)
    }

    /// Returns true if it is a name of this machine.
    pub(crate) fn is_loopback(self) -> bool {
        self.name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
            || self.name.eq_ignore_ascii_case("localhost")
    }

    /// Returns the port, if there is one.
    pub(crate) const fn port(self) -> Option<u16> {
        self.port
    }
}

/// Parses the `Host` of a request whose host has been checked.
pub(crate) fn host(headers: &HeaderMap) -> Option<Authority<'_>> {
    Authority::parse(headers.get(HOST)?.to_str().ok()?)
}

/// Splits an origin into the default port of its scheme and its authority; none if it is not the origin of a page.
pub(crate) fn origin_parts(origin: &str) -> Option<(u16, Authority<'_>)> {
    let (scheme, authority) = origin.split_once("://")?;
    let usual = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => 443,
        _ if scheme.eq_ignore_ascii_case("http") => 80,
        _ => return None,
    };
    Some((usual, Authority::parse(authority)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_read_as_one() {
        for good in ["localhost", "a.example:443", "127.0.0.1:1", "[::1]:8080", "[::1]", "a_b.example", "a:"]
        {
            assert!(Authority::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            ":80",
            "ann@a.example",
            "a.example:http",
            "a.example:80:80",
            "[::1]evil",
            "[::1",
            "[evil]",
            "::1",
            "a.example:+80",
            "a.example:99999",
            "a.example/",
            "a example",
            "a.example,b.example",
            "[::1]@evil",
        ] {
            assert_eq!(Authority::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_usual_port_is_the_same_as_none() {
        let is =
            |a: &str, b: &str, usual| Authority::parse(a).unwrap().is(Authority::parse(b).unwrap(), usual);
        assert!(is("chat.example.org:443", "Chat.Example.org", 443));
        assert!(is("chat.example.org", "chat.example.org:80", 80));
        assert!(!is("chat.example.org:80", "chat.example.org", 443));
        assert!(!is("chat.example.org.", "chat.example.org", 443));
    }
}
