//! A network of a test's own: names and sockets behind the checks. With the feature `testing` only.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rustls::RootCertStore;
use tokio::net::TcpStream;

use crate::client::{Egress, EgressConfig};
use crate::network::Network;

/// Names and sockets as a test wants them. A public address, which passes the checks, can lead to a listener on loopback.
#[async_trait]
pub trait TestNetwork: Send + Sync + 'static {
    /// Returns the addresses of a name, with the port; they are checked after that.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;

    /// Opens a connection for an address that was checked.
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

struct Adapter<N>(N);

#[async_trait]
impl<N: TestNetwork> Network for Adapter<N> {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.0.resolve(host, port).await
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.0.dial(address).await
    }
}

/// Creates an egress over a network of the test, which trusts these authorities and no others.
#[must_use]
pub fn egress_over(config: &EgressConfig, network: impl TestNetwork, authorities: RootCertStore) -> Egress {
    let network = Arc::new(Adapter(network));
    Egress::assemble(config, &Arc::new(authorities), &move || Arc::clone(&network) as Arc<dyn Network>)
}
