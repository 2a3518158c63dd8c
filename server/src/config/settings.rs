//! Command line, environment and configuration file. Doc comments here are the `--help` text.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use serde::Deserialize;
use wire::PublicId;

use super::app_commands::{AppCommand, TokenCommand};
use super::choices::{FailoverChoice, SignUpChoice};
use super::import_commands::ImportCommand;
use super::{ConfigError, OpenTopics, UnknownVariable};
use crate::bench::BenchArgs;
use crate::ops::{Import, Manage, MoveArgs};

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
    /// Copy the data of a folder into an empty PostgreSQL database, for several servers, while the server is stopped
    Move {
        /// The data folder [default: that of the settings]
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// The database, such as postgres://hubbub@db.example.com/hubbub; its password is that of --store
        #[arg(long, value_name = "URL")]
        to: String,
        /// Leave out rows that are damaged, and list them
        #[arg(long)]
        skip_damaged: bool,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Write an application with its users, messages and files to an archive, also while a server is running
    Export {
        /// The archive to write, a ZIP file
        file: PathBuf,
        /// The id of the application [default: that of the pages]
        #[arg(long, value_name = "ID")]
        application: Option<PublicId>,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Import an export of Slack, Mattermost or another Hubbub into the running server
    Import {
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Check data, clock, origin and proxy settings, and say what to do; the exit code is 1 if something is wrong
    Doctor(ServerSettings),
    /// List the nodes that share the PostgreSQL database
    Nodes(ServerSettings),
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
    /// Moves the data of a folder to PostgreSQL.
    Move(MoveArgs),
    /// Writes an application to an archive.
    Export {
        /// The file to write.
        file: PathBuf,
        /// The application; none for that of the pages.
        application: Option<PublicId>,
    },
    /// Imports an archive.
    Import(Import),
    /// Checks the installation.
    Doctor,
    /// Lists the nodes.
    Nodes,
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
    /// The storage backend: sqlite, memory, or the address of a PostgreSQL database that several nodes share, such as
    /// postgres://hubbub@db.example.com/hubbub?sslmode=verify-full [default: sqlite]
    #[arg(long, env = "HUBBUB_STORE", value_name = "sqlite|memory|URL", hide_env_values = true)]
    pub(super) store: Option<String>,
    /// The password for PostgreSQL, if it is not in the address; better set the variable or the file than this flag, which
    /// others on the machine can see
    #[arg(long, env = "HUBBUB_STORE_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub(super) store_password: Option<String>,
    /// A file with the password for PostgreSQL in its first line
    #[arg(long, env = "HUBBUB_STORE_PASSWORD_FILE", value_name = "FILE")]
    pub(super) store_password_file: Option<PathBuf>,
    /// The connections to PostgreSQL that read [default: 8]
    #[arg(long, env = "HUBBUB_READERS", value_name = "COUNT")]
    pub(super) readers: Option<NonZeroUsize>,
    /// The connections to PostgreSQL that write [default: 4]
    #[arg(long, env = "HUBBUB_WRITERS", value_name = "COUNT")]
    pub(super) writers: Option<NonZeroUsize>,
    /// The name of this node among those that share a database [default: the name of the machine]
    #[arg(long, env = "HUBBUB_NODE_NAME", value_name = "NAME")]
    pub(super) node_name: Option<String>,
    /// The meaning of a PostgreSQL standby that took over [default: epoch]
    #[arg(long, env = "HUBBUB_FAILOVER", value_enum)]
    pub(super) failover: Option<FailoverChoice>,
    /// The public address, if behind a proxy, such as https://chat.example.org
    #[arg(long, env = "HUBBUB_ORIGIN", value_name = "URL")]
    pub(super) origin: Option<String>,
    /// The proxies whose X-Forwarded-For is trusted, as addresses or networks such as 10.0.0.0/8, separated by commas
    /// [default: this machine, once an origin is set]
    #[arg(long, env = "HUBBUB_TRUSTED_PROXIES", value_name = "NETWORK,…", value_delimiter = ',')]
    pub(super) trusted_proxies: Option<Vec<String>>,
    /// Addresses that are not public, or ports, that the URLs of users may lead to, such as 10.0.0.0/8:8080 or
    /// public:8443, separated by commas [default: none]
    #[arg(long, env = "HUBBUB_EGRESS_OPEN", value_name = "RANGE:PORT,…", value_delimiter = ',')]
    pub(super) egress_open: Option<Vec<String>>,
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
    /// A file with that secret
    #[arg(long, env = "HUBBUB_SECRET_FILE", value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    /// The bus between nodes: local, none, or the URL of Redis or NATS [default: local; with PostgreSQL: none]
    #[arg(long, env = "HUBBUB_BUS", value_name = "local|none|URL", hide_env_values = true)]
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
    /// The most messages an incoming webhook may post in one burst [default: 20]
    #[arg(long, env = "HUBBUB_HOOK_BURST", value_name = "COUNT")]
    pub(super) hook_burst: Option<NonZeroU32>,
    /// The messages per second it may post after that [default: 1]
    #[arg(long, env = "HUBBUB_HOOK_POSTS_PER_SECOND", value_name = "RATE")]
    pub(super) hook_posts_per_second: Option<f64>,
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
    /// The folder of uploaded files; nodes that share a PostgreSQL database need one that all of them mount [default:
    /// blobs in the data folder]
    #[arg(long, env = "HUBBUB_BLOBS", value_name = "FOLDER")]
    pub(super) blobs: Option<PathBuf>,
    /// The largest uploaded file, in MiB [default: 25]
    #[arg(long, env = "HUBBUB_FILE_MIB", value_name = "MIB")]
    pub(super) file_mib: Option<NonZeroU64>,
    /// The most data in the files of one user, in MiB [default: 1024]
    #[arg(long, env = "HUBBUB_USER_FILES_MIB", value_name = "MIB")]
    pub(super) user_files_mib: Option<NonZeroU64>,
    /// The most data in the files of one application, in MiB [default: 20480]
    #[arg(long, env = "HUBBUB_APPLICATION_FILES_MIB", value_name = "MIB")]
    pub(super) application_files_mib: Option<NonZeroU64>,
    /// The room on the disk, in MiB, below which no files are taken; messages go on [default: 1024]
    #[arg(long, env = "HUBBUB_FILES_FLOOR_MIB", value_name = "MIB")]
    pub(super) files_floor_mib: Option<u64>,
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

    /// Returns the environment variables that look like settings and are none.
    pub(crate) fn unknown_variables() -> Vec<UnknownVariable> {
        Self::unknown_among(std::env::vars_os().map(|(name, _)| name))
    }

    pub(super) fn unknown_among(names: impl IntoIterator<Item = OsString>) -> Vec<UnknownVariable> {
        UnknownVariable::find(&Arguments::command(), names)
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
            Some(Command::Move { from, skip_damaged, .. }) => {
                Task::Move(MoveArgs { from: from.clone(), skip_damaged: *skip_damaged })
            }
            Some(Command::Export { file, application, .. }) => {
                Task::Export { file: file.clone(), application: *application }
            }
            Some(Command::Import { command }) => Task::Import(command.task()),
            Some(Command::Doctor(_)) => Task::Doctor,
            Some(Command::Nodes(_)) => Task::Nodes,
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
        let target = match &arguments.command {
            Some(Command::Move { to, .. }) => Some(to.clone()),
            _ => None,
        };
        let mut settings = ServerSettings::from_file(arguments.settings().config.as_deref())?;
        // The flags are those of the innermost command.
        let mut given = &given;
        while let Some((_, of_command)) = given.subcommand() {
            given = of_command;
        }
        // Changes only what was given.
        settings.update_from_arg_matches(given).map_err(|error| ConfigError(error.to_string()))?;
        // A move is to the store of the servers from then on.
        settings.store = target.or(settings.store);
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
                | Command::Nodes(settings)
                | Command::ResetLink { settings, .. }
                | Command::Backup { settings, .. }
                | Command::Export { settings, .. }
                | Command::Restore { settings, .. }
                | Command::Move { settings, .. },
            ) => settings,
            Some(Command::App { command }) => command.settings(),
            Some(Command::Token { command }) => command.settings(),
            Some(Command::Import { command }) => command.settings(),
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
        // The line itself is not shown: it may have a password.
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, wrong) = (before.matches('\n').count() + 1, without_value(error.message()));
            ConfigError(format!("the settings file {shown} is not right in line {line}: {wrong}"))
        })
    }
}

/// Returns an error of TOML without the value that is wrong, which may be a password.
fn without_value(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((wrong, expected))
            if wrong.starts_with("invalid type") || wrong.starts_with("invalid value") =>
        {
            format!("expected {expected}")
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_named_by_its_number_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hubbub.toml");
        for (line, says) in [
            ("store_pasword = \"12345678\"", "unknown field `store_pasword`"),
            ("store_password = \"12345678", "invalid basic string"),
            ("store_password = 12345678", "expected a string"),
            ("store_password = [\"12345678\"]", "expected a string"),
        ] {
            std::fs::write(&file, format!("addr = \"127.0.0.1:9\"\n\n{line}\n")).unwrap();
            let ConfigError(error) = ServerSettings::from_file(Some(&file)).unwrap_err();
            assert!(error.contains("line 3") && error.contains(says), "{error}");
            assert!(!error.contains("12345678"), "{error}");
        }
    }
}
