//! The server under test: a process of its own that is started, killed and restarted.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::{NamedTempFile, TempDir};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::http;
use crate::metrics::Metrics;

/// A server with its own data folder and port.
pub struct Server {
    binary: PathBuf,
    store: String,
    plant: Option<String>,
    /// The setting of the bus; none for the default.
    bus: Option<String>,
    /// The folder of files, if it is one that several nodes have.
    blobs: Option<PathBuf>,
    port: u16,
    /// The port of its metrics.
    metrics: u16,
    /// True if it is isolated from what is meant for its parent process: settings and Ctrl-C.
    apart: bool,
    // Declared before the folder, so that the process ends before its folder is removed.
    child: Option<Child>,
    folder: TempDir,
    /// Its output. A server has a disk to fill, and must be able to report that.
    log: NamedTempFile,
}

/// The address and process of a running server.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// The address that it listens on.
    pub addr: SocketAddr,
    /// The process id; `None` while it does not run.
    pub pid: Option<u32>,
}

/// The timeout for a server to start.
const READY: Duration = Duration::from_secs(30);
/// The number of lines of its output that an error includes.
const LAST_LINES: usize = 5;

impl Server {
    /// Starts a server from a binary. `plant` names a deliberate bug, for binaries that have one.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(binary: &Path, store: &str, plant: Option<&str>) -> io::Result<Self> {
        let mut server = Self::new(binary, store, tempfile::tempdir()?).await?;
        server.plant = plant.map(str::to_owned);
        server.up().await?;
        Ok(server)
    }

    /// Starts a node of a cluster: on a database that it shares with others, and with a bus between them, by their URLs.
    /// Without a bus there are no hints. All nodes have the same folder of files.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn node(binary: &Path, store: &str, bus: Option<&str>, blobs: &Path) -> io::Result<Self> {
        let mut server = Self::new(binary, store, tempfile::tempdir()?).await?;
        server.bus = Some(bus.unwrap_or("none").to_owned());
        server.blobs = Some(blobs.to_owned());
        server.up().await?;
        Ok(server)
    }

    /// Starts a server on the subfolder `data` of a folder that is removed with the server.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn over(binary: &Path, folder: TempDir) -> io::Result<Self> {
        let mut server = Self::new(binary, "sqlite", folder).await?;
        server.up().await?;
        Ok(server)
    }

    /// Creates a server that [`Server::up`] will start, with its data in a new folder inside `beside`. It ignores the
    /// settings and signals that are meant for its parent process, which ends it with [`Server::kill`].
    ///
    /// # Errors
    /// If there is no free port, or the folder cannot be created.
    pub async fn apart(binary: &Path, store: &str, beside: &Path) -> io::Result<Self> {
        let server = Self::new(binary, store, tempfile::tempdir_in(beside)?).await?;
        Ok(Self { apart: true, ..server })
    }

    async fn new(binary: &Path, store: &str, folder: TempDir) -> io::Result<Self> {
        let probes = [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
        let [port, metrics] = [probes[0].local_addr()?.port(), probes[1].local_addr()?.port()];
        drop(probes);
        let (binary, store) = (binary.to_owned(), store.to_owned());
        let log = NamedTempFile::new()?;
        Ok(Self {
            binary,
            store,
            plant: None,
            bus: None,
            blobs: None,
            port,
            metrics,
            apart: false,
            child: None,
            folder,
            log,
        })
    }

    /// Returns the host and port that it listens on.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the same, as an address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Returns its metrics by name, each family of counters as its sum.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn metrics(&self) -> io::Result<Metrics> {
        let answer = http::get(&format!("127.0.0.1:{}", self.metrics), "/metrics", None).await?;
        Ok(Metrics::read(answer.text()?))
    }

    /// Returns the process id; `None` while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Returns the process id.
    ///
    /// # Errors
    /// If it does not run.
    pub fn running(&self) -> io::Result<u32> {
        self.pid().ok_or_else(|| io::Error::other("the server has ended"))
    }

    /// Creates a token of the operator with the command of the server.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn operator_token(&self) -> io::Result<String> {
        let data = self.folder.path().join("data");
        let command = ["token", "operator", "--store", &self.store, "--data"];
        let output = Command::new(&self.binary).args(command).arg(data).output().await?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns its address and process.
    #[must_use]
    pub fn serving(&self) -> Serving {
        Serving { addr: self.addr(), pid: self.pid() }
    }

    /// Starts the process on the same data and port, and waits until it serves.
    ///
    /// # Errors
    /// If it does not start; with the end of its output.
    pub async fn up(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.binary);
        if self.apart {
            self.keep_apart(&mut command)?;
        }
        command
            .args(["serve", "--addr", &self.host(), "--store", &self.store, "--data"])
            .arg(self.folder.path().join("data"))
            .envs([
                ("HUBBUB_SEND_BURST", "1000000"),
                ("HUBBUB_SEND_PER_SECOND", "1000000"),
                ("HUBBUB_TOKEN_SEND_BURST", "1000000"),
                ("HUBBUB_TOKEN_SENDS_PER_SECOND", "1000000"),
                ("HUBBUB_TOKEN_REQUEST_BURST", "1000000"),
                ("HUBBUB_TOKEN_REQUESTS_PER_SECOND", "1000000"),
                // Where nobody listens: for webhooks whose receiver is away.
                ("HUBBUB_EGRESS_OPEN", "127.0.0.1:9"),
                ("HUBBUB_LOG", "warn"),
                ("NO_COLOR", "1"),
            ])
            .envs([
                ("HUBBUB_SOCKETS", "1000000"),
                ("HUBBUB_SOCKETS_PER_USER", "1000000"),
                ("HUBBUB_SOCKETS_PER_NETWORK", "1000000"),
            ])
            .envs(self.blobs.as_ref().map(|folder| ("HUBBUB_BLOBS", folder)))
            .env("HUBBUB_METRICS", format!("127.0.0.1:{}", self.metrics))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().append(true).open(&self.log)?)
            .kill_on_drop(true);
        if self.store.starts_with("postgres") {
            // The same for all nodes of a database.
            command.env("HUBBUB_SECRET", "0123456789abcdef".repeat(4));
        }
        if let Some(bus) = &self.bus {
            command.env("HUBBUB_BUS", bus);
        }
        if let Some(plant) = &self.plant {
            command.env("HUBBUB_PLANT", plant);
        }
        self.child = Some(command.spawn()?);
        let host = self.host();
        let give_up = Instant::now() + READY;
        loop {
            if http::get(&host, "/health/ready", None).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if self.ended()?.is_some() || Instant::now() > give_up {
                return Err(io::Error::other(format!("the server does not serve: {}", self.said())));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the exit status if the process has ended by itself.
    ///
    /// # Errors
    /// If the system does not report it.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.as_mut().map_or(Ok(None), Child::try_wait)
    }

    /// Waits until the process has ended by itself; returns at once if it does not run.
    ///
    /// # Errors
    /// If the system does not report it.
    pub async fn until_ended(&mut self) -> io::Result<()> {
        match &mut self.child {
            Some(child) => child.wait().await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Returns the last lines of its output: warnings and errors.
    #[must_use]
    pub fn said(&self) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join(" | ")
    }

    /// Kills the process at once, as a power cut would.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// Isolates a command from settings in the environment and in files, and from Ctrl-C.
    fn keep_apart(&self, command: &mut Command) -> io::Result<()> {
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"HUBBUB_") {
                command.env_remove(name);
            }
        }
        let settings = self.folder.path().join("hubbub.toml");
        fs::write(&settings, "")?;
        command.env("HUBBUB_CONFIG", settings);
        #[cfg(unix)]
        command.process_group(0);
        Ok(())
    }
}
