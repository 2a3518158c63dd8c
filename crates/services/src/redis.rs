//! Redis for tests, without files.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::programs::{find, skip};
use crate::service::{Plan, Service};

/// A Redis server with a password.
#[derive(Debug)]
pub struct Redis {
    service: Service,
}

/// The password of every Redis and NATS server of the tests: an easy one to find in a text where it must not be.
pub(crate) const PASSWORD: &str = "opensesame";

/// Returns the Redis server that all tests of this process share; none, with a line, if it is not installed.
///
/// # Panics
/// If it is not installed and `HUBBUB_SERVICES=required` is set, or it does not start.
pub fn redis() -> Option<&'static Redis> {
    static SHARED: OnceLock<Option<Redis>> = OnceLock::new();
    SHARED.get_or_init(Redis::start).as_ref()
}

impl Redis {
    /// The password of the server.
    pub const PASSWORD: &str = PASSWORD;

    /// Starts a server of the caller's own; none, with a line, if it is not installed.
    ///
    /// # Panics
    /// As [`redis`].
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(server) = find("redis-server") else {
            skip("redis-server", "redis-server");
            return None;
        };
        Some(Self { service: Service::start_new(RedisPlan { server }, |_, _| {}) })
    }

    /// Returns its URL, such as `redis://:opensesame@127.0.0.1:41893`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.service.address())
    }

    /// Returns its URL by another address, such as that of a [`Link`](crate::Link).
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("redis://:{PASSWORD}@{address}")
    }

    /// Runs a command, such as `CONFIG SET maxmemory 1mb`, and returns the reply in Redis's own protocol. An argument with
    /// spaces is in double quotes.
    ///
    /// # Errors
    /// If the server cannot be reached, or closes the connection.
    pub fn run(&self, command: &str) -> io::Result<String> {
        ask(self.service.address(), command)
    }
}

impl Deref for Redis {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

struct RedisPlan {
    server: PathBuf,
}

impl Plan for RedisPlan {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn stop_signal(&self) -> &'static str {
        "TERM"
    }

    fn command(&self, _: &Path, port: u16) -> Vec<OsString> {
        let port = port.to_string();
        let settings = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
            "--requirepass",
            PASSWORD,
        ];
        std::iter::once(self.server.clone().into()).chain(settings.map(OsString::from)).collect()
    }

    fn is_ready(&self, _: &Path, port: u16, pid: u32) -> bool {
        let info = ask((Ipv4Addr::LOCALHOST, port).into(), "INFO server");
        info.is_ok_and(|info| info.lines().any(|line| line == format!("process_id:{pid}")))
    }
}

/// Runs a command over a connection of its own, and returns all replies but those to the password and the farewell.
fn ask(address: SocketAddr, command: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "AUTH {PASSWORD}\r\n{command}\r\nQUIT\r\n")?;
    let mut replies = String::new();
    stream.read_to_string(&mut replies)?;
    let replies = replies.strip_prefix("+OK\r\n").unwrap_or(&replies);
    Ok(replies.strip_suffix("+OK\r\n").unwrap_or(replies).to_owned())
}
