//! The client's address of a request, through trusted proxies.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, VIA};
use http::{HeaderMap, HeaderName};

use super::authority::host;
use crate::config::Config;
use crate::http::listener::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers by which a proxy forwards the client's address.
const FORWARDING: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// Returns the address that a request comes from: the peer, or the client that trusted proxies name. Each proxy appends
/// the address it saw to `X-Forwarded-For`, so the header is read from its end for as long as the address reached so
/// far is a trusted proxy; everything before that is the caller's own claim. An entry that is not an address ends the
/// reading, and the proxy that passed it on counts as the client.
pub(crate) fn address(config: &Config, headers: &HeaderMap, Peer(peer): Peer) -> IpAddr {
    let mut client = peer.ip().to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let lines: Vec<_> = lines.collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !config.trusts(client) {
            break;
        }
        match hop_address(hop) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// Returns true if a request comes from this machine without any proxy: its client needs no limits. A proxy on this
/// machine forwards the `Host` of its own clients, or adds a header.
pub(crate) fn is_local_client(headers: &HeaderMap, Peer(peer): Peer) -> bool {
    peer.ip().to_canonical().is_loopback()
        && !FORWARDING.iter().any(|name| headers.contains_key(name))
        && host(headers).is_some_and(|host| host.is_loopback())
}

/// Parses an entry of `X-Forwarded-For`: an address, perhaps in brackets, with a port or with a zone, perhaps quoted.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let bare = bare.split('%').next().unwrap_or_default();
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxied() -> Config {
        Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() }
    }

    fn behind(proxies: &[&str]) -> Config {
        let trusted = proxies.iter().map(|net| net.parse().unwrap()).collect();
        Config { trusted_proxies: Some(trusted), ..proxied() }
    }

    fn of(config: &Config, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        address(config, &headers, Peer(peer.parse().unwrap())).to_string()
    }

    #[test]
    fn only_the_operators_own_proxy_is_believed_and_only_its_own_word() {
        let proxied = proxied();
        let here = "127.0.0.1:5";
        assert_eq!(of(&proxied, here, &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, here, &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, here, &["1.2.3.4", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, here, &[]), "127.0.0.1");
        assert_eq!(of(&proxied, "198.51.100.7:5", &["203.0.113.9"]), "198.51.100.7");
        let local = Config::volatile();
        assert_eq!(of(&local, here, &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(of(&local, "[::ffff:198.51.100.7]:5", &[]), "198.51.100.7");
    }

    #[test]
    fn everybody_behind_proxies_on_other_machines_has_an_address_of_their_own() {
        let config = behind(&["10.0.0.0/8", "2001:db8:1::/48"]);
        assert_eq!(of(&config, "10.1.2.3:5", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&config, "10.1.2.3:5", &["6.6.6.6, 203.0.113.9, 10.9.9.9"]), "203.0.113.9");
        assert_eq!(of(&config, "[2001:db8:1::7]:5", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&config, "[::ffff:10.1.2.3]:5", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&config, "10.1.2.3:5", &["10.0.0.7"]), "10.0.0.7", "a client among the proxies");
        assert_eq!(of(&config, "127.0.0.1:5", &["203.0.113.9"]), "127.0.0.1", "not in the list");
    }

    #[test]
    fn ports_and_brackets_are_read_and_what_is_no_address_counts_for_the_proxy() {
        let config = behind(&["10.0.0.0/8"]);
        for (hop, address) in [
            ("203.0.113.9:1234", "203.0.113.9"),
            ("[2001:db8::9]:1234", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("\"[2001:db8::9]:1234\"", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("fe80::1%eth0", "fe80::1"),
            ("unknown", "10.1.2.3"),
            ("_hidden", "10.1.2.3"),
            ("", "10.1.2.3"),
            ("203.0.113.9:port", "10.1.2.3"),
            ("203.0.113.999", "10.1.2.3"),
            ("6.6.6.6, nonsense", "10.1.2.3"),
        ] {
            assert_eq!(of(&config, "10.1.2.3:5", &[hop]), address, "{hop}");
        }
    }

    #[test]
    fn only_a_client_on_this_machine_that_no_proxy_brings_goes_without_limits() {
        let local = |peer: &str, lines: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "localhost:8080".parse().unwrap());
            for (name, value) in lines {
                headers.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            is_local_client(&headers, Peer(peer.parse().unwrap()))
        };
        assert!(local("127.0.0.1:5", &[]));
        assert!(local("[::1]:5", &[("host", "[::1]:8080")]));
        assert!(!local("127.0.0.1:5", &[("x-forwarded-for", "nonsense")]));
        assert!(!local("127.0.0.1:5", &[("x-forwarded-for", "127.0.0.1")]));
        assert!(!local("127.0.0.1:5", &[("host", "chat.example.org")]), "a proxy that hides itself");
        assert!(!local("203.0.113.9:5", &[]));
    }

    proptest! {
        /// Nobody can choose a client address with data before the proxy's own entry.
        #[test]
        fn what_a_caller_sends_never_counts(said in "[ -~]{0,40}") {
            let config = behind(&["10.0.0.0/8"]);
            prop_assert_eq!(of(&config, "10.1.2.3:5", &[&format!("{said}, 203.0.113.9")]), "203.0.113.9");
            prop_assert_eq!(of(&config, "203.0.113.9:5", &[&said]), "203.0.113.9");
        }
    }
}
