//! The network of a client: an IPv4 address or an IPv6 /64, the key of limits.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of a client address, as every rate and connection limit counts it: one IPv4 address, or one IPv6 /64.
///
/// A single host usually has a whole IPv6 /64 (RFC 6177), so a limit per IPv6 address is no limit. An IPv4-mapped
/// IPv6 address (`::ffff:192.0.2.1`), as a dual-stack listener reports it, is its IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// The first four of the eight groups of an IPv6 address.
    V6([u16; 4]),
}

impl Network {
    /// Returns the network of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self::of(address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(v4) => v4.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(*a, *b, *c, *d, 0, 0, 0, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv4_address_is_one_network_however_it_is_written() {
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_ne!(of("192.0.2.1"), of("::"), "mapped addresses do not share one network");
        assert_eq!(of("::ffff:192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(of("2001:db8:0:7::1").to_string(), "2001:db8:0:7::/64");
    }

    proptest! {
        #[test]
        fn an_ipv6_network_is_its_first_64_bits(high in 1_u64.., one: u64, other: u64) {
            let address = |high: u64, low: u64| IpAddr::V6((u128::from(high) << 64 | u128::from(low)).into());
            prop_assert_eq!(Network::of(address(high, one)), Network::of(address(high, other)));
            prop_assert_ne!(Network::of(address(high, one)), Network::of(address(high ^ 1 << 32, one)));
        }
    }
}
