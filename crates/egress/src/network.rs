//! Lookup of names and opening of sockets: the network below the checks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;

/// Looks names up and opens sockets. It decides nothing: what it returns is checked, and it dials only what was checked.
#[async_trait]
pub(crate) trait Network: Send + Sync + 'static {
    /// Returns the addresses of a name, with the port.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;

    /// Opens a connection to this address.
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

/// The network of the machine.
pub(crate) struct SystemNetwork {
    lookups: Arc<Semaphore>,
}

/// The most lookups at once. Each takes a thread of the runtime until the system's resolver answers or gives up, which a
/// slow name server of an attacker makes take as long as it can.
const LOOKUPS: usize = 16;

impl Default for SystemNetwork {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

#[async_trait]
impl Network for SystemNetwork {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let permit = Arc::clone(&self.lookups).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        // A task of its own: the permit is held until the lookup ends, also if the request is given up before.
        let lookup = tokio::spawn(async move {
            let _permit = permit;
            Ok(lookup_host((host, port)).await?.collect())
        });
        lookup.await.map_err(io::Error::other)?
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}
