//! Startup and graceful shutdown of the server, and the state that its handlers share.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use chat::{Chat, MemoryBlobs, Store};
use store::NodeFolder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::Timestamp;

use crate::config::{self, Config, ConfigError};
use crate::http::assets::Site;
use crate::http::avatars::Uploads;
use crate::http::bodies::Bodies;
use crate::http::connection_limits::OpenConnections;
use crate::http::listener::{self, Peer};
use crate::http::routes;
use crate::open::{self, Files, Opened};
use crate::ops::metrics;
use crate::ops::{Control, HttpMetrics, OutgoingMetrics, SeenHosts};
use crate::websocket::{self, ConnectionLimits, TimerWheel};

/// The entry point that starts servers.
pub struct Server;

/// A running server, until it is stopped.
pub struct ServerHandle {
    addr: SocketAddr,
    metrics: Option<SocketAddr>,
    chat: Arc<Chat>,
    state: AppState,
    listeners: Vec<JoinHandle<()>>,
    clock: JoinHandle<()>,
    watch: JoinHandle<()>,
    /// The data folder of a node whose facts are in a database.
    _folder: Option<NodeFolder>,
}

/// The state that every request can reach.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) chat: Arc<Chat>,
    pub(crate) config: Arc<Config>,
    pub(crate) site: Arc<Site>,
    pub(crate) connection_limits: Arc<ConnectionLimits>,
    /// The timer wheel of the connections' timeouts.
    pub(crate) clock: Arc<TimerWheel>,
    /// Cancelled when the server is to stop.
    pub(crate) stopping: CancellationToken,
    /// The tasks of all connections.
    pub(crate) tasks: TaskTracker,
    /// Counts of the hosts and proxies of requests, for `hubbub doctor`.
    pub(crate) arrivals: Arc<SeenHosts>,
    /// The time of the start, and the requests since then, for the metrics.
    pub(crate) started: Timestamp,
    pub(crate) http: Arc<HttpMetrics>,
    pub(crate) outgoing: Arc<OutgoingMetrics>,
    /// The HTTP connections that are not WebSockets.
    pub(crate) connections: Arc<OpenConnections>,
    /// The bodies of requests in memory.
    pub(crate) bodies: Arc<Bodies>,
    /// The files that are being uploaded.
    pub(crate) uploads: Arc<Uploads>,
}

impl Server {
    /// Opens the store, listens and serves. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The reason that it cannot serve.
    pub async fn start(config: Config) -> Result<ServerHandle, ConfigError> {
        Self::over(config, None).await
    }

    /// As [`Server::start`], with the caller's store.
    ///
    /// # Errors
    /// The reason that it cannot serve.
    pub async fn start_over(config: Config, store: Arc<dyn Store>) -> Result<ServerHandle, ConfigError> {
        Self::over(config, Some(store)).await
    }

    async fn over(config: Config, store: Option<Arc<dyn Store>>) -> Result<ServerHandle, ConfigError> {
        let (socket, addr) = bind(&config.addr, "--addr").await?;
        let watched = match &config.metrics {
            Some(metrics) => Some(bind(metrics, "--metrics").await?),
            None => None,
        };
        let Opened { chat, outgoing, files } = match store {
            Some(store) => {
                let blobs = Arc::new(MemoryBlobs::default());
                Opened::over(&config, store, blobs, None, Files::Nothing)?
            }
            None => open::open(&config).await?,
        };
        let (has_folder, sqlite, folder) = match files {
            Files::Nothing => (false, None, None),
            Files::Sqlite(store) => (true, Some(store), None),
            Files::Node(folder) => (true, None, Some(folder)),
        };
        // The executor is set once per process; tests start many servers in one.
        let _ = any_spawner::Executor::init_tokio();
        let state = AppState {
            chat: Arc::clone(&chat),
            site: Arc::new(Site::find()?),
            connection_limits: Arc::new(ConnectionLimits::new(config.sockets)),
            clock: Arc::new(TimerWheel::new(config.timeouts.shortest())),
            connections: Arc::new(OpenConnections::new(connection_limits(&config))),
            config: Arc::new(config),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            arrivals: Arc::default(),
            started: chat.now(),
            http: Arc::default(),
            outgoing,
            uploads: Arc::default(),
            bodies: Arc::new(Bodies::new(BODIES_BYTES, BODIES_NETWORK_BYTES)),
        };
        let router = routes::router(state.clone());
        let mut listeners = vec![tokio::spawn(listener::run(socket, router, state.clone()))];
        let metrics = watched.as_ref().map(|(_, addr)| *addr);
        if let Some((socket, _)) = watched {
            let router = metrics::router(state.clone());
            listeners.push(tokio::spawn(listener::run(socket, router, state.clone())));
        }
        if has_folder {
            let (config, arrivals) = (Arc::clone(&state.config), Arc::clone(&state.arrivals));
            let control = Control {
                chat: Arc::clone(&chat),
                sqlite,
                url: config.url_at(&addr.to_string()),
                config,
                arrivals,
                stopping: state.stopping.clone(),
            };
            listeners.extend(control.listen());
        }
        let clock = tokio::spawn(Arc::clone(&state.clock).run());
        let watch = tokio::spawn(websocket::stale_node::watch(state.clone()));
        Ok(ServerHandle { addr, metrics, chat, state, listeners, clock, watch, _folder: folder })
    }
}

/// The most bytes of request bodies in memory, of all and of one network.
const BODIES_BYTES: usize = 16 * 1024 * 1024;
const BODIES_NETWORK_BYTES: usize = 4 * 1024 * 1024;

/// Returns the limits of the listener: plain connections take at most a quarter of the descriptors that the system
/// allows.
fn connection_limits(config: &Config) -> config::Connections {
    let descriptors = rlimit::Resource::NOFILE.get_soft().unwrap_or(1_024);
    let most = usize::try_from(descriptors / 4).unwrap_or(usize::MAX).max(1);
    let config::Connections { node, network } = config.connections;
    config::Connections { node: node.min(most), network }
}

/// Binds a listener; an error names the setting that would help.
async fn bind(addr: &str, setting: &str) -> Result<(TcpListener, SocketAddr), ConfigError> {
    listen(addr).await.map_err(|error| {
        ConfigError(format!("cannot listen on {addr}: {error}; choose another address with {setting}"))
    })
}

/// The accept backlog, as far as the system allows. Connections beyond it retry after a second and more, and when a
/// network or a proxy comes back, all connect at once.
const WAITING: u32 = 65_535;

async fn listen(addr: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for addr in lookup_host(addr).await? {
        let bound = || {
            let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Otherwise the address would stay taken for a minute after a restart.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(addr)?;
            let listener = socket.listen(WAITING)?;
            let addr = listener.local_addr()?;
            Ok((listener, addr))
        };
        match bound() {
            Ok(bound) => return Ok(bound),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl ServerHandle {
    /// Returns the address it listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the address of the metrics.
    #[must_use]
    pub const fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Returns the URL to open.
    #[must_use]
    pub fn url(&self) -> String {
        self.state.config.url_at(&self.addr.to_string())
    }

    /// Returns the link by which somebody becomes the owner, the same on every node; none if there is an owner.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn owner_link(&self) -> Result<Option<String>, ConfigError> {
        let offered = self.chat.offer_ownership().await;
        let token = offered.map_err(|no| ConfigError(format!("the accounts cannot be read: {no:?}")))?;
        Ok(token.map(|token| format!("{}/owner/{}", self.url(), token.reveal())))
    }

    /// Returns the domain.
    #[must_use]
    pub const fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }

    /// Waits until the store has other data than at the start, so that the server has to start anew; for ever if that does
    /// not happen. Cancel-safe.
    pub async fn store_replaced(&self) {
        self.chat.store_replaced().await;
    }

    /// Serves one more connection, over any stream of bytes: for callers with TLS or a listener of their own.
    pub fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr) {
        let router = routes::router(self.state.clone());
        let serving = listener::serve(stream, Peer(peer), router, self.state.clone());
        self.state.tasks.spawn(serving);
    }

    /// Stops gracefully: readiness fails, new connections are refused, accepted work is finished, sockets get a goodbye
    /// and the store is closed. Returns true if all of it was done in time.
    pub async fn stop(self) -> bool {
        let grace = self.state.config.timeouts.shutdown;
        let chat = Arc::clone(&self.chat);
        self.chat.set_stopping();
        self.state.stopping.cancel();
        self.state.clock.call_all();
        let orderly = async {
            for listener in self.listeners {
                // An error is a panic of the listener, which is logged already.
                let _ = listener.await;
            }
            self.state.tasks.close();
            self.state.tasks.wait().await;
            self.clock.abort();
            self.watch.abort();
            self.chat.shut_down().await.is_ok()
        };
        tokio::time::timeout(grace, orderly).await.unwrap_or_else(|_| {
            tracing::error!("shutdown.late = true");
            // Dropping a store waits for its threads, and one may hang in a flush. That is not waited for: the process
            // ends, and what was not flushed was never acknowledged.
            std::mem::forget(chat);
            false
        })
    }
}
