//! Validation of settings and their defaults.

use std::net::IpAddr;
use std::num::{NonZero, NonZeroU64};

use chat::rules::RetentionDays;
use chat::{FileLimits, Limits, MasterSecret, SignUp};
use egress::{OpenRange, OpenRangeError};
use ipnet::IpNet;

use super::choices::SignUpChoice;
use super::providers;
use super::settings::ServerSettings;
use super::store_choice::first_line;
use super::{Config, ConfigError, Connections, OpenTopics, Sockets, StoreChoice, Timeouts};
use crate::middleware::origin_parts;

impl ServerSettings {
    /// Checks the settings; missing ones get the default that their flag's help names.
    pub(super) fn check(self) -> Result<Config, ConfigError> {
        let data = self.data.clone().unwrap_or_else(|| "./data".into());
        let (store, secret) = (StoreChoice::of(&self, &data)?, self.checked_secret()?);
        let (limits, sockets) = (Limits::default(), Sockets::default());
        let connections = Connections::default();
        let limits = Limits {
            guests_per_day: self.guests_per_day.map_or(limits.guests_per_day, NonZero::get),
            newcomer_burst: self.guest_burst.map_or(limits.newcomer_burst, NonZero::get),
            newcomers_per_minute: rate(
                "guests_per_minute",
                self.guests_per_minute,
                limits.newcomers_per_minute,
            )?,
            group_members: self.group_members.map_or(limits.group_members, NonZero::get),
            application_users: self.application_users.map_or(limits.application_users, NonZero::get),
            application_conversations: self
                .application_conversations
                .map_or(limits.application_conversations, NonZero::get),
            send_burst: self.send_burst.map_or(limits.send_burst, NonZero::get),
            send_per_second: rate("send_per_second", self.send_per_second, limits.send_per_second)?,
            token_send_burst: self.token_send_burst.map_or(limits.token_send_burst, NonZero::get),
            token_sends_per_second: rate(
                "token_sends_per_second",
                self.token_sends_per_second,
                limits.token_sends_per_second,
            )?,
            token_request_burst: self.token_request_burst.map_or(limits.token_request_burst, NonZero::get),
            token_requests_per_second: rate(
                "token_requests_per_second",
                self.token_requests_per_second,
                limits.token_requests_per_second,
            )?,
            hook_burst: self.hook_burst.map_or(limits.hook_burst, NonZero::get),
            hook_posts_per_second: rate(
                "hook_posts_per_second",
                self.hook_posts_per_second,
                limits.hook_posts_per_second,
            )?,
            open_topics: self.open_topics_limit.map_or(limits.open_topics, NonZero::get),
            open_topics_bytes: self
                .open_topics_mib
                .map_or(limits.open_topics_bytes, |mib| mib.get().saturating_mul(MIB)),
            publish_burst: self.publish_burst.map_or(limits.publish_burst, NonZero::get),
            publish_per_second: rate(
                "publish_per_second",
                self.publish_per_second,
                limits.publish_per_second,
            )?,
            files: FileLimits {
                file_bytes: mib(self.file_mib, limits.files.file_bytes),
                user_bytes: mib(self.user_files_mib, limits.files.user_bytes),
                application_bytes: mib(self.application_files_mib, limits.files.application_bytes),
                floor_bytes: self
                    .files_floor_mib
                    .map_or(limits.files.floor_bytes, |mib| mib.saturating_mul(MIB)),
                ..limits.files
            },
            sign_up: self.sign_up.map_or(limits.sign_up, SignUp::from),
            retention: RetentionDays {
                messages: days(self.message_days, limits.retention.messages),
                user_logs: days(self.user_log_days, limits.retention.user_logs),
                audit: days(self.audit_days, limits.retention.audit),
            },
            ..limits
        };
        let sockets = Sockets {
            node: self.sockets.map_or(sockets.node, NonZero::get),
            user: self.sockets_per_user.map_or(sockets.user, NonZero::get),
            network: self.sockets_per_network.map_or(sockets.network, NonZero::get),
        };
        let addr = self
            .addr
            .or_else(|| std::env::var("LEPTOS_SITE_ADDR").ok().filter(|addr| !addr.is_empty()))
            .unwrap_or_else(|| "127.0.0.1:8080".into());
        check_address("addr", &addr, 8080)?;
        if let Some(metrics) = &self.metrics {
            check_address("metrics", metrics, 9464)?;
        }
        let mut config = Config {
            addr,
            data,
            bus: check_bus(self.bus, &store)?,
            store,
            blobs: self.blobs,
            origin: self.origin.map(|origin| check_origin(&origin)).transpose()?,
            trusted_proxies: self.trusted_proxies.map(check_proxies).transpose()?,
            providers: providers::check(self.providers, limits.sign_up)?,
            egress_open: check_egress(self.egress_open.unwrap_or_default())?,
            open_topics_token: self.open_topics_token.map(check_token).transpose()?,
            secret,
            connections: Connections {
                node: self.connections.map_or(sockets.node, NonZero::get),
                network: self.connections_per_network.map_or(connections.network, NonZero::get),
            },
            open_topics: self.open_topics.unwrap_or(OpenTopics::Loopback),
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

impl From<SignUpChoice> for SignUp {
    fn from(choice: SignUpChoice) -> Self {
        match choice {
            SignUpChoice::Open => Self::Open,
            SignUpChoice::Invite => Self::Invite,
            SignUpChoice::Closed => Self::Closed,
        }
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

fn rate(key: &str, given: Option<f64>, default: f64) -> Result<f64, ConfigError> {
    match given {
        Some(rate) if !(rate.is_finite() && rate > 0.0) => {
            Err(ConfigError(format!("{key} = {rate} is not right; it is a number above 0")))
        }
        given => Ok(given.unwrap_or(default)),
    }
}

/// Returns the bytes of a number of MiB.
fn mib(given: Option<NonZeroU64>, default: u64) -> u64 {
    given.map_or(default, |mib| mib.get().saturating_mul(MIB))
}

/// Returns a number of days, of which 0 is never.
fn days(given: Option<u32>, default: Option<u32>) -> Option<u32> {
    given.map_or(default, |days| Some(days).filter(|days| *days > 0))
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

fn check_egress(given: Vec<String>) -> Result<Vec<OpenRange>, ConfigError> {
    let read = |text: &str| {
        let wrong =
            |error: OpenRangeError| ConfigError(format!("egress_open = \"{text}\" is not right; {error}"));
        text.parse().map_err(wrong)
    };
    given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(read).collect()
}

fn check_token(token: String) -> Result<String, ConfigError> {
    if token.len() >= TOKEN_BYTES && token.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(ConfigError(format!(
        "open_topics_token is not right; give at least {TOKEN_BYTES} visible ASCII characters without spaces"
    )))
}

impl ServerSettings {
    /// Returns the master secret, from the settings or from a file of the operator's.
    fn checked_secret(&self) -> Result<Option<MasterSecret>, ConfigError> {
        let (setting, secret) = match (&self.secret, &self.secret_file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError("secret and secret_file are both set; set one of them".into()));
            }
            (Some(secret), None) => ("secret", secret.clone()),
            (None, Some(file)) => ("secret_file", first_line("secret_file", file)?),
            (None, None) => return Ok(None),
        };
        let right = "give 64 hexadecimal digits, as `openssl rand -hex 32` prints them";
        let wrong = || ConfigError(format!("{setting} is not right; {right}"));
        MasterSecret::parse(&secret).map(Some).ok_or_else(wrong)
    }
}

/// Several nodes need a store that they share, which a file or the memory of one of them is not.
fn check_bus(given: Option<String>, store: &StoreChoice) -> Result<bus::Address, ConfigError> {
    let usual = if store.postgres().is_some() { bus::Address::None } else { bus::Address::Local };
    let bus = given.map_or(Ok(usual), |given| bus::Address::parse(&given));
    let bus = bus.map_err(|error| ConfigError(error.to_string()))?;
    if bus == bus::Address::Local && store.postgres().is_some() {
        return Err(ConfigError(
            "bus = \"local\" reaches no other node of a PostgreSQL database; leave bus out, or give the address of Redis or \
             NATS, such as redis://127.0.0.1:6379"
                .into(),
        ));
    }
    if bus != bus::Address::Local && store.postgres().is_none() {
        return Err(ConfigError(format!(
            "bus = \"{}\" is for several nodes, and only one can use store = \"{}\"; leave bus out, or set store to a \
             PostgreSQL database",
            bus.without_password(),
            store.name()
        )));
    }
    Ok(bus)
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
