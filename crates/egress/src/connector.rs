//! The connector: every connection is opened here, to an address that was checked.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use chat::{HttpFailure, UrlFault};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;
use url::Host;

use crate::network::Network;
use crate::policy::Rules;
use crate::tls;

/// Opens the connections of one policy.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) rules: Arc<Rules>,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) tls: TlsConnector,
    pub(crate) open: OpenConnections,
}

/// The number of open connections.
#[derive(Clone, Default)]
pub(crate) struct OpenConnections(Arc<AtomicUsize>);

/// A connection, which counts as open until it is dropped.
pub(crate) struct OpenStream {
    stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    open: OpenConnections,
}

/// The time for lookup, connection and TLS. Requests have deadlines of their own; this one ends what a request began and
/// left to others.
const CONNECT: Duration = Duration::from_secs(15);

/// The time after which the next address is tried beside the one before (RFC 8305, section 8).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// The most addresses of a name that are tried.
const ADDRESSES: usize = 8;

impl Service<Uri> for Connector {
    type Response = TokioIo<OpenStream>;
    type Error = HttpFailure;
    type Future = BoxFuture<'static, Result<Self::Response, HttpFailure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            timeout(CONNECT, connector.connect(&uri)).await.unwrap_or(Err(HttpFailure::Timeout))
        })
    }
}

impl Connector {
    async fn connect(&self, uri: &Uri) -> Result<TokioIo<OpenStream>, HttpFailure> {
        let wrong = HttpFailure::UrlBad(UrlFault::Syntax);
        let is_https = uri.scheme_str() == Some("https");
        let host = Host::parse(uri.host().ok_or(wrong)?).map_err(|_| wrong)?;
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let addresses = self.checked_addresses(&host, port, is_https).await?;
        let tcp = self.dial_first(addresses).await?;
        // Only latency depends on it.
        let _ = tcp.set_nodelay(true);
        let stream = if is_https {
            Either::Right(Box::new(tls::start(&self.tls, &host, tcp).await?))
        } else {
            Either::Left(tcp)
        };
        Ok(TokioIo::new(OpenStream::new(stream, self.open.clone())))
    }

    /// Returns the addresses of a host, all of which are allowed. One that is not refuses the host: with the others alone,
    /// an attacker could try addresses until a check and a connection differ.
    async fn checked_addresses(
        &self,
        host: &Host<String>,
        port: u16,
        is_https: bool,
    ) -> Result<Vec<SocketAddr>, HttpFailure> {
        let found = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                let found = self.network.resolve(name, port).await;
                found.map_err(|_| HttpFailure::NameUnknown)?.iter().map(SocketAddr::ip).collect()
            }
        };
        // Without scopes, with the port of the URL, and an address of IPv4 as such.
        let found = found.into_iter().map(|address| SocketAddr::new(address.to_canonical(), port));
        let mut found: Vec<SocketAddr> = found.collect();
        if let Some(refused) = found.iter().find(|address| !self.rules.allows(**address, is_https)) {
            tracing::info!(%host, address = %refused, "egress.refused");
            return Err(self.rules.refusal());
        }
        found.truncate(ADDRESSES);
        if found.is_empty() { Err(HttpFailure::NameUnknown) } else { Ok(found) }
    }

    /// Connects to the addresses in their order, each a moment after the one before, and returns the first connection.
    async fn dial_first(&self, addresses: Vec<SocketAddr>) -> Result<TcpStream, HttpFailure> {
        let (mut next, mut dialing) = (addresses.into_iter(), FuturesUnordered::new());
        loop {
            dialing.extend(next.next().map(|address| self.network.dial(address)));
            tokio::select! {
                dialed = dialing.next() => match dialed {
                    Some(Ok(stream)) => return Ok(stream),
                    Some(Err(_)) => {}
                    None => return Err(HttpFailure::ConnectionFailed),
                },
                () = sleep(NEXT_ADDRESS), if next.len() > 0 => {}
            }
        }
    }
}

impl OpenConnections {
    /// Returns the number.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl OpenStream {
    fn new(stream: Either<TcpStream, Box<TlsStream<TcpStream>>>, open: OpenConnections) -> Self {
        open.0.fetch_add(1, Ordering::Relaxed);
        Self { stream, open }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.open.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection for OpenStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for OpenStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for OpenStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
