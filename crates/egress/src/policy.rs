//! SSRF rules of the policies: which URLs and addresses a request may use.

use std::net::{IpAddr, SocketAddr};

use chat::{HttpFailure, HttpPolicy, URL_BYTES, UrlFault};
use url::{Host, Url};

use crate::addresses::{is_metadata, is_of_a_host, is_public};
use crate::open_range::{OpenRange, USUAL_PORTS};

/// The rules of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    policy: HttpPolicy,
    open: Vec<OpenRange>,
}

impl Rules {
    /// Creates the rules of a policy. What is open matters to those for users only.
    pub(crate) const fn new(policy: HttpPolicy, open: Vec<OpenRange>) -> Self {
        Self { policy, open }
    }

    /// Parses a URL and checks it, the address included if its host is one. Drops the fragment.
    ///
    /// The parser is that of the URL standard, as in browsers: it turns `127.1`, `0x7f000001`, `2130706433`, full-width
    /// digits and percent-encoded hosts into the address that they mean.
    pub(crate) fn parse(&self, text: &str) -> Result<Url, HttpFailure> {
        let is_odd = |byte: u8| byte <= b' ' || byte == 0x7f || byte == b'\\';
        if text.len() > URL_BYTES || text.bytes().any(is_odd) {
            return Err(HttpFailure::UrlBad(UrlFault::Syntax));
        }
        let url = Url::parse(text).map_err(|_| HttpFailure::UrlBad(UrlFault::Syntax))?;
        self.check(url)
    }

    /// Checks a URL, such as that of a redirect. Drops the fragment.
    pub(crate) fn check(&self, mut url: Url) -> Result<Url, HttpFailure> {
        url.set_fragment(None);
        self.check_parts(&url).map_err(HttpFailure::UrlBad)?;
        let port = url.port_or_known_default().unwrap_or_default();
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(url),
        };
        if self.allows(SocketAddr::new(address, port), url.scheme() == "https") {
            return Ok(url);
        }
        Err(self.refusal())
    }

    /// Returns the failure for an address that is not allowed.
    pub(crate) const fn refusal(&self) -> HttpFailure {
        match self.policy {
            HttpPolicy::Trusted => HttpFailure::UrlBad(UrlFault::NotHttps),
            HttpPolicy::Public | HttpPolicy::PublicHttps => HttpFailure::AddressNotPublic,
        }
    }

    fn check_parts(&self, url: &Url) -> Result<(), UrlFault> {
        match (url.scheme(), self.policy) {
            ("http", HttpPolicy::PublicHttps) => return Err(UrlFault::NotHttps),
            ("https" | "http", _) => {}
            _ => return Err(UrlFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::UserInfo);
        }
        if url.as_str().len() > URL_BYTES {
            return Err(UrlFault::Syntax);
        }
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or(UrlFault::Port(0))?;
        let is_open = USUAL_PORTS.contains(&port) || self.open.iter().any(|range| range.has_port(port));
        if is_open || self.policy == HttpPolicy::Trusted { Ok(()) } else { Err(UrlFault::Port(port)) }
    }

    /// Returns true if a connection to this address may be opened.
    pub(crate) fn allows(&self, address: SocketAddr, is_https: bool) -> bool {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let is_public = is_public(ip);
        match self.policy {
            HttpPolicy::Trusted => is_https || !is_public,
            HttpPolicy::PublicHttps if !is_https => false,
            HttpPolicy::Public | HttpPolicy::PublicHttps => {
                (is_public && USUAL_PORTS.contains(&port)) || self.is_opened(ip, is_public, port)
            }
        }
    }

    /// Returns true if the operator has opened the address: a metadata service by itself, and not with a range.
    fn is_opened(&self, ip: IpAddr, is_public: bool, port: u16) -> bool {
        let is_metadata = is_metadata(ip);
        let opens =
            |range: &OpenRange| range.opens(ip, is_public, port) && (!is_metadata || range.is_single());
        is_of_a_host(ip) && self.open.iter().any(opens)
    }
}
