//! The server under test: a process of its own, started, killed and started again.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::metrics::Metrics;
use crate::person::http;

/// A server with a data folder and a port of its own.
pub struct Server {
    binary: PathBuf,
    store: String,
    plant: Option<String>,
    port: u16,
    /// Where it serves metrics.
    metrics: u16,
    folder: TempDir,
    child: Option<Child>,
}

/// How long a server may take until it serves.
const READY: Duration = Duration::from_secs(30);

impl Server {
    /// Starts a server from a binary. `plant` names a deliberate bug, for binaries that have one.
    ///
    /// # Errors
    /// If it does not come to serve.
    pub async fn start(binary: &Path, store: &str, plant: Option<&str>) -> io::Result<Self> {
        let probes = [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
        let [port, metrics] = [probes[0].local_addr()?.port(), probes[1].local_addr()?.port()];
        drop(probes);
        let mut server = Self {
            binary: binary.to_owned(),
            store: store.to_owned(),
            plant: plant.map(str::to_owned),
            port,
            metrics,
            folder: tempfile::tempdir()?,
            child: None,
        };
        server.up().await?;
        Ok(server)
    }

    /// The host and port it listens on.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The same, as an address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// What it counts, by name; a family of counters as their sum.
    ///
    /// # Errors
    /// If it does not tell.
    pub async fn metrics(&self) -> io::Result<Metrics> {
        let answer = http::get(&format!("127.0.0.1:{}", self.metrics), "/metrics", None).await?;
        Ok(Metrics::read(answer.text()?))
    }

    /// The process; none while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// The process.
    ///
    /// # Errors
    /// If it does not run.
    pub fn running(&self) -> io::Result<u32> {
        self.pid().ok_or_else(|| io::Error::other("the server has ended"))
    }

    /// Starts the process, on the same data and port, and waits until it serves.
    ///
    /// # Errors
    /// If it does not; with the end of what it said.
    pub async fn up(&mut self) -> io::Result<()> {
        let log = self.folder.path().join("server.log");
        let mut command = Command::new(&self.binary);
        command
            .args(["serve", "--addr", &self.host(), "--store", &self.store, "--data"])
            .arg(self.folder.path().join("data"))
            .envs([
                ("HUBBUB_SEND_BURST", "1000000"),
                ("HUBBUB_SEND_PER_SECOND", "1000000"),
                ("HUBBUB_LOG", "warn"),
            ])
            .envs([
                ("HUBBUB_SOCKETS", "20000"),
                ("HUBBUB_SOCKETS_PER_USER", "1000"),
                ("HUBBUB_SOCKETS_PER_ADDRESS", "20000"),
            ])
            .env("HUBBUB_METRICS", format!("127.0.0.1:{}", self.metrics))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .kill_on_drop(true);
        if let Some(plant) = &self.plant {
            command.env("HUBBUB_PLANT", plant);
        }
        let mut child = command.spawn()?;
        let host = self.host();
        let give_up = Instant::now() + READY;
        loop {
            if http::get(&host, "/health/ready", None).await.is_ok_and(|answer| answer.status == 200) {
                self.child = Some(child);
                return Ok(());
            }
            if child.try_wait()?.is_some() || Instant::now() > give_up {
                let said = fs::read_to_string(&log).unwrap_or_default();
                let end: Vec<&str> = said.lines().rev().take(5).collect();
                return Err(io::Error::other(format!("the server does not serve: {}", end.join(" | "))));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the process at once, as a power cut would.
    ///
    /// # Errors
    /// If it cannot be ended.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }
}
