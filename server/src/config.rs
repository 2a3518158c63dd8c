use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chat::{Limits, SignUp};
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

/// Self-hosted group chat in one binary.
#[derive(Debug, Default, Parser)]
#[command(name = "hubbub", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the chat (also what happens without a command)
    Serve(Settings),
    /// Makes a link by which somebody sets a new password; works while the server is stopped
    ResetLink {
        /// The name they sign in with
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
}

/// Every setting, as it may stand in a flag, the environment or the file; whatever is said first counts, in
/// this order.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, env = "HUBBUB_ADDR", value_name = "ADDRESS:PORT")]
    addr: Option<String>,
    /// The folder for the data, made if it is not there [default: ./data]
    #[arg(long, env = "HUBBUB_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Where facts are kept: sqlite, or memory (nothing on disk) [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_name = "sqlite|memory")]
    store: Option<String>,
    /// The address people open, if a proxy stands in front, such as https://chat.example.org
    #[arg(long, env = "HUBBUB_ORIGIN", value_name = "URL")]
    origin: Option<String>,
    /// Who may use open topics without a token [default: loopback]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS", value_name = "loopback|everyone|nobody")]
    open_topics: Option<String>,
    /// The bus between nodes [default: local]
    #[arg(long, env = "HUBBUB_BUS", value_name = "local")]
    bus: Option<String>,
    /// What to log: error, warn, info, debug, or a filter [default: warn]
    #[arg(long, env = "HUBBUB_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// Who may come without an account: everybody, who has an invite, or nobody [default: open]
    #[arg(long, env = "HUBBUB_SIGN_UP", value_name = "open|invite|closed")]
    sign_up: Option<String>,
    /// The most members of a new group [default: 1000]
    #[arg(long, env = "HUBBUB_GROUP_MEMBERS", value_name = "COUNT")]
    group_members: Option<u32>,
    /// How many messages a user may send at once [default: 20]
    #[arg(long, env = "HUBBUB_SEND_BURST", value_name = "COUNT")]
    send_burst: Option<u32>,
    /// How many messages a second a user may send after that [default: 2]
    #[arg(long, env = "HUBBUB_SEND_PER_SECOND", value_name = "RATE")]
    send_per_second: Option<f64>,
    /// The most open sockets [default: 10000]
    #[arg(long, env = "HUBBUB_SOCKETS", value_name = "COUNT")]
    sockets: Option<usize>,
    /// The most open sockets of one user [default: 10]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_USER", value_name = "COUNT")]
    sockets_per_user: Option<usize>,
    /// The most open sockets of one address [default: 50]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_ADDRESS", value_name = "COUNT")]
    sockets_per_address: Option<usize>,
    /// The file with settings [default: ./hubbub.toml, if it is there]
    #[arg(long, env = "HUBBUB_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
}

/// What the operator wants, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub addr: String,
    /// The folder for the data.
    pub data: PathBuf,
    /// Where facts are kept.
    pub store: StoreChoice,
    /// The origin people open (`scheme://host[:port]`), if it is not the address itself.
    pub origin: Option<String>,
    /// Who may use open topics without a token.
    pub open_topics: OpenTopics,
    /// The bus between nodes.
    pub bus: String,
    /// What to log.
    pub log: String,
    /// The domain's limits.
    pub limits: Limits,
    /// The gateway's limits.
    pub sockets: Sockets,
    /// How long the server waits for whom.
    pub patience: Patience,
}

/// Where facts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// In one `SQLite` file in the data folder.
    Sqlite,
    /// In memory only.
    Memory,
}

/// Who may use open topics without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenTopics {
    /// Callers on this machine.
    Loopback,
    /// Whoever reaches the server.
    Everyone,
    /// Nobody.
    Nobody,
}

/// How many sockets may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// On this node.
    pub node: usize,
    /// Of one user.
    pub user: usize,
    /// Of one address.
    pub address: usize,
}

/// How long the server waits for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the whole header of a request.
    pub header: Duration,
    /// For the first frame of a socket.
    pub first_frame: Duration,
    /// Of silence before a socket is pinged.
    pub silence: Duration,
    /// For the answer to a ping.
    pub pong: Duration,
    /// For a socket to take anything at all.
    pub stall: Duration,
    /// For a socket to take the last words, and for a request under way at shutdown.
    pub goodbye: Duration,
    /// For everything to end at shutdown.
    pub shutdown: Duration,
}

/// A setting that cannot be: one sentence that says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Sockets {
    fn default() -> Self {
        Self { node: 10_000, user: 10, address: 50 }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            first_frame: Duration::from_secs(10),
            silence: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            stall: Duration::from_secs(10),
            goodbye: Duration::from_secs(3),
            shutdown: Duration::from_secs(10),
        }
    }
}

impl Cli {
    /// Whose password shall be set anew, if that is the command.
    #[must_use]
    pub fn reset_link(&self) -> Option<String> {
        match &self.command {
            Some(Command::ResetLink { name, .. }) => Some(name.clone()),
            _ => None,
        }
    }
}

impl Config {
    /// Reads flags, environment and file.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn read(cli: Cli) -> Result<Self, Wrong> {
        let flags = match cli.command {
            Some(Command::Serve(settings) | Command::ResetLink { settings, .. }) => settings,
            None => cli.settings,
        };
        let file = match &flags.config {
            Some(path) => Settings::from_file(path)?,
            None if Path::new("hubbub.toml").exists() => Settings::from_file(Path::new("hubbub.toml"))?,
            None => Settings::default(),
        };
        flags.over(file).check()
    }

    /// A volatile server on any free port of this machine: what tests start.
    #[must_use]
    pub fn volatile() -> Self {
        Self {
            addr: "127.0.0.1:0".into(),
            data: PathBuf::new(),
            store: StoreChoice::Memory,
            origin: None,
            open_topics: OpenTopics::Loopback,
            bus: "local".into(),
            log: "warn".into(),
            limits: Limits::default(),
            sockets: Sockets::default(),
            patience: Patience::default(),
        }
    }

    /// Where the data is, in words.
    #[must_use]
    pub fn place(&self) -> String {
        match self.store {
            StoreChoice::Sqlite => format!("Data is in {}", self.data.display()),
            StoreChoice::Memory => "Data is in memory only and goes when it ends".into(),
        }
    }

    /// Whether the server only answers callers on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.addr.rsplit_once(':').map_or(self.addr.as_str(), |(host, _)| host);
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl Settings {
    fn from_file(path: &Path) -> Result<Self, Wrong> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Wrong(format!("the settings file {shown} cannot be read: {error}")))?;
        toml::from_str(&text)
            .map_err(|error| Wrong(format!("the settings file {shown} is not right: {error}")))
    }

    /// These settings, and where they say nothing, those.
    fn over(self, below: Self) -> Self {
        Self {
            addr: self.addr.or(below.addr),
            data: self.data.or(below.data),
            store: self.store.or(below.store),
            origin: self.origin.or(below.origin),
            open_topics: self.open_topics.or(below.open_topics),
            bus: self.bus.or(below.bus),
            log: self.log.or(below.log),
            sign_up: self.sign_up.or(below.sign_up),
            group_members: self.group_members.or(below.group_members),
            send_burst: self.send_burst.or(below.send_burst),
            send_per_second: self.send_per_second.or(below.send_per_second),
            sockets: self.sockets.or(below.sockets),
            sockets_per_user: self.sockets_per_user.or(below.sockets_per_user),
            sockets_per_address: self.sockets_per_address.or(below.sockets_per_address),
            config: None,
        }
    }

    fn check(self) -> Result<Config, Wrong> {
        let (limits, sockets) = (Limits::default(), Sockets::default());
        let limits = Limits {
            group_members: at_least_one("group_members", self.group_members, limits.group_members)?,
            send_burst: at_least_one("send_burst", self.send_burst, limits.send_burst)?,
            send_per_second: rate(self.send_per_second, limits.send_per_second)?,
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
        if addr.rsplit_once(':').is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
            return Err(Wrong(format!(
                "addr = \"{addr}\" is not right; give address and port, such as 127.0.0.1:8080"
            )));
        }
        Ok(Config {
            addr,
            data: self.data.unwrap_or_else(|| "./data".into()),
            store: choice("store", self.store, StoreChoice::Sqlite)?,
            origin: self.origin.map(|origin| check_origin(&origin)).transpose()?,
            open_topics: choice("open_topics", self.open_topics, OpenTopics::Loopback)?,
            bus: self.bus.unwrap_or_else(|| "local".into()),
            log: self.log.unwrap_or_else(|| "warn".into()),
            limits,
            sockets,
            patience: Patience::default(),
        })
    }
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

/// As the operator writes it.
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

fn choice<T: FromStr<Err = &'static str>>(key: &str, given: Option<String>, default: T) -> Result<T, Wrong> {
    let Some(text) = given else { return Ok(default) };
    text.parse().map_err(|right| Wrong(format!("{key} = \"{text}\" is not right; it is {right}")))
}

fn at_least_one<T: PartialOrd + From<u8>>(key: &str, given: Option<T>, default: T) -> Result<T, Wrong> {
    match given {
        Some(count) if count < T::from(1) => Err(Wrong(format!("{key} = 0 is not right; it is at least 1"))),
        given => Ok(given.unwrap_or(default)),
    }
}

fn rate(given: Option<f64>, default: f64) -> Result<f64, Wrong> {
    match given {
        Some(rate) if !(rate.is_finite() && rate > 0.0) => {
            Err(Wrong(format!("send_per_second = {rate} is not right; it is a number above 0")))
        }
        given => Ok(given.unwrap_or(default)),
    }
}

/// An origin is a scheme and a host, and a port if it is not the usual one: what browsers send as `Origin`.
fn check_origin(given: &str) -> Result<String, Wrong> {
    let wrong = || {
        let right = "give scheme and host, such as https://chat.example.org";
        Wrong(format!("origin = \"{given}\" is not right; {right}"))
    };
    let uri: http::Uri = given.parse().map_err(|_| wrong())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme @ ("http" | "https")), Some(authority))
            if matches!(uri.path(), "/" | "") && uri.query().is_none() =>
        {
            Ok(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()))
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(file: &str) -> Result<Config, Wrong> {
        toml::from_str::<Settings>(file).map_err(|error| Wrong(error.to_string()))?.check()
    }

    #[test]
    fn a_server_without_settings_is_local_durable_and_closed_to_strangers() {
        let config = config("").unwrap();
        assert_eq!((config.store, config.open_topics), (StoreChoice::Sqlite, OpenTopics::Loopback));
        assert!(config.is_local());
        for (addr, local) in
            [("0.0.0.0:80", false), ("[::1]:8080", true), ("localhost:1", true), ("10.0.0.1:1", false)]
        {
            assert_eq!(Config { addr: addr.into(), ..config.clone() }.is_local(), local, "{addr}");
        }
    }

    #[test]
    fn every_wrong_setting_is_told_what_would_be_right() {
        for (file, says) in [
            ("store = \"mysql\"", "sqlite or memory"),
            ("addr = \"8080\"", "127.0.0.1:8080"),
            ("addr = \"localhost:http\"", "127.0.0.1:8080"),
            ("open_topics = \"yes\"", "loopback, everyone or nobody"),
            ("origin = \"chat.example.org\"", "https://chat.example.org"),
            ("origin = \"https://chat.example.org/path\"", "https://chat.example.org"),
            ("sockets = 0", "at least 1"),
            ("send_per_second = -1.0", "above 0"),
            ("colour = \"red\"", "unknown field"),
        ] {
            let wrong = config(file).unwrap_err();
            assert!(wrong.0.contains(says), "{file}: {wrong}");
        }
    }

    #[test]
    fn what_is_said_first_counts() {
        let said = |text: &str| toml::from_str::<Settings>(text).unwrap();
        let config = said("store = \"memory\"")
            .over(said("store = \"sqlite\"\naddr = \"127.0.0.1:9\""))
            .check()
            .unwrap();
        assert_eq!((config.store, config.addr.as_str()), (StoreChoice::Memory, "127.0.0.1:9"));
    }
}
