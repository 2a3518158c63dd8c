//! Addresses that are not public are reached by no form of them, by no name, and by no redirect.

mod world;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chat::{HttpClient as _, HttpFailure, HttpPolicy, HttpRequest, UrlFault};
use egress::{Egress, EgressConfig};
use proptest::prelude::*;
use world::{Net, PUBLIC, egress, get, listener, redirect, reply, send_as};

/// Addresses that are not public, as a name may lead to them, one a line.
const NOT_PUBLIC: &str = include_str!("forms/not_public.txt");

/// Hosts of URLs that mean such an address once they are parsed, one a line. Some contain invisible characters.
const WRITTEN: &str = include_str!("forms/written.txt");

/// URLs that are refused for their form.
const MALFORMED: &[&str] = &[
    "http://127.0.0.1:80:80/",
    "http://256.256.256.256/",
    "http://127.0.0.1.5/",
    "http://0x100000000/",
    "http://[::1",
    "http://[::1%25lo]/",
    "http://[fe80::1%25eth0]/",
    "http://[127.0.0.1]/",
    "http://",
    "http:///",
    "http://\\127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http://tea.example\\@127.0.0.1/",
    "http://tea.example@127.0.0.1/",
    "http://tea.example:80@127.0.0.1/",
    "http://ann:oolong@tea.example/",
    "http://127.0.0.1 .tea.example/",
    " http://127.0.0.1/",
    "http://127.0.0.1\t/",
    "ht\ntp://127.0.0.1/",
    "http://tea.example\r\nhost: x/",
    "//127.0.0.1/",
    "/etc/passwd",
    "127.0.0.1:80",
    "file:///etc/passwd",
    "file://127.0.0.1/",
    "gopher://127.0.0.1:6379/_x",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/",
    "ldap://127.0.0.1/",
    "ws://127.0.0.1/",
    "unix:/run/x",
    "data:text/html,tea",
    "javascript:1",
    "jar:http://127.0.0.1!/",
    "http://tea.example:0/",
    "http://tea.example:22/",
    "http://tea.example:6379/",
    "https://tea.example:8443/",
    "http://tea.example:65536/",
    "http://a..b%00c/",
    "",
];

const PUBLIC_POLICIES: [HttpPolicy; 2] = [HttpPolicy::Public, HttpPolicy::PublicHttps];

/// A listener that counts connections. Every address and every dial leads to it.
struct Canary {
    accepted: Arc<AtomicUsize>,
    addr: SocketAddr,
}

impl Canary {
    async fn start() -> Self {
        let (listener, accepted) = (listener().await, Arc::new(AtomicUsize::new(0)));
        let (addr, counter) = (listener.local_addr().unwrap(), Arc::clone(&accepted));
        // Each answer ends its connection, so that there is one a request.
        world::serve_counted(listener, counter, |_| reply(200, "connection: close\r\n", "a bird"));
        Self { accepted, addr }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn caged(config: &EgressConfig) -> (Canary, Net, Egress) {
    let (canary, net) = (Canary::start().await, Net::default());
    net.lead_to(canary.addr);
    let egress = egress(&net, config);
    (canary, net, egress)
}

/// Returns the rows of [`NOT_PUBLIC`].
fn not_public() -> impl Iterator<Item = &'static str> {
    NOT_PUBLIC.lines()
}

/// Returns each of these addresses as the host of a URL.
fn hosts() -> impl Iterator<Item = String> {
    not_public().map(bracketed).chain(WRITTEN.lines().map(str::to_owned))
}

fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

fn is_refusal(failure: HttpFailure) -> bool {
    matches!(failure, HttpFailure::AddressNotPublic | HttpFailure::UrlBad(_))
}

#[test]
fn the_tables_have_two_hundred_rows() {
    let rows: Vec<&str> = not_public().chain(WRITTEN.lines()).chain(MALFORMED.iter().copied()).collect();
    assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "each row once");
    assert!(rows.len() >= 200, "{}", rows.len());
}

#[tokio::test]
async fn the_canary_notices_what_is_allowed() {
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    let hosts = [
        "8.8.8.8",
        "[2606:4700::1111]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::8.8.8.8]",
        "134744072",
        "tea.example",
    ];
    net.name("tea.example", &[&[PUBLIC, "2606:4700::1111"]]);
    for (count, host) in hosts.iter().enumerate() {
        let answer = send_as(&egress, &format!("http://{host}/"), HttpPolicy::Public).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"a bird"[..]));
        assert_eq!(canary.accepted(), count + 1, "{host}");
    }
    assert_eq!(
        net.dialed()[2].ip(),
        IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
        "mapped addresses are dialed as IPv4"
    );
    // TLS fails, as no authority is trusted, but not before there was a connection.
    for policy in PUBLIC_POLICIES {
        let failure = send_as(&egress, "https://8.8.8.8/", policy).await.unwrap_err();
        assert_eq!(failure.code(), "tls_failed");
    }
    assert_eq!(canary.accepted(), hosts.len() + 2);
}

#[tokio::test]
async fn no_form_of_an_address_that_is_not_public_is_reached() {
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    // If the system knew the name in this form, it would lead there.
    net.name("localhost", &[&["127.0.0.1"]]);
    net.name("localhost.", &[&["127.0.0.1", "::1"]]);
    for host in hosts() {
        for url in [format!("http://{host}/x"), format!("https://{host}/x"), format!("http://{host}:443/x")] {
            for policy in PUBLIC_POLICIES {
                let failure = send_as(&egress, &url, policy).await.unwrap_err();
                assert!(is_refusal(failure), "{url}: {failure:?}");
                let saved = egress.check_url(&url, policy);
                let is_name = saved.as_ref().is_ok_and(|saved| saved.contains("://localhost"));
                assert!(is_name || saved.is_err_and(is_refusal), "{url} is refused when it is saved");
            }
        }
    }
    assert_eq!((canary.accepted(), net.dialed()), (0, Vec::new()));
}

#[tokio::test]
async fn no_malformed_url_is_called() {
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    net.name("tea.example", &[&[PUBLIC]]);
    for url in MALFORMED {
        for policy in PUBLIC_POLICIES {
            let failure = send_as(&egress, url, policy).await.unwrap_err();
            assert!(is_refusal(failure), "{url}: {failure:?}");
            assert_eq!(egress.check_url(url, policy), Err(failure), "{url}");
        }
    }
    let not_https = HttpFailure::UrlBad(UrlFault::NotHttps);
    assert_eq!(send_as(&egress, "http://tea.example/", HttpPolicy::PublicHttps).await, Err(not_https));
    assert_eq!((canary.accepted(), net.lookups()), (0, 0));
}

#[tokio::test]
async fn no_name_that_leads_to_an_address_that_is_not_public_is_reached() {
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    let mut lookups = 0;
    for address in not_public() {
        let answers: [&[&str]; 4] =
            [&[address], &[PUBLIC, address], &[address, PUBLIC], &[PUBLIC, "2606:4700::1111", address]];
        for answer in answers {
            for (scheme, policy) in [
                ("http", HttpPolicy::Public),
                ("https", HttpPolicy::Public),
                ("https", HttpPolicy::PublicHttps),
            ] {
                net.name("tea.example", &[answer]);
                let refused = send_as(&egress, &format!("{scheme}://tea.example/"), policy).await;
                assert_eq!(refused, Err(HttpFailure::AddressNotPublic), "{answer:?}");
                lookups += 1;
            }
        }
    }
    assert_eq!((canary.accepted(), net.dialed(), net.lookups()), (0, Vec::new(), lookups));
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_checked_each_time_and_looked_up_once() {
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    for (round, private) in not_public().enumerate() {
        net.name("tea.example", &[&[PUBLIC], &[private]]);
        let url = "http://tea.example/";
        assert!(send_as(&egress, url, HttpPolicy::Public).await.is_ok());
        assert_eq!(send_as(&egress, url, HttpPolicy::Public).await, Err(HttpFailure::AddressNotPublic));
        assert_eq!((canary.accepted(), net.lookups()), (round + 1, 2 * (round + 1)));
    }
    let public: SocketAddr = format!("{PUBLIC}:80").parse().unwrap();
    assert!(net.dialed().iter().all(|address| *address == public));
}

#[tokio::test]
async fn a_refusal_never_says_to_which_address_a_name_leads() {
    let (_, net, egress) = caged(&EgressConfig::default()).await;
    net.name("tea.example", &[&["10.11.12.13"]]);
    let failure = send_as(&egress, "http://tea.example/", HttpPolicy::Public).await.unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains("10.11"), "{failure}");
}

#[tokio::test]
async fn trusted_urls_lead_anywhere_but_in_plain_text_to_public_addresses() {
    let not_https = HttpFailure::UrlBad(UrlFault::NotHttps);
    let (canary, net, egress) = caged(&EgressConfig::default()).await;
    net.name("idp.example", &[&["10.0.0.7"]]);
    net.name("tea.example", &[&[PUBLIC]]);
    net.name("both.example", &[&["10.0.0.7", PUBLIC]]);
    for url in
        ["http://127.0.0.1:9000/", "http://[::1]:9/", "http://10.0.0.7:8080/", "http://idp.example:1234/"]
    {
        assert!(send_as(&egress, url, HttpPolicy::Trusted).await.is_ok(), "{url}");
    }
    assert_eq!(canary.accepted(), 4);
    for url in
        ["http://8.8.8.8/", "http://tea.example:9000/", "http://both.example/", "http://[::ffff:8.8.8.8]/"]
    {
        assert_eq!(send_as(&egress, url, HttpPolicy::Trusted).await, Err(not_https), "{url}");
    }
    assert_eq!(canary.accepted(), 4);
    let failure = send_as(&egress, "https://tea.example:9000/", HttpPolicy::Trusted).await.unwrap_err();
    assert_eq!((failure.code(), canary.accepted()), ("tls_failed", 5));
}

#[tokio::test]
async fn what_the_operator_opens_is_open_and_its_neighbours_are_not() {
    let open =
        ["10.0.0.0/8:8080", "[fd00::/8]:443", "192.168.7.7", "public:8443", "169.254.0.0/16", "64:ff9b::/96"];
    let open = open.map(|range| range.parse().unwrap()).to_vec();
    let (canary, net, egress) = caged(&EgressConfig { open, ..EgressConfig::default() }).await;
    net.name("intranet.example", &[&["10.1.2.3"]]);
    let reached = [
        "http://10.1.2.3:8080/",
        "http://intranet.example:8080/",
        "http://192.168.7.7/",
        "http://192.168.7.7:443/",
        "http://[::ffff:10.1.2.3]:8080/",
        "http://8.8.8.8:8443/",
        "http://[fd00::1]:443/",
    ];
    for url in reached {
        assert!(send_as(&egress, url, HttpPolicy::Public).await.is_ok(), "{url}");
    }
    for url in [
        "http://10.1.2.3/",
        "http://11.1.2.3:8080/",
        "http://10.1.2.3:8443/",
        "http://intranet.example/",
        "http://192.168.7.8/",
        "http://192.168.7.7:8080/",
        "http://8.8.8.8:8080/",
        "http://[fd00::1]/",
        "http://[fd00:ec2::254]:443/",
        "http://169.254.169.254/",
        "http://[64:ff9b::169.254.169.254]/",
        "http://127.0.0.1:8080/",
    ] {
        let refused = send_as(&egress, url, HttpPolicy::Public).await;
        assert_eq!(refused, Err(HttpFailure::AddressNotPublic), "{url}");
    }
    assert_eq!(canary.accepted(), reached.len());
}

#[tokio::test]
async fn the_network_of_this_machine_is_guarded_as_that_of_the_tests_is() {
    let canary = Canary::start().await;
    let port = canary.addr.port();
    let config = |open: &str| {
        let open = format!("{open}:{port}").parse().unwrap();
        EgressConfig { open: vec![open], ..EgressConfig::default() }
    };
    // The port is open on public addresses, so that it is the address for which each is refused.
    let guarded = Egress::new(&config("public"));
    for host in hosts() {
        let url = format!("http://{host}:{port}/");
        let failure = send_as(&guarded, &url, HttpPolicy::Public).await.unwrap_err();
        assert!(is_refusal(failure) || failure == HttpFailure::NameUnknown, "{url}: {failure:?}");
    }
    assert_eq!(canary.accepted(), 0);
    let open = Egress::new(&config("127.0.0.1"));
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"] {
        assert!(
            send_as(&open, &format!("http://{host}:{port}/"), HttpPolicy::Public).await.is_ok(),
            "{host}"
        );
    }
    assert_eq!(canary.accepted(), 3);
}

#[tokio::test]
async fn no_redirect_leads_to_an_address_that_is_not_public() {
    let listener = listener().await;
    let (net, egress) = world::to(&listener);
    net.name("inside.example", &[&["10.0.0.1"]]);
    let hosts: Vec<String> = hosts().chain(["inside.example".to_owned()]).collect();
    let locations = hosts.clone();
    world::serve(listener, move |request| {
        let line: usize = request[0].split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        redirect(302, &format!("http://{}/", locations[line]))
    });
    for (line, host) in hosts.iter().enumerate() {
        let url = format!("http://tea.example/{line}");
        let failure = egress.send(HttpRequest { redirects: 3, ..get(&url) }).await.unwrap_err();
        // A name that is not ASCII has to be encoded in a header, and `localhost` is not a name in this world.
        assert!(is_refusal(failure) || failure == HttpFailure::NameUnknown, "{host}: {failure:?}");
    }
    let public: SocketAddr = format!("{PUBLIC}:80").parse().unwrap();
    assert!(net.dialed().iter().all(|address| *address == public), "{:?}", net.dialed());
}

/// The special ranges again, as the registries list them.
const RANGES: &[(&str, u32)] = &[
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
];

proptest! {
    #[test]
    fn no_address_of_a_special_range_passes_in_any_form(range in 0..RANGES.len(), bits: u32, rest: [u16; 8]) {
        let (base, prefix) = RANGES[range];
        let address = Ipv4Addr::from(u32::from(base.parse::<Ipv4Addr>().unwrap()) | (bits >> prefix));
        let [a, b, c, d] = address.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let outer = |[a, b, c, d, e, f]: [u16; 6]| Ipv6Addr::from([a, b, c, d, e, f, high, low]);
        let mut global = rest;
        global[0] = 0x2002;
        (global[1], global[2]) = (high, low);
        let forms = [
            address.to_string(),
            u32::from(address).to_string(),
            format!("0x{:x}", u32::from(address)),
            format!("0{:o}.0x{b:x}.{}", a, u16::from_be_bytes([c, d])),
            format!("[{}]", outer([0, 0, 0, 0, 0, 0xffff])),
            format!("[{}]", outer([0; 6])),
            format!("[{}]", outer([0x64, 0xff9b, 0, 0, 0, 0])),
            format!("[{}]", outer([0x64, 0xff9b, 1, rest[3], rest[4], rest[5]])),
            format!("[{}]", Ipv6Addr::from(global)),
        ];
        let egress = egress(&Net::default(), &EgressConfig::default());
        for form in forms {
            let checked = egress.check_url(&format!("https://{form}/"), HttpPolicy::Public);
            prop_assert_eq!(checked, Err(HttpFailure::AddressNotPublic), "{}", form);
        }
    }
}
