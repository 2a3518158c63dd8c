//! Public addresses: those of global unicast, by the registries of special-purpose addresses (IANA, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The IPv4 ranges that are not public.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // shared by a provider's customers
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // relays of 6to4
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarking
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, and broadcast
];

/// The range of global unicast of IPv6.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// The ranges within it that are not public. Those of Teredo and 6to4 contain IPv4 addresses, and no server is there.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarking, ORCHID
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// Addresses of IPv4 as a gateway gives them to hosts that have IPv6 only (NAT64, RFC 6052).
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// The services that tell machines of a cloud their credentials. Some have addresses that look public.
const METADATA: [IpAddr; 10] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), // most clouds
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),   // containers at AWS
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),  // Kubernetes at AWS
    IpAddr::V4(Ipv4Addr::new(169, 254, 0, 23)),    // Tencent
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), // Alibaba
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),     // Oracle
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),   // Azure
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)), // AWS
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023)), // Kubernetes at AWS
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)), // Google
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// Returns true if an address is one of global unicast, and of no metadata service.
pub(crate) fn is_public(address: IpAddr) -> bool {
    if is_metadata(address) {
        return false;
    }
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|range| range.contains(&address)),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped().or_else(|| behind_nat64(address)) {
        return is_public(IpAddr::V4(inner));
    }
    let inner_is_public = behind_isatap(address).is_none_or(|inner| is_public(IpAddr::V4(inner)));
    GLOBAL_V6.contains(&address)
        && !SPECIAL_V6.iter().any(|range| range.contains(&address))
        && inner_is_public
}

/// Returns true if the address is that of a metadata service.
pub(crate) fn is_metadata(address: IpAddr) -> bool {
    METADATA.contains(&unwrapped(address))
}

/// Returns true if a host can have the address: it is neither unspecified, nor broadcast, nor multicast.
pub(crate) fn is_of_a_host(address: IpAddr) -> bool {
    let address = unwrapped(address);
    let is_broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    !address.is_unspecified() && !address.is_multicast() && !is_broadcast
}

/// Returns the address of IPv4 within one of IPv6 that leads there, and others as they are.
fn unwrapped(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(outer) => behind_nat64(outer).map_or(address, IpAddr::V4),
        address => address,
    }
}

fn behind_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    NAT64.contains(&address).then(|| last_four(address))
}

/// Returns the address behind a tunnel within a site (ISATAP, RFC 5214).
fn behind_isatap(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., e, f, _, _] = address.segments();
    (matches!(e, 0 | 0x0200) && f == 0x5efe).then(|| last_four(address))
}

const fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
