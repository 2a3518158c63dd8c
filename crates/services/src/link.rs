//! A TCP proxy in front of a service, for tests of a network that fails.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// A proxy on the loopback that passes connections to a service, as long as its [`Mode`] allows it. It ends when it is
/// dropped.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    service: watch::Sender<SocketAddr>,
    task: JoinHandle<()>,
}

/// The treatment of the connections of a [`Link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All bytes pass.
    Pass,
    /// Connections are closed, and new ones at once.
    Cut,
    /// All bytes pass, each this much later.
    Delay(Duration),
    /// Bytes to the service pass; those from it wait until another mode.
    OneWay,
    /// Bytes from the service pass; those to it wait until another mode.
    Mute,
    /// Connections stay open, and new ones are accepted; all bytes wait until another mode.
    Freeze,
}

/// The direction of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToService,
    FromService,
}

/// The most bytes that are read at once.
const CHUNK: usize = 16 * 1_024;
/// The most chunks that wait in each direction; then the sender notices that nobody reads.
const WAITING: usize = 64;

impl Link {
    /// Starts a proxy that passes connections to a service. Call it within a tokio runtime.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.unwrap_or_else(|error| panic!("no free port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let mode = watch::Sender::new(Mode::Pass);
        let service = watch::Sender::new(service);
        let task = tokio::spawn(accept(listener, service.subscribe(), mode.subscribe()));
        Self { address, mode, service, task }
    }

    /// Returns the address of the proxy, to use in place of that of the service.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections to another service, as an address does that moves with a failover.
    pub fn lead_to(&self, service: SocketAddr) {
        self.service.send_replace(service);
    }

    /// Changes the treatment of all connections, also of those that are open.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, service: watch::Receiver<SocketAddr>, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut cut = mode.clone();
        let connection = connect(client, service.clone(), mode.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = connection => {}
                // The link is gone, or the connection is cut.
                _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
            }
        });
    }
}

async fn connect(client: TcpStream, service: watch::Receiver<SocketAddr>, mode: watch::Receiver<Mode>) {
    // Of a frozen link the client cannot even tell that the service is gone.
    if !may_pass(&mut mode.clone(), Direction::ToService).await {
        return;
    }
    let service = *service.borrow();
    let Ok(service) = TcpStream::connect(service).await else { return };
    for stream in [&client, &service] {
        // It only affects the time.
        let _ = stream.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_service, to_service) = service.into_split();
    tokio::join!(
        pump(from_client, to_service, Direction::ToService, mode.clone()),
        pump(from_service, to_client, Direction::FromService, mode)
    );
}

/// Passes the bytes of one direction until its sender closes.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    mut mode: watch::Receiver<Mode>,
) {
    let (chunks, mut waiting) = mpsc::channel::<(Instant, Vec<u8>)>(WAITING);
    let read_mode = mode.clone();
    let read = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let delay = if let Mode::Delay(delay) = *read_mode.borrow() { delay } else { Duration::ZERO };
            if chunks.send((Instant::now() + delay, buffer[..count].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((due, chunk)) = waiting.recv().await {
            sleep_until(due).await;
            if !may_pass(&mut mode, direction).await || to.write_all(&chunk).await.is_err() {
                return;
            }
        }
        if may_pass(&mut mode, direction).await {
            // An error is a receiver that is gone.
            let _ = to.shutdown().await;
        }
    };
    tokio::join!(read, write);
}

/// Waits until bytes may pass in a direction. Returns false if the link is gone.
async fn may_pass(mode: &mut watch::Receiver<Mode>, direction: Direction) -> bool {
    let passes = |mode: &Mode| match mode {
        Mode::Pass | Mode::Delay(_) => true,
        Mode::OneWay => direction == Direction::ToService,
        Mode::Mute => direction == Direction::FromService,
        Mode::Cut | Mode::Freeze => false,
    };
    mode.wait_for(passes).await.is_ok()
}
