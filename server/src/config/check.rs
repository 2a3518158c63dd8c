//! Validation of settings and their defaults.

use std::net::IpAddr;
use std::str::FromStr;

use chat::{Limits, SignUp};
use ipnet::IpNet;

use super::settings::ServerSettings;
use super::{Config, ConfigError, Connections, OpenTopics, Sockets, StoreChoice, Timeouts};
use crate::middleware::origin_parts;

impl ServerSettings {
    /// Checks the settings; missing ones get the default that their flag's help names.
    pub(super) fn check(self) -> Result<Config, ConfigError> {
        let (limits, sockets) = (Limits::default(), Sockets::default());
        let connections = Connections::default();
        let limits = Limits {
            guests_per_day: at_least_one("guests_per_day", self.guests_per_day, limits.guests_per_day)?,
            group_members: at_least_one("group_members", self.group_members, limits.group_members)?,
            send_burst: at_least_one("send_burst", self.send_burst, limits.send_burst)?,
            send_per_second: rate("send_per_second", self.send_per_second, limits.send_per_second)?,
            open_topics: at_least_one("open_topics_limit", self.open_topics_limit, limits.open_topics)?,
            open_topics_bytes: at_least_one(
                "open_topics_mib",
                self.open_topics_mib,
                limits.open_topics_bytes / MIB,
            )?
            .saturating_mul(MIB),
            publish_burst: at_least_one("publish_burst", self.publish_burst, limits.publish_burst)?,
            publish_per_second: rate(
                "publish_per_second",
                self.publish_per_second,
                limits.publish_per_second,
            )?,
            sign_up: choice("sign_up", self.sign_up, SignUpChoice(limits.sign_up))?.0,
            ..limits
        };
        let sockets = Sockets {
            node: at_least_one("sockets", self.sockets, sockets.node)?,
            user: at_least_one("sockets_per_user", self.sockets_per_user, sockets.user)?,
            address: at_least_one("sockets_per_address", self.sockets_per_address, sockets.address)?,
        };
        let addr = self
            .addr
            .or_else(|| std::env::var("LEPTOS_SITE_ADDR").ok())
            .unwrap_or_else(|| "127.0.0.1:8080".into());
        check_address("addr", &addr, 8080)?;
        if let Some(metrics) = &self.metrics {
            check_address("metrics", metrics, 9464)?;
        }
        let mut config = Config {
            addr,
            data: self.data.unwrap_or_else(|| "./data".into()),
            store: choice("store", self.store, StoreChoice::Sqlite)?,
            origin: self.origin.map(|origin| check_origin(&origin)).transpose()?,
            trusted_proxies: self.trusted_proxies.map(check_proxies).transpose()?,
            open_topics_token: self.open_topics_token.map(check_token).transpose()?,
            connections: Connections {
                node: at_least_one("connections", self.connections, sockets.node)?,
                network: at_least_one(
                    "connections_per_network",
                    self.connections_per_network,
                    connections.network,
                )?,
            },
            open_topics: choice("open_topics", self.open_topics, OpenTopics::Loopback)?,
            bus: self.bus.unwrap_or_else(|| "local".into()),
            metrics: self.metrics,
            log: self.log.unwrap_or_else(|| "warn".into()),
            limits,
            sockets,
            timeouts: Timeouts::default(),
        };
        // The first person on a loopback address has access to this machine; elsewhere it may be anybody.
        config.limits.owner_by_link = !config.is_local() || config.origin.is_some();
        Ok(config)
    }
}

fn check_address(name: &str, addr: &str, port: u16) -> Result<(), ConfigError> {
    let good = |(host, port): (&str, &str)| !host.is_empty() && port.parse::<u16>().is_ok();
    if addr.rsplit_once(':').is_some_and(good) {
        return Ok(());
    }
    Err(ConfigError(format!(
        "{name} = \"{addr}\" is not right; give address and port, such as 127.0.0.1:{port}"
    )))
}

impl FromStr for StoreChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            "memory" => Ok(Self::Memory),
            _ => Err("sqlite or memory"),
        }
    }
}

/// A sign-up setting as the operator writes it.
struct SignUpChoice(SignUp);

impl FromStr for SignUpChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "open" => Ok(Self(SignUp::Open)),
            "invite" => Ok(Self(SignUp::Invite)),
            "closed" => Ok(Self(SignUp::Closed)),
            _ => Err("open, invite or closed"),
        }
    }
}

impl FromStr for OpenTopics {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "loopback" => Ok(Self::Loopback),
            "everyone" => Ok(Self::Everyone),
            "nobody" => Ok(Self::Nobody),
            _ => Err("loopback, everyone or nobody"),
        }
    }
}

fn choice<T: FromStr<Err = &'static str>>(
    key: &str,
    given: Option<String>,
    default: T,
) -> Result<T, ConfigError> {
    let Some(text) = given else { return Ok(default) };
    text.parse().map_err(|right| ConfigError(format!("{key} = \"{text}\" is not right; it is {right}")))
}

fn at_least_one<T: PartialOrd + From<u8>>(key: &str, given: Option<T>, default: T) -> Result<T, ConfigError> {
    match given {
        Some(count) if count < T::from(1) => {
            Err(ConfigError(format!("{key} = 0 is not right; it is at least 1")))
        }
        given => Ok(given.unwrap_or(default)),
    }
}

fn rate(key: &str, given: Option<f64>, default: f64) -> Result<f64, ConfigError> {
    match given {
        Some(rate) if !(rate.is_finite() && rate > 0.0) => {
            Err(ConfigError(format!("{key} = {rate} is not right; it is a number above 0")))
        }
        given => Ok(given.unwrap_or(default)),
    }
}

fn check_proxies(given: Vec<String>) -> Result<Vec<IpNet>, ConfigError> {
    let read = |text: &String| {
        let text = text.trim();
        let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let right = "give addresses or networks, such as 10.0.0.0/8";
        net.ok_or_else(|| ConfigError(format!("trusted_proxies = \"{text}\" is not right; {right}")))
    };
    given.iter().filter(|text| !text.trim().is_empty()).map(read).collect()
}

fn check_token(token: String) -> Result<String, ConfigError> {
    if token.len() >= TOKEN_BYTES && token.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(ConfigError(format!(
        "open_topics_token is not right; give at least {TOKEN_BYTES} visible ASCII characters without spaces"
    )))
}

/// The bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// The shortest token for open topics: it cannot be guessed at the rate limit of open topics.
const TOKEN_BYTES: usize = 16;

/// Checks an origin: a scheme and a host, and a port unless it is the scheme's default, as browsers send it in
/// `Origin`.
fn check_origin(given: &str) -> Result<String, ConfigError> {
    let wrong = || {
        let right = "give scheme and host, such as https://chat.example.org";
        ConfigError(format!("origin = \"{given}\" is not right; {right}"))
    };
    let uri: http::Uri = given.parse().map_err(|_| wrong())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme @ ("http" | "https")), Some(authority))
            if matches!(uri.path(), "/" | "") && uri.query().is_none() =>
        {
            let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
            let (usual, own) = origin_parts(&origin).ok_or_else(wrong)?;
            let port = own.port().filter(|port| *port != usual);
            let bare = authority.host().to_ascii_lowercase();
            Ok(port.map_or_else(|| format!("{scheme}://{bare}"), |port| format!("{scheme}://{bare}:{port}")))
        }
        _ => Err(wrong()),
    }
}
