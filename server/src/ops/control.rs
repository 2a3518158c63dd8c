//! `control.sock`: a Unix socket in the data folder over which the operator's commands call the server that holds the
//! data. One line of JSON is the request, one line the reply. Only the folder's owner can open it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat::{Caller, Chat, Error};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use store::{Backup, BackupRequest, SqliteStore, Verified};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;
use wire::PublicId;

use super::applications::{self, Manage};
use super::backup;
use super::import::Import;
use super::nodes;
use super::reset_link;
use super::seen_hosts::{Seen, SeenHosts};
use crate::config::{Config, ConfigError, OpenTopics, StoreChoice};

/// A request to the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(super) enum Request {
    Backup { file: PathBuf, force: bool },
    ResetLink { name: String },
    Status,
    Manage(Manage),
    Nodes,
    Import(Import),
    Export { file: PathBuf, application: Option<PublicId> },
}

/// The reply to a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
    Backup(Made),
    ResetLink(String),
    Managed(String),
    Nodes(String),
    Imported(String),
    Exported(String),
    Status(Box<Status>),
    Wrong(String),
}

/// The counts of a finished backup.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) people: u64,
    pub(super) accounts: u64,
    pub(super) entries: u64,
}

/// The state of the server, for `hubbub doctor`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) now: i64,
    pub(super) write_fault: Option<String>,
    pub(super) arrivals: Seen,
    /// None if the server is of a version that does not say.
    #[serde(default)]
    pub(super) settings: Option<Effective>,
}

/// The settings in effect that `hubbub doctor` judges. No secrets are among them.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Effective {
    pub(super) addr: String,
    pub(super) origin: Option<String>,
    pub(super) trusted_proxies: Option<Vec<IpNet>>,
    pub(super) open_topics: OpenTopics,
    /// The folder of uploaded files.
    #[serde(default)]
    pub(super) blobs: Option<PathBuf>,
}

/// The server side of the control socket, with everything that requests need.
pub(crate) struct Control {
    pub(crate) chat: Arc<Chat>,
    /// The store, if it is the file in the data folder.
    pub(crate) sqlite: Option<Arc<SqliteStore>>,
    pub(crate) config: Arc<Config>,
    /// The URL at which people open the server.
    pub(crate) url: String,
    pub(crate) arrivals: Arc<SeenHosts>,
    pub(crate) stopping: CancellationToken,
}

/// The largest request, and the longest time it may take to arrive.
const CALL_BYTES: u64 = 64 * 1_024;
const CALL_TIME: Duration = Duration::from_secs(5);

/// Returns the path of the socket.
pub(super) fn path(config: &Config) -> PathBuf {
    config.data.join("control.sock")
}

/// Calls the server that holds the data; none if there is none, or the data is in memory.
#[cfg(unix)]
pub(super) async fn ask(config: &Config, request: &Request) -> Option<Result<Reply, ConfigError>> {
    if config.store == StoreChoice::Memory {
        return None;
    }
    let path = path(config);
    let stream = match tokio::net::UnixStream::connect(&path).await {
        Ok(stream) => stream,
        // A stale socket of a server that was killed.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return None;
        }
        Err(error) => {
            let path = path.display();
            let sentence =
                format!("the server cannot be reached at {path}: {error}; run this as the user it runs as");
            return Some(Err(ConfigError(sentence)));
        }
    };
    let asked = exchange(stream, request).await;
    Some(asked.map_err(|error| ConfigError(format!("the server did not answer: {error}; look into its log"))))
}

#[cfg(not(unix))]
pub(super) async fn ask(_: &Config, _: &Request) -> Option<Result<Reply, ConfigError>> {
    None
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin, request: &Request) -> io::Result<Reply> {
    let mut stream = BufReader::new(stream);
    stream.write_all(&line(request)?).await?;
    stream.flush().await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

impl Control {
    /// Serves requests until the server stops. A server that cannot listen there serves all the same.
    #[cfg(unix)]
    pub(crate) fn listen(self) -> Option<tokio::task::JoinHandle<()>> {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;

        let path = path(&self.config);
        let bind = || -> io::Result<tokio::net::UnixListener> {
            // The data folder is locked by this process, so this is a stale socket of a server that was killed.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = tokio::net::UnixListener::bind(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = match bind() {
            Ok(listener) => listener,
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "commands such as hubbub backup work only while the server is stopped");
                return None;
            }
        };
        Some(tokio::spawn(async move {
            let (control, mut calls) = (Arc::new(self), tokio::task::JoinSet::new());
            loop {
                tokio::select! {
                    () = control.stopping.cancelled() => break,
                    Some(_) = calls.join_next() => {}
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => drop(calls.spawn(Arc::clone(&control).serve(stream))),
                        Err(error) => {
                            tracing::warn!(%error, "control.sock takes no more calls");
                            break;
                        }
                    }
                }
            }
            // Nobody can call a stopped server; a remaining file would only be untidy.
            let _ = fs::remove_file(path);
        }))
    }

    #[cfg(not(unix))]
    pub(crate) fn listen(self) -> Option<tokio::task::JoinHandle<()>> {
        None
    }

    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (from, mut to) = tokio::io::split(stream);
        let mut call = String::new();
        let mut from = BufReader::new(from.take(CALL_BYTES));
        let reading = tokio::time::timeout(CALL_TIME, from.read_line(&mut call));
        if !matches!(reading.await, Ok(Ok(1..))) {
            return;
        }
        let reply = match serde_json::from_str(&call) {
            Ok(request) => {
                self.answer(request).await.unwrap_or_else(|ConfigError(wrong)| Reply::Wrong(wrong))
            }
            Err(error) => Reply::Wrong(format!("this server does not know the command: {error}")),
        };
        if let Ok(reply) = line(&reply) {
            // An error is a client that is gone and needs no reply.
            let _ = to.write_all(&reply).await;
        }
    }

    async fn answer(&self, request: Request) -> Result<Reply, ConfigError> {
        match request {
            Request::Backup { file, force } => {
                let Some(sqlite) = &self.sqlite else {
                    return Err(backup::of_database(&self.config));
                };
                let request =
                    BackupRequest { file, replace: force, backup: Backup::of_this_version(self.chat.now()) };
                let made = sqlite.back_up(request).await.map_err(|fault| ConfigError(fault.to_string()))?;
                Ok(Reply::Backup(made.into()))
            }
            Request::ResetLink { name } => {
                let token =
                    self.chat.create_password_reset_by_name(&Caller::operator(), &name).await.map_err(
                        |no| match no {
                            Error::Refusal(_) => reset_link::nobody(&name),
                            Error::Fault(fault) => ConfigError(fault.to_string()),
                        },
                    )?;
                Ok(Reply::ResetLink(reset_link::link(&self.url, &token)))
            }
            Request::Manage(manage) => applications::carry_out(&self.chat, manage).await.map(Reply::Managed),
            Request::Import(command) => {
                super::import::carry_out(&self.chat, &self.url, command).await.map(Reply::Imported)
            }
            Request::Export { file, application } => {
                super::export::carry_out(&self.chat, file, application).await.map(Reply::Exported)
            }
            Request::Nodes => {
                let listed = self.chat.nodes(&Caller::operator()).await;
                let listed = listed.map_err(|_| ConfigError("the database does not answer".into()))?;
                Ok(Reply::Nodes(nodes::table(&listed)))
            }
            Request::Status => Ok(Reply::Status(Box::new(Status {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                now: self.chat.now().0,
                write_fault: self.chat.write_fault().map(|fault| fault.to_string()),
                arrivals: self.arrivals.seen(),
                settings: Some(Effective::of(&self.config)),
            }))),
        }
    }
}

impl Effective {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            addr: config.addr.clone(),
            origin: config.origin.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            open_topics: config.open_topics,
            blobs: config.blobs.as_ref().and_then(|blobs| std::path::absolute(blobs).ok()),
        }
    }

    /// Returns these settings, and all others from `config`.
    pub(super) fn over(self, config: &Config) -> Config {
        let Self { addr, origin, trusted_proxies, open_topics, blobs } = self;
        Config { addr, origin, trusted_proxies, open_topics, blobs, ..config.clone() }
    }

    /// Returns the names of the settings that differ.
    pub(super) fn differing(&self, other: &Self) -> Vec<&'static str> {
        let compared = [
            ("addr", self.addr != other.addr),
            ("origin", self.origin != other.origin),
            ("trusted_proxies", self.trusted_proxies != other.trusted_proxies),
            ("open_topics", self.open_topics != other.open_topics),
            ("blobs", self.blobs != other.blobs),
        ];
        compared.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

impl From<Verified> for Made {
    fn from(verified: Verified) -> Self {
        let Verified { people, accounts, entries, .. } = verified;
        Self { people, accounts, entries }
    }
}
