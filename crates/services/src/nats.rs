//! NATS for tests.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::programs::{find, skip};
use crate::redis::PASSWORD;
use crate::service::{Plan, Service};

/// A NATS server with a user and a password.
#[derive(Debug)]
pub struct Nats {
    service: Service,
}

/// The user of the server.
const USER: &str = "hubbub";

/// Returns the NATS server that all tests of this process share; none, with a line, if it is not installed.
///
/// # Panics
/// If it is not installed and `HUBBUB_SERVICES=required` is set, or it does not start.
pub fn nats() -> Option<&'static Nats> {
    static SHARED: OnceLock<Option<Nats>> = OnceLock::new();
    SHARED.get_or_init(Nats::start).as_ref()
}

impl Nats {
    /// The password of the server.
    pub const PASSWORD: &str = PASSWORD;

    /// Starts a server of the caller's own; none, with a line, if it is not installed.
    ///
    /// # Panics
    /// As [`nats`].
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(server) = find("nats-server") else {
            skip("nats-server", "nats-server");
            return None;
        };
        Some(Self { service: Service::start_new(NatsPlan { server }, |_, _| {}) })
    }

    /// Returns its URL, such as `nats://hubbub:opensesame@127.0.0.1:41893`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.service.address())
    }

    /// Returns its URL by another address, such as that of a [`Link`](crate::Link).
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("nats://{USER}:{PASSWORD}@{address}")
    }
}

impl Deref for Nats {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

struct NatsPlan {
    server: PathBuf,
}

impl NatsPlan {
    /// Names the server after its folder, which no other server has.
    fn server_name(folder: &Path) -> String {
        folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Plan for NatsPlan {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn stop_signal(&self) -> &'static str {
        "TERM"
    }

    fn command(&self, folder: &Path, port: u16) -> Vec<OsString> {
        let (port, name) = (port.to_string(), Self::server_name(folder));
        let settings =
            ["--addr", "127.0.0.1", "--port", &port, "--name", &name, "--user", USER, "--pass", PASSWORD];
        std::iter::once(self.server.clone().into()).chain(settings.map(OsString::from)).collect()
    }

    fn is_ready(&self, folder: &Path, port: u16, _: u32) -> bool {
        let address: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(5)) else { return false };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let mut first = String::new();
        // The server speaks first.
        let read = BufReader::new(stream).read_line(&mut first);
        let name = format!(r#""server_name":"{}""#, Self::server_name(folder));
        read.is_ok() && first.starts_with("INFO ") && first.contains(&name)
    }
}
