use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use crate::config::Config;
use crate::listener::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// From where a request comes: the peer, or whom the operator's own proxy names. A proxy adds the address it
/// saw at the end of the header; what stands before that is the caller's own word and counts for nothing. A
/// proxy is believed if it runs on this machine and the operator has said by which origin it is reached.
pub(crate) fn address(config: &Config, headers: &HeaderMap, Peer(peer): Peer) -> IpAddr {
    let peer = peer.ip().to_canonical();
    if !peer.is_loopback() || config.origin.is_none() {
        return peer;
    }
    let last = headers.get_all(FORWARDED_FOR).iter().next_back();
    let last = last.and_then(|line| line.to_str().ok()?.rsplit(',').next());
    last.and_then(|last| last.trim().parse::<IpAddr>().ok()).map_or(peer, |last| last.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operators_own_proxy_is_believed_and_only_its_own_word() {
        let local = Config::volatile();
        let proxied = Config { origin: Some("https://chat.example.org".into()), ..Config::volatile() };
        let of = |config: &Config, peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            address(config, &headers, Peer(peer.parse().unwrap())).to_string()
        };
        assert_eq!(of(&proxied, "127.0.0.1:5", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, "127.0.0.1:5", &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, "127.0.0.1:5", &["1.2.3.4", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(&proxied, "127.0.0.1:5", &[]), "127.0.0.1");
        assert_eq!(of(&proxied, "127.0.0.1:5", &["nonsense"]), "127.0.0.1");
        assert_eq!(of(&proxied, "198.51.100.7:5", &["203.0.113.9"]), "198.51.100.7");
        assert_eq!(of(&local, "127.0.0.1:5", &["203.0.113.9"]), "127.0.0.1");
        assert_eq!(of(&local, "[::ffff:198.51.100.7]:5", &[]), "198.51.100.7");
    }
}
