//! Command line, environment and settings file. Doc comments here are the `--help` text.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

use super::ConfigError;
use crate::bench::BenchArgs;

/// Hubbub is group chat that you host yourself: one program, one data folder. People open its address in a browser,
/// give a name and talk; programs use the same socket as the page.
///
/// Without a command it serves on http://localhost:8080 and keeps its data in ./data.
#[derive(Debug, Default, Parser)]
#[command(name = "hubbub", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: ServerSettings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the chat (the default command)
    Serve(ServerSettings),
    /// Print a link for setting a new password for an account; works while the server runs
    ResetLink {
        /// The account's login name
        name: String,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Write a verified backup of all data to one file; works while the server runs
    Backup {
        /// The file to write
        file: PathBuf,
        /// Overwrite an existing file
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Replace the data with a backup, while the server is stopped; open pages reload
    Restore {
        /// The backup, or a hubbub.db
        file: PathBuf,
        /// Overwrite existing data
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Check data, clock, origin and proxy settings, and say what to do; the exit code is 1 if something is wrong
    Doctor(ServerSettings),
    /// Benchmark this machine in about 30 seconds, next to whatever is running, and explain the results
    Bench(BenchArgs),
}

/// A command of the operator.
#[derive(Clone, Debug)]
pub enum Task {
    /// Serves the chat.
    Serve,
    /// Makes a password reset link for the account of this name.
    ResetLink(String),
    /// Writes a backup.
    Backup {
        /// The file to write.
        file: PathBuf,
        /// Whether an existing file may be overwritten.
        force: bool,
    },
    /// Replaces the data with a backup.
    Restore {
        /// The backup to read, as `backup` has written it.
        file: PathBuf,
        /// Whether existing data may be overwritten.
        force: bool,
    },
    /// Checks the installation.
    Doctor,
    /// Benchmarks the machine.
    Bench(BenchArgs),
}

/// All settings, from flags, environment variables or the settings file; the first of them that is set wins, in this
/// order.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServerSettings {
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "HUBBUB_ADDR", value_name = "ADDRESS:PORT")]
    pub(super) addr: Option<String>,
    /// The data folder, created if missing [default: ./data]
    #[arg(long, env = "HUBBUB_DATA", value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,
    /// The storage backend: sqlite, or memory (nothing on disk) [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_name = "sqlite|memory")]
    pub(super) store: Option<String>,
    /// The public address, if behind a proxy, such as https://chat.example.org
    #[arg(long, env = "HUBBUB_ORIGIN", value_name = "URL")]
    pub(super) origin: Option<String>,
    /// The proxies whose X-Forwarded-For is trusted, as addresses or networks such as 10.0.0.0/8, separated by commas
    /// [default: this machine, once an origin is set]
    #[arg(long, env = "HUBBUB_TRUSTED_PROXIES", value_name = "NETWORK,…", value_delimiter = ',')]
    pub(super) trusted_proxies: Option<Vec<String>>,
    /// The callers that may use open topics without a token; once an origin is set, nobody [default: loopback]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS", value_name = "loopback|everyone|nobody")]
    pub(super) open_topics: Option<String>,
    /// The token for open topics, sent as Authorization: Bearer; at least 16 characters [default: none]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(super) open_topics_token: Option<String>,
    /// The bus between nodes [default: local]
    #[arg(long, env = "HUBBUB_BUS", value_name = "local")]
    pub(super) bus: Option<String>,
    /// The address to serve Prometheus metrics on, at /metrics; for operators only [default: nowhere]
    #[arg(long, env = "HUBBUB_METRICS", value_name = "ADDRESS:PORT")]
    pub(super) metrics: Option<String>,
    /// The log level: error, warn, info, debug, or a filter [default: warn]
    #[arg(long, env = "HUBBUB_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// The people who may join without an account: everybody, those with an invite, or nobody [default: open]
    #[arg(long, env = "HUBBUB_SIGN_UP", value_name = "open|invite|closed")]
    pub(super) sign_up: Option<String>,
    /// The most new guests per network and day; no limit for callers on this machine [default: 500]
    #[arg(long, env = "HUBBUB_GUESTS_PER_DAY", value_name = "COUNT")]
    pub(super) guests_per_day: Option<u32>,
    /// The most members of a new group [default: 1000]
    #[arg(long, env = "HUBBUB_GROUP_MEMBERS", value_name = "COUNT")]
    pub(super) group_members: Option<u32>,
    /// The most messages a user may send in one burst [default: 20]
    #[arg(long, env = "HUBBUB_SEND_BURST", value_name = "COUNT")]
    pub(super) send_burst: Option<u32>,
    /// The messages per second a user may send after that [default: 2]
    #[arg(long, env = "HUBBUB_SEND_PER_SECOND", value_name = "RATE")]
    pub(super) send_per_second: Option<f64>,
    /// The most open topics [default: 10000]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_LIMIT", value_name = "COUNT")]
    pub(super) open_topics_limit: Option<u64>,
    /// The most data in all open topics together, in MiB [default: 1024]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_MIB", value_name = "MIB")]
    pub(super) open_topics_mib: Option<u64>,
    /// The most messages a network may publish to open topics in one burst; no limit for callers on this machine
    /// [default: 1000]
    #[arg(long, env = "HUBBUB_PUBLISH_BURST", value_name = "COUNT")]
    pub(super) publish_burst: Option<u32>,
    /// The messages per second a network may publish to open topics after that [default: 50]
    #[arg(long, env = "HUBBUB_PUBLISH_PER_SECOND", value_name = "RATE")]
    pub(super) publish_per_second: Option<f64>,
    /// The most open WebSockets [default: 10000]
    #[arg(long, env = "HUBBUB_SOCKETS", value_name = "COUNT")]
    pub(super) sockets: Option<usize>,
    /// The most open WebSockets per user [default: 10]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_USER", value_name = "COUNT")]
    pub(super) sockets_per_user: Option<usize>,
    /// The most open WebSockets per network, an IPv4 address or an IPv6 /64 [default: 50]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_ADDRESS", value_name = "COUNT")]
    pub(super) sockets_per_address: Option<usize>,
    /// The most open HTTP connections that are not WebSockets [default: as many as sockets]
    #[arg(long, env = "HUBBUB_CONNECTIONS", value_name = "COUNT")]
    pub(super) connections: Option<usize>,
    /// The most open HTTP connections per network, an IPv4 address or an IPv6 /64 [default: 256]
    #[arg(long, env = "HUBBUB_CONNECTIONS_PER_NETWORK", value_name = "COUNT")]
    pub(super) connections_per_network: Option<usize>,
    /// The settings file [default: ./hubbub.toml, if it is there]
    #[arg(long, env = "HUBBUB_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
}

impl Cli {
    /// Returns the command; without one, [`Task::Serve`].
    #[must_use]
    pub fn task(&self) -> Task {
        match &self.command {
            None | Some(Command::Serve(_)) => Task::Serve,
            Some(Command::ResetLink { name, .. }) => Task::ResetLink(name.clone()),
            Some(Command::Backup { file, force, .. }) => Task::Backup { file: file.clone(), force: *force },
            Some(Command::Restore { file, force, .. }) => Task::Restore { file: file.clone(), force: *force },
            Some(Command::Doctor(_)) => Task::Doctor,
            Some(Command::Bench(wish)) => Task::Bench(wish.clone()),
        }
    }

    /// Returns the settings from flags and environment variables.
    pub(super) fn settings(self) -> ServerSettings {
        match self.command {
            Some(Command::Bench(BenchArgs { data, store, config, .. })) => {
                ServerSettings { data, store, config, ..ServerSettings::default() }
            }
            Some(
                Command::Serve(settings)
                | Command::Doctor(settings)
                | Command::ResetLink { settings, .. }
                | Command::Backup { settings, .. }
                | Command::Restore { settings, .. },
            ) => settings,
            None => self.settings,
        }
    }
}

impl ServerSettings {
    pub(super) fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("the settings file {shown} cannot be read: {error}")))?;
        toml::from_str(&text)
            .map_err(|error| ConfigError(format!("the settings file {shown} is not right: {error}")))
    }

    /// Returns these settings, with missing ones taken from `below`.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            addr: self.addr.or(below.addr),
            data: self.data.or(below.data),
            store: self.store.or(below.store),
            origin: self.origin.or(below.origin),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            open_topics: self.open_topics.or(below.open_topics),
            open_topics_token: self.open_topics_token.or(below.open_topics_token),
            bus: self.bus.or(below.bus),
            metrics: self.metrics.or(below.metrics),
            log: self.log.or(below.log),
            sign_up: self.sign_up.or(below.sign_up),
            guests_per_day: self.guests_per_day.or(below.guests_per_day),
            group_members: self.group_members.or(below.group_members),
            send_burst: self.send_burst.or(below.send_burst),
            send_per_second: self.send_per_second.or(below.send_per_second),
            open_topics_limit: self.open_topics_limit.or(below.open_topics_limit),
            open_topics_mib: self.open_topics_mib.or(below.open_topics_mib),
            publish_burst: self.publish_burst.or(below.publish_burst),
            publish_per_second: self.publish_per_second.or(below.publish_per_second),
            sockets: self.sockets.or(below.sockets),
            sockets_per_user: self.sockets_per_user.or(below.sockets_per_user),
            sockets_per_address: self.sockets_per_address.or(below.sockets_per_address),
            connections: self.connections.or(below.connections),
            connections_per_network: self.connections_per_network.or(below.connections_per_network),
            config: None,
        }
    }
}
