//! Command line, environment and configuration file. Doc comments here are the `--help` text.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use super::app_commands::{AppCommand, TokenCommand};
use super::{ConfigError, OpenTopics, StoreChoice};
use crate::bench::BenchArgs;
use crate::ops::Manage;

/// The command line with the environment.
#[derive(Debug)]
pub struct Cli {
    arguments: Arguments,
    given: ArgMatches,
}

/// Hubbub is group chat that you host yourself: one program, one data folder. People open its address in a browser,
/// give a name and talk; programs use the same socket as the page.
///
/// Without a command it serves on http://localhost:8080 and keeps its data in ./data.
#[derive(Debug, Default, Parser)]
#[command(name = "hubbub", version, args_conflicts_with_subcommands = true)]
struct Arguments {
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
    /// Manage applications: programs use this server through their tokens; works while the server runs
    App {
        #[command(subcommand)]
        command: AppCommand,
    },
    /// Make tokens that belong to no application; works while the server runs
    Token {
        #[command(subcommand)]
        command: TokenCommand,
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
    /// Manages applications and their tokens.
    Manage(Manage),
    /// Writes a backup.
    Backup {
        /// The file to write.
        file: PathBuf,
        /// True if an existing file may be overwritten.
        force: bool,
    },
    /// Replaces the data with a backup.
    Restore {
        /// The backup to read, as `backup` has written it.
        file: PathBuf,
        /// True if existing data may be overwritten.
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
    /// The storage backend [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_enum)]
    pub(super) store: Option<StoreChoice>,
    /// The public address, if behind a proxy, such as https://chat.example.org
    #[arg(long, env = "HUBBUB_ORIGIN", value_name = "URL")]
    pub(super) origin: Option<String>,
    /// The proxies whose X-Forwarded-For is trusted, as addresses or networks such as 10.0.0.0/8, separated by commas
    /// [default: this machine, once an origin is set]
    #[arg(long, env = "HUBBUB_TRUSTED_PROXIES", value_name = "NETWORK,…", value_delimiter = ',')]
    pub(super) trusted_proxies: Option<Vec<String>>,
    /// The callers that may use open topics without a token; once an origin is set, nobody [default: loopback]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS", value_enum)]
    pub(super) open_topics: Option<OpenTopics>,
    /// The token for open topics, sent as Authorization: Bearer; at least 16 characters [default: none]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(super) open_topics_token: Option<String>,
    /// The secret from which keys are derived, the same on all nodes: 64 hexadecimal digits [default: secret.key in the
    /// data folder]
    #[arg(long, env = "HUBBUB_SECRET", value_name = "HEX", hide_env_values = true)]
    pub(super) secret: Option<String>,
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
    #[arg(long, env = "HUBBUB_SIGN_UP", value_enum)]
    pub(super) sign_up: Option<SignUpChoice>,
    /// The most new guests per network and day; no limit for callers on this machine [default: 500]
    #[arg(long, env = "HUBBUB_GUESTS_PER_DAY", value_name = "COUNT")]
    pub(super) guests_per_day: Option<NonZeroU32>,
    /// The most new guests per network in one burst [default: 50]
    #[arg(long, env = "HUBBUB_GUEST_BURST", value_name = "COUNT")]
    pub(super) guest_burst: Option<NonZeroU32>,
    /// The new guests per network and minute after that [default: 6]
    #[arg(long, env = "HUBBUB_GUESTS_PER_MINUTE", value_name = "RATE")]
    pub(super) guests_per_minute: Option<f64>,
    /// The most members of a new group [default: 1000]
    #[arg(long, env = "HUBBUB_GROUP_MEMBERS", value_name = "COUNT")]
    pub(super) group_members: Option<NonZeroU32>,
    /// The most users of an application, counted when it creates one [default: 100000]
    #[arg(long, env = "HUBBUB_APPLICATION_USERS", value_name = "COUNT")]
    pub(super) application_users: Option<NonZeroU64>,
    /// The most conversations of an application, without direct ones [default: 100000]
    #[arg(long, env = "HUBBUB_APPLICATION_CONVERSATIONS", value_name = "COUNT")]
    pub(super) application_conversations: Option<NonZeroU64>,
    /// The most messages a user may send in one burst [default: 20]
    #[arg(long, env = "HUBBUB_SEND_BURST", value_name = "COUNT")]
    pub(super) send_burst: Option<NonZeroU32>,
    /// The messages per second a user may send after that [default: 2]
    #[arg(long, env = "HUBBUB_SEND_PER_SECOND", value_name = "RATE")]
    pub(super) send_per_second: Option<f64>,
    /// The most messages a program may send with one API token in one burst [default: 50]
    #[arg(long, env = "HUBBUB_TOKEN_SEND_BURST", value_name = "COUNT")]
    pub(super) token_send_burst: Option<NonZeroU32>,
    /// The messages per second it may send after that [default: 50]
    #[arg(long, env = "HUBBUB_TOKEN_SENDS_PER_SECOND", value_name = "RATE")]
    pub(super) token_sends_per_second: Option<f64>,
    /// The most requests a program may make with one API token in one burst [default: 500]
    #[arg(long, env = "HUBBUB_TOKEN_REQUEST_BURST", value_name = "COUNT")]
    pub(super) token_request_burst: Option<NonZeroU32>,
    /// The requests per second it may make after that [default: 50]
    #[arg(long, env = "HUBBUB_TOKEN_REQUESTS_PER_SECOND", value_name = "RATE")]
    pub(super) token_requests_per_second: Option<f64>,
    /// The most open topics [default: 10000]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_LIMIT", value_name = "COUNT")]
    pub(super) open_topics_limit: Option<NonZeroU64>,
    /// The most data in all open topics together, in MiB [default: 1024]
    #[arg(long, env = "HUBBUB_OPEN_TOPICS_MIB", value_name = "MIB")]
    pub(super) open_topics_mib: Option<NonZeroU64>,
    /// The most messages a network may publish to open topics in one burst; no limit for callers on this machine
    /// [default: 1000]
    #[arg(long, env = "HUBBUB_PUBLISH_BURST", value_name = "COUNT")]
    pub(super) publish_burst: Option<NonZeroU32>,
    /// The messages per second a network may publish to open topics after that [default: 50]
    #[arg(long, env = "HUBBUB_PUBLISH_PER_SECOND", value_name = "RATE")]
    pub(super) publish_per_second: Option<f64>,
    /// The days after which messages of the built-in pages are deleted, unless a group has a setting of its own
    /// [default: 0, never]
    #[arg(long, env = "HUBBUB_MESSAGE_DAYS", value_name = "DAYS")]
    pub(super) message_days: Option<u32>,
    /// The days after which entries of people's own logs are deleted, such as broadcasts that they sent; 0 for never
    /// [default: 90]
    #[arg(long, env = "HUBBUB_USER_LOG_DAYS", value_name = "DAYS")]
    pub(super) user_log_days: Option<u32>,
    /// The days after which entries of audit logs are deleted; 0 for never [default: 365]
    #[arg(long, env = "HUBBUB_AUDIT_DAYS", value_name = "DAYS")]
    pub(super) audit_days: Option<u32>,
    /// The most open WebSockets [default: 10000]
    #[arg(long, env = "HUBBUB_SOCKETS", value_name = "COUNT")]
    pub(super) sockets: Option<NonZeroUsize>,
    /// The most open WebSockets per user [default: 10]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_USER", value_name = "COUNT")]
    pub(super) sockets_per_user: Option<NonZeroUsize>,
    /// The most open WebSockets per network, an IPv4 address or an IPv6 /64 [default: 50]
    #[arg(long, env = "HUBBUB_SOCKETS_PER_NETWORK", value_name = "COUNT")]
    pub(super) sockets_per_network: Option<NonZeroUsize>,
    /// The most open HTTP connections that are not WebSockets [default: as many as sockets]
    #[arg(long, env = "HUBBUB_CONNECTIONS", value_name = "COUNT")]
    pub(super) connections: Option<NonZeroUsize>,
    /// The most open HTTP connections per network, an IPv4 address or an IPv6 /64 [default: 256]
    #[arg(long, env = "HUBBUB_CONNECTIONS_PER_NETWORK", value_name = "COUNT")]
    pub(super) connections_per_network: Option<NonZeroUsize>,
    /// The settings file [default: ./hubbub.toml, if it is there]
    #[arg(long, env = "HUBBUB_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
}

/// The people who may join without an account, as the operator writes it.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignUpChoice {
    /// Everybody
    Open,
    /// Those with an invite to a group
    Invite,
    /// Nobody
    Closed,
}

impl Cli {
    /// Reads the command line and the environment. If help is wanted or something is wrong, it says so and ends the
    /// process.
    #[must_use]
    pub fn parse() -> Self {
        Self::of(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    pub(super) fn of(line: impl IntoIterator<Item: Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let given = without_empty_variables(Arguments::command()).try_get_matches_from(line)?;
        Ok(Self { arguments: Arguments::from_arg_matches(&given)?, given })
    }

    /// Returns the command; without one, [`Task::Serve`].
    #[must_use]
    pub fn task(&self) -> Task {
        match &self.arguments.command {
            None | Some(Command::Serve(_)) => Task::Serve,
            Some(Command::ResetLink { name, .. }) => Task::ResetLink(name.clone()),
            Some(Command::App { command }) => Task::Manage(command.task()),
            Some(Command::Token { command }) => Task::Manage(command.task()),
            Some(Command::Backup { file, force, .. }) => Task::Backup { file: file.clone(), force: *force },
            Some(Command::Restore { file, force, .. }) => Task::Restore { file: file.clone(), force: *force },
            Some(Command::Doctor(_)) => Task::Doctor,
            Some(Command::Bench(args)) => Task::Bench(args.clone()),
        }
    }

    /// Returns all settings: those of the file, and over them what flags and variables say.
    pub(super) fn settings(self) -> Result<ServerSettings, ConfigError> {
        let Self { arguments, given } = self;
        if let Some(Command::Bench(BenchArgs { data, store, config, .. })) = arguments.command {
            let file = ServerSettings::from_file(config.as_deref())?;
            return Ok(ServerSettings { data: data.or(file.data), store: store.or(file.store), ..file });
        }
        let mut settings = ServerSettings::from_file(arguments.settings().config.as_deref())?;
        // The flags are those of the innermost command.
        let mut given = &given;
        while let Some((_, of_command)) = given.subcommand() {
            given = of_command;
        }
        // Changes only what was given.
        settings.update_from_arg_matches(given).map_err(|error| ConfigError(error.to_string()))?;
        Ok(settings)
    }
}

/// Makes clap ignore the variables that are set but empty, as in a line `HUBBUB_ORIGIN=` of a file that leaves it open.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg })
        .mut_subcommands(without_empty_variables)
}

impl Arguments {
    /// Returns the settings of the command.
    fn settings(self) -> ServerSettings {
        match self.command {
            Some(
                Command::Serve(settings)
                | Command::Doctor(settings)
                | Command::ResetLink { settings, .. }
                | Command::Backup { settings, .. }
                | Command::Restore { settings, .. },
            ) => settings,
            Some(Command::App { command }) => command.settings(),
            Some(Command::Token { command }) => command.settings(),
            Some(Command::Bench(_)) | None => self.settings,
        }
    }
}

impl ServerSettings {
    /// Reads the named settings file; without a name, the one in the working directory if it is there.
    fn from_file(named: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = Path::new("hubbub.toml");
        let Some(path) = named.or_else(|| usual.exists().then_some(usual)) else {
            return Ok(Self::default());
        };
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("the settings file {shown} cannot be read: {error}")))?;
        toml::from_str(&text)
            .map_err(|error| ConfigError(format!("the settings file {shown} is not right: {error}")))
    }
}
