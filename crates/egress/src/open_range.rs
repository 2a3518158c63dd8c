//! Ranges of addresses that the operator opens for users.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Addresses, and the ports on which they may be called: `10.0.0.0/8:8080`, `[fd00::/8]:443`, `10.0.0.7` for ports 80 and
/// 443, or `public:8443` for all public addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRange {
    hosts: Hosts,
    /// None for 80 and 443.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hosts {
    Public,
    Net(IpNet),
}

/// The ports that are open on public addresses, and on a range without a port.
pub(crate) const USUAL_PORTS: [u16; 2] = [80, 443];

/// The reason that a text is no range: one sentence that says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRangeError(String);

impl OpenRange {
    /// Returns true if the range opens the port on some address.
    pub(crate) fn has_port(&self, port: u16) -> bool {
        self.port.map_or_else(|| USUAL_PORTS.contains(&port), |open| open == port)
    }

    /// Returns true if the range opens the port on this address, which is in its canonical form.
    pub(crate) fn opens(&self, address: IpAddr, is_public: bool, port: u16) -> bool {
        let is_within = match self.hosts {
            Hosts::Public => is_public,
            Hosts::Net(net) => net.contains(&address),
        };
        is_within && self.has_port(port)
    }

    /// Returns true if the range is a single address.
    pub(crate) fn is_single(&self) -> bool {
        matches!(self.hosts, Hosts::Net(net) if net.prefix_len() == net.max_prefix_len())
    }
}

impl FromStr for OpenRange {
    type Err = OpenRangeError;

    fn from_str(text: &str) -> Result<Self, OpenRangeError> {
        let wrong = |says: &str| OpenRangeError(says.to_owned());
        let (hosts, port) = split(text).ok_or_else(|| wrong(USUAL))?;
        let port = match port {
            None => None,
            Some(port) => match port.parse() {
                Ok(port @ 1..) if !port_has_sign(text) => Some(port),
                _ => return Err(wrong("a port is a number from 1 to 65535")),
            },
        };
        if hosts == "public" {
            return match port {
                Some(_) => Ok(Self { hosts: Hosts::Public, port }),
                None => Err(wrong("add the port to open on all public addresses, such as public:8443")),
            };
        }
        let net = hosts.parse().or_else(|_| hosts.parse::<IpAddr>().map(IpNet::from));
        let net: IpNet = net.map_err(|_| wrong(USUAL))?;
        if net.prefix_len() == 0 {
            return Err(wrong(
                "it would open every private address; give public:PORT for the public ones, or a range",
            ));
        }
        if net.trunc() != net {
            return Err(OpenRangeError(format!(
                "the address has bits beyond its prefix; write {} or the single address",
                net.trunc()
            )));
        }
        if matches!(net, IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some()) {
            return Err(wrong("write the IPv4 range without ::ffff:"));
        }
        Ok(Self { hosts: Hosts::Net(net), port })
    }
}

const USUAL: &str = "give a range and a port, such as 10.0.0.0/8:8080 or [fd00::/8]:443, a range without a port for 80 \
                     and 443, or public:8443";

/// Splits the port off. IPv6 with a port is in brackets.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (hosts, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((hosts, None)),
            rest => Some((hosts, Some(rest.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        Some((hosts, port)) if !port.contains(':') => Some((hosts, Some(port))),
        _ => Some((text, None)),
    }
}

fn port_has_sign(text: &str) -> bool {
    text.contains('+')
}

impl fmt::Display for OpenRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hosts, port } = self;
        match (hosts, port) {
            (Hosts::Public, _) => f.write_str("public")?,
            (Hosts::Net(net @ IpNet::V6(_)), Some(_)) => write!(f, "[{net}]")?,
            (Hosts::Net(net), _) => net.fmt(f)?,
        }
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for OpenRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenRangeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_write_ranges_as_they_know_them() {
        for (text, shown) in [
            ("10.0.0.0/8:8080", "10.0.0.0/8:8080"),
            ("[fd00::/8]:443", "[fd00::/8]:443"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("fd00::/8", "fd00::/8"),
            ("[fd00::/8]", "fd00::/8"),
            ("127.0.0.1:3000", "127.0.0.1/32:3000"),
            ("[::1]:3000", "[::1/128]:3000"),
            ("::1", "::1/128"),
            ("public:8443", "public:8443"),
        ] {
            assert_eq!(text.parse::<OpenRange>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_wrong_range_is_told_what_would_be_right() {
        for (text, says) in [
            ("", "10.0.0.0/8:8080"),
            ("intranet", "10.0.0.0/8:8080"),
            ("intranet:80", "10.0.0.0/8:8080"),
            ("10.0.0.0/33", "10.0.0.0/8:8080"),
            ("10.0.0/8", "10.0.0.0/8:8080"),
            ("fd00::/8:443", "[fd00::/8]:443"),
            ("[fd00::/8", "[fd00::/8]:443"),
            ("[fd00::/8]443", "[fd00::/8]:443"),
            ("10.0.0.0/8:0", "from 1 to 65535"),
            ("10.0.0.0/8:65536", "from 1 to 65535"),
            ("10.0.0.0/8:", "from 1 to 65535"),
            ("10.0.0.0/8:+80", "from 1 to 65535"),
            ("10.0.0.0/8:http", "from 1 to 65535"),
            ("10.1.2.3/8:80", "write 10.0.0.0/8"),
            ("0.0.0.0/0:80", "public:PORT"),
            ("::/0", "public:PORT"),
            ("public", "public:8443"),
            ("::ffff:10.0.0.0/104", "without ::ffff:"),
        ] {
            let wrong = text.parse::<OpenRange>().unwrap_err().to_string();
            assert!(wrong.contains(says), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_range_opens_its_ports_and_no_others() {
        let opens = |range: &str, address: &str, port| {
            let address: IpAddr = address.parse().unwrap();
            let is_public = crate::addresses::is_public(address);
            range.parse::<OpenRange>().unwrap().opens(address, is_public, port)
        };
        assert!(opens("10.0.0.0/8:8080", "10.9.8.7", 8080));
        assert!(!opens("10.0.0.0/8:8080", "10.9.8.7", 80) && !opens("10.0.0.0/8:8080", "11.0.0.1", 8080));
        assert!(opens("10.0.0.0/8", "10.9.8.7", 80) && opens("10.0.0.0/8", "10.9.8.7", 443));
        assert!(!opens("10.0.0.0/8", "10.9.8.7", 8080));
        assert!(opens("public:8443", "8.8.8.8", 8443) && !opens("public:8443", "10.9.8.7", 8443));
        assert!(opens("fd00::/8", "fd12::1", 443) && !opens("fd00::/8", "fe80::1", 443));
    }
}
