//! The checked configuration of a server.

mod app_commands;
mod check;
mod choices;
mod import_commands;
mod providers;
mod settings;
mod store_choice;
mod variables;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use chat::{Limits, MasterSecret, Provider};
use clap::ValueEnum;
use egress::OpenRange;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use self::settings::{Cli, Task};
pub use self::store_choice::StoreChoice;
pub(crate) use self::variables::UnknownVariable;

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub addr: String,
    /// The data folder.
    pub data: PathBuf,
    /// The storage backend.
    pub store: StoreChoice,
    /// The folder of uploaded files, if it is not in the data folder.
    pub blobs: Option<PathBuf>,
    /// The public origin (`scheme://host[:port]`), if it is not the address itself.
    pub origin: Option<String>,
    /// The proxies whose `X-Forwarded-For` is trusted; if none are given, those on this machine once there is an
    /// origin.
    pub trusted_proxies: Option<Vec<IpNet>>,
    /// The addresses that URLs of users may lead to besides public ones.
    pub egress_open: Vec<OpenRange>,
    /// The providers of OpenID Connect by which people sign in.
    pub providers: Vec<Provider>,
    /// The callers that may use open topics without a token.
    pub open_topics: OpenTopics,
    /// The token for open topics.
    pub open_topics_token: Option<String>,
    /// The master secret; without one it is in the data folder.
    pub secret: Option<MasterSecret>,
    /// The bus between nodes.
    pub bus: bus::Address,
    /// The address to serve metrics on, if any.
    pub metrics: Option<String>,
    /// The log level or filter.
    pub log: String,
    /// The domain's limits.
    pub limits: Limits,
    /// The limits of WebSockets.
    pub sockets: Sockets,
    /// The limits of the listener.
    pub connections: Connections,
    /// The times after which slow or silent connections are closed.
    pub timeouts: Timeouts,
}

/// The callers that may use open topics without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OpenTopics {
    /// Callers on this machine
    Loopback,
    /// Every caller, on whatever machine
    Everyone,
    /// No caller; everyone needs the token
    Nobody,
}

/// The limits of open sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// In all on this node.
    pub node: usize,
    /// For each user.
    pub user: usize,
    /// For each network.
    pub network: usize,
}

/// The limit of open HTTP connections that are not WebSockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// In all on this node.
    pub node: usize,
    /// For each network: an IPv4 address, or an IPv6 /64.
    pub network: usize,
}

/// The timeouts of connections, requests and shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To receive the whole header of a request: from its first byte on, and on a new connection from its start on.
    pub header: Duration,
    /// For a connection to stay open without a request after the previous one.
    pub idle: Duration,
    /// To receive the first frame of a socket.
    pub first_frame: Duration,
    /// The ping interval: the time of silence before a socket is pinged.
    pub silence: Duration,
    /// To receive the answer to a ping.
    pub pong: Duration,
    /// For a blocked socket to accept any bytes.
    pub stall: Duration,
    /// For the reader of a file to take any bytes of it; up to twice as long.
    pub download: Duration,
    /// For a socket to accept its last frames, and for a request in progress at shutdown.
    pub goodbye: Duration,
    /// For the whole shutdown.
    pub shutdown: Duration,
}

/// An invalid setting: one sentence that says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Sockets {
    fn default() -> Self {
        Self { node: 10_000, user: 10, network: 50 }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self { node: 10_000, network: 256 }
    }
}

impl Timeouts {
    /// Returns the shortest timeout of a socket.
    pub(crate) fn shortest(&self) -> Duration {
        self.first_frame.min(self.silence).min(self.pong).min(self.stall)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            // Longer than the usual 60 seconds of proxies: the side that sends requests should be the one that closes.
            idle: Duration::from_secs(75),
            first_frame: Duration::from_secs(10),
            silence: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            download: Duration::from_secs(30),
            goodbye: Duration::from_secs(3),
            shutdown: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Reads flags, environment variables and the settings file.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn read(cli: Cli) -> Result<Self, ConfigError> {
        cli.settings()?.check()
    }

    /// Logs the environment variables that are probably misspelled settings.
    pub fn warn_of_misspelled_variables() {
        for variable in Cli::unknown_variables().iter().filter(|variable| variable.is_misspelled()) {
            tracing::warn!("{variable}");
        }
    }

    /// Returns the configuration of an in-memory server on any free port of this machine, as tests use it.
    #[must_use]
    pub fn volatile() -> Self {
        Self {
            addr: "127.0.0.1:0".into(),
            data: PathBuf::new(),
            store: StoreChoice::Memory,
            blobs: None,
            origin: None,
            trusted_proxies: None,
            egress_open: Vec::new(),
            providers: Vec::new(),
            open_topics: OpenTopics::Loopback,
            open_topics_token: None,
            secret: None,
            bus: bus::Address::Local,
            metrics: None,
            log: "warn".into(),
            limits: Limits::default(),
            sockets: Sockets::default(),
            connections: Connections::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// Returns the folder of uploaded files; with `--store memory` there is none.
    #[must_use]
    pub fn blobs_folder(&self) -> PathBuf {
        self.blobs.clone().unwrap_or_else(|| self.data.join("blobs"))
    }

    /// Returns true if the address is that of a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        match &self.trusted_proxies {
            Some(nets) => nets.iter().any(|net| net.contains(&address)),
            None => self.origin.is_some() && address.is_loopback(),
        }
    }

    /// Describes the location of the data.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.store {
            StoreChoice::Sqlite => format!("Data is in {}", self.data.display()),
            StoreChoice::Memory => "Data is in memory only and goes when it ends".into(),
            StoreChoice::Postgres(database) => format!("Data is in {}", database.shown()),
        }
    }

    /// Returns the URL at which people open the server: the origin, or else the address it listens on.
    pub(crate) fn url_at(&self, addr: &str) -> String {
        if let Some(origin) = &self.origin {
            return origin.clone();
        }
        let (host, port) = addr.rsplit_once(':').unwrap_or((addr, "8080"));
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if ip.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified()) {
            return format!("http://localhost:{port}");
        }
        format!("http://{addr}")
    }

    /// Returns true if the server only answers callers on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.addr.rsplit_once(':').map_or(self.addr.as_str(), |(host, _)| host);
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::settings::ServerSettings;
    use super::*;

    fn config(file: &str) -> Result<Config, ConfigError> {
        toml::from_str::<ServerSettings>(file).map_err(|error| ConfigError(error.to_string()))?.check()
    }

    #[test]
    fn a_server_without_settings_is_local_durable_and_closed_to_strangers() {
        let config = config("").unwrap();
        assert_eq!((&config.store, config.open_topics), (&StoreChoice::Sqlite, OpenTopics::Loopback));
        assert!(config.is_local());
        for (addr, local) in
            [("0.0.0.0:80", false), ("[::1]:8080", true), ("localhost:1", true), ("10.0.0.1:1", false)]
        {
            assert_eq!(Config { addr: addr.into(), ..config.clone() }.is_local(), local, "{addr}");
        }
    }

    #[test]
    fn links_lead_to_the_origin_or_to_the_address_that_others_reach() {
        let with = |origin: Option<&str>, addr: &str| {
            Config { origin: origin.map(str::to_owned), ..config("").unwrap() }.url_at(addr)
        };
        assert_eq!(with(Some("https://chat.example.org"), "10.0.0.1:80"), "https://chat.example.org");
        for (addr, url) in [
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("[::]:9", "http://localhost:9"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("10.0.0.1:80", "http://10.0.0.1:80"),
            ("[2001:db8::7]:81", "http://[2001:db8::7]:81"),
            ("tea.example.org:82", "http://tea.example.org:82"),
        ] {
            assert_eq!(with(None, addr), url);
        }
    }

    #[test]
    fn the_first_comer_owns_only_a_server_that_nobody_else_reaches() {
        assert!(!config("").unwrap().limits.owner_by_link);
        for public in
            ["addr = \"0.0.0.0:8080\"", "origin = \"https://chat.example.org\"", "addr = \"10.0.0.1:80\""]
        {
            assert!(config(public).unwrap().limits.owner_by_link, "{public}");
        }
    }

    #[test]
    fn every_wrong_setting_is_told_what_would_be_right() {
        for (file, says) in [
            ("store = \"mysql\"", "it is sqlite, memory, or an address such as postgres://hubbub@"),
            ("store = \"mysql://root:Tieguanyin@db/tea\"", "store is not right"),
            ("store = \"postgres://127.0.0.1/tea\"", "it names no user"),
            ("store = \"postgres://ann@127.0.0.1/tea\"\nreaders = 0", "expected a nonzero"),
            ("store = \"postgres://ann@127.0.0.1/tea\"\nnode_name = \" \"", "1 to 64 characters"),
            ("store = \"postgres://ann@127.0.0.1/tea\"\nfailover = \"none\"", "`epoch` or `lossless`"),
            (
                "store = \"postgres://ann@127.0.0.1/tea\"\nstore_password_file = \"/nowhere/x\"",
                "store_password_file = \"/nowhere/x\" cannot be read",
            ),
            ("secret_file = \"/nowhere/x\"", "secret_file = \"/nowhere/x\" cannot be read"),
            ("bus = \"redis://127.0.0.1\"", "only one can use store = \"sqlite\""),
            ("bus = \"none\"\nstore = \"memory\"", "only one can use store = \"memory\""),
            (
                "bus = \"local\"\nstore = \"postgres://ann@127.0.0.1/tea\"",
                "leave bus out, or give the address of Redis",
            ),
            ("addr = \"8080\"", "127.0.0.1:8080"),
            ("addr = \"localhost:http\"", "127.0.0.1:8080"),
            ("open_topics = \"yes\"", "expected one of `loopback`, `everyone`, `nobody`"),
            ("sign_up = \"no\"", "expected one of `open`, `invite`, `closed`"),
            ("origin = \"chat.example.org\"", "https://chat.example.org"),
            ("origin = \"https://chat.example.org/path\"", "https://chat.example.org"),
            ("origin = \"https://ann@chat.example.org\"", "https://chat.example.org"),
            ("trusted_proxies = [\"proxy\"]", "10.0.0.0/8"),
            (
                "egress_open = [\"intranet:80\"]",
                "egress_open = \"intranet:80\" is not right; give a range and a port",
            ),
            ("egress_open = [\"10.0.0.0/8\", \"0.0.0.0/0:80\"]", "public:PORT"),
            ("open_topics_token = \"short\"", "at least 16"),
            ("secret = \"short\"", "64 hexadecimal digits"),
            ("sockets = 0", "expected a nonzero"),
            ("guests_per_day = 0", "guests_per_day = 0"),
            ("send_per_second = -1.0", "above 0"),
            ("publish_per_second = 0.0", "publish_per_second = 0 is not right; it is a number above 0"),
            ("open_topics_limit = 0", "expected a nonzero"),
            ("open_topics_mib = 0", "expected a nonzero"),
            ("bus = \"amqp://127.0.0.1\"", "it is local, none, redis://…, rediss://…, nats://… or tls://…"),
            ("bus = \"redis://127.0.0.1\"", "is for several nodes, and only one can use store"),
            (
                "bus = \"nats://127.0.0.1\"\nstore = \"memory\"",
                "is for several nodes, and only one can use store",
            ),
            ("colour = \"red\"", "unknown field"),
        ] {
            let wrong = config(file).unwrap_err();
            assert!(wrong.0.contains(says) && !wrong.0.contains("Tieguanyin"), "{file}: {wrong}");
        }
    }

    #[test]
    fn a_variable_that_nothing_reads_is_found_with_the_one_that_was_meant() {
        let found = |name: &str| {
            let found = Cli::unknown_among([name, "HUBBUB_BUS", "HUBBUB_CONFIG", "PATH"].map(Into::into));
            found.iter().map(ToString::to_string).collect::<String>()
        };
        for (name, meant) in [
            ("HUBBUB_TRUSTED_PROXY", "HUBBUB_TRUSTED_PROXIES"),
            ("HUBBUB_STORE_PASWORD", "HUBBUB_STORE_PASSWORD"),
            ("HUBBUB_SECRETFILE", "HUBBUB_SECRET_FILE"),
            ("HUBBUB_origin", "HUBBUB_ORIGIN"),
            ("HUBBUB_SIGNUP", "HUBBUB_SIGN_UP"),
            ("HUBBUB_ADR", "HUBBUB_ADDR"),
        ] {
            assert!(
                found(name)
                    .contains(&format!("{name} is not a setting, so it does nothing; did you mean {meant}?")),
                "{}",
                found(name)
            );
        }
        assert!(
            found("HUBBUB_DATABASE_URL").contains("hubbub serve --help lists them"),
            "{}",
            found("HUBBUB_DATABASE_URL")
        );
        for right in ["HUBBUB_SECRET", "HUBBUB_STORE", "HUB", "hubbub_bus"] {
            assert_eq!(found(right), "");
        }
    }

    #[test]
    fn secrets_come_from_files_and_never_show() {
        let folder = tempfile::tempdir().unwrap();
        let [password, secret] = ["password", "secret"].map(|name| folder.path().join(name));
        fs::write(&password, "Tieguanyin\n").unwrap();
        fs::write(&secret, format!("{}\n", "a7".repeat(32))).unwrap();
        let file = format!(
            "store = \"postgres://ann@db/tea?sslmode=disable\"\nstore_password_file = {password:?}\n\
             secret_file = {secret:?}\nreaders = 3\nwriters = 2\nnode_name = \"left\""
        );
        let given = config(&file).unwrap();
        assert_eq!(given.secret, MasterSecret::parse(&"a7".repeat(32)));
        let inside = "store = \"postgres://ann:Tieguanyin@db/tea?sslmode=disable\"\nreaders = 3\nwriters = 2\n\
                      node_name = \"left\"";
        let inside = config(inside).unwrap();
        assert_eq!(given.store, inside.store, "the password is the same");
        assert_eq!(given.store.postgres().unwrap().connections(), 6);
        for config in [&given, &inside] {
            assert_eq!(config.place(), "Data is in postgres://ann@db:5432/tea");
            assert!(!format!("{config:?}").contains("Tieguanyin"), "{config:?}");
        }
        let twice = config(&format!("{file}\nstore_password = \"x\"")).unwrap_err();
        assert!(twice.0.contains("set one of them"), "{twice}");
    }

    #[test]
    fn an_origin_with_its_usual_port_is_the_same_as_without() {
        let origin = |given: &str| config(&format!("origin = \"{given}\"")).unwrap().origin.unwrap();
        assert_eq!(origin("https://Chat.example.org:443"), "https://chat.example.org");
        assert_eq!(origin("http://chat.example.org:80/"), "http://chat.example.org");
        assert_eq!(origin("https://chat.example.org:8443"), "https://chat.example.org:8443");
        assert_eq!(origin("http://[::1]:8080"), "http://[::1]:8080");
    }

    #[test]
    fn ranges_that_urls_of_users_may_lead_to_come_from_the_file_and_from_flags() {
        let shown = |config: Config| config.egress_open.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(shown(config("").unwrap()).is_empty());
        let expected = ["10.0.0.0/8:8080", "[fd00::/8]:443"];
        let file = "egress_open = [\"10.0.0.0/8:8080\", \" \", \" [fd00::/8]:443\"]";
        assert_eq!(shown(config(file).unwrap()), expected);
        let line = ["hubbub", "--store", "memory", "--egress-open", "10.0.0.0/8:8080,[fd00::/8]:443"];
        assert_eq!(shown(Config::read(Cli::of(line).unwrap()).unwrap()), expected);
    }

    #[test]
    fn what_open_topics_may_hold_is_said_in_mib_and_is_a_gib_if_nobody_says() {
        let bytes = |file: &str| config(file).unwrap().limits.open_topics_bytes;
        assert_eq!((bytes(""), bytes("open_topics_mib = 3")), (1024 * 1024 * 1024, 3 * 1024 * 1024));
    }

    #[test]
    fn a_flag_counts_before_the_file_and_the_file_before_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hubbub.toml");
        fs::write(
            &file,
            "store = \"sqlite\"\naddr = \"127.0.0.1:9\"\nsockets = 7\ntrusted_proxies = [\"10.0.0.1\"]",
        )
        .unwrap();
        let file = file.to_str().unwrap();
        for command in [&[][..], &["serve"], &["doctor"], &["backup", "x.db"]] {
            let given = ["--config", file, "--store", "memory", "--sockets", "8"];
            let line = [&["hubbub"], command, &given[..]].concat();
            let config = Config::read(Cli::of(line).unwrap()).unwrap();
            assert_eq!((config.store, config.sockets.node), (StoreChoice::Memory, 8), "{command:?}");
            assert_eq!((config.addr.as_str(), config.trusted_proxies.unwrap().len()), ("127.0.0.1:9", 1));
            assert_eq!(config.sockets.user, Sockets::default().user);
        }
        let bench = Cli::of(["hubbub", "bench", "--config", file, "--data", "disk"]).unwrap();
        let config = Config::read(bench).unwrap();
        assert_eq!((config.store, config.data.to_str()), (StoreChoice::Sqlite, Some("disk")));
    }

    #[test]
    fn a_wrong_flag_is_told_what_would_be_right() {
        for (flag, value, says) in [
            ("--failover", "never", "epoch, lossless"),
            ("--sign-up", "no", "open, invite, closed"),
            ("--open-topics", "yes", "loopback, everyone, nobody"),
            ("--sockets", "0", "zero"),
        ] {
            let wrong = Cli::of(["hubbub", flag, value]).unwrap_err().to_string();
            assert!(wrong.contains(flag) && wrong.contains(says), "{wrong}");
        }
    }
}
