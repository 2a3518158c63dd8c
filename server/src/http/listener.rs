//! The HTTP listener: accepts connections and serves them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use chat::Network;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::http::bodies;
use crate::http::connection_limits::Permit;
use crate::http::download_watch::{Download, DownloadWatch, Watched};
use crate::http::event_stream::OpenStream;
use crate::http::guarded_body::guarded;
use crate::http::header_timer::{HeaderTimer, Noticed};
use crate::http::routes::is_upload;
use crate::server::AppState;

/// The address of the peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The pause after the system refused a connection; usually it is out of descriptors.
const REST: Duration = Duration::from_millis(100);
/// The largest header of a request, and the most bytes of a body in one read.
const BUFFER_BYTES: usize = 16 * 1024;
/// The longest that a peer may leave an answer unacknowledged or read nothing of it.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// The most bytes that the system takes before it has sent what it took earlier. With its usual megabytes, a slow reader
/// seems to take nothing for minutes, and then very much.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 128 * 1024;

/// A stream as hyper has it. A WebSocket takes the socket out of it, and would be copied through a pipe if it were of
/// another type than that one expects.
pub(crate) type Accepted<S> = Watched<Noticed<S>>;

/// Accepts connections until the server stops. A loop of our own, because `axum::serve` has no header timeout: a
/// connection that sends half a request would stay for ever.
pub(crate) async fn run(listener: TcpListener, router: Router, app: AppState) {
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                if tune(&stream).is_ok() {
                    let serving = serve(stream, Peer(peer), router.clone(), app.clone());
                    app.tasks.spawn(serving);
                }
            }
            Err(error) => {
                // Logged once, until accepting works again.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = %error, "accept failed");
                }
                app.connections.give_way();
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn tune(stream: &TcpStream) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    }
    // Frames are small and written whole; Nagle's algorithm would only delay them.
    stream.set_nodelay(true)
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    app: AppState,
) {
    let Some(permit) = permit(&app, peer) else { return };
    let (of_requests, of_bodies) = (permit.clone(), app.clone());
    let watch = Arc::new(DownloadWatch::default());
    let of_answers = Arc::clone(&watch);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let permit = of_requests.clone();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(permit.clone());
        let (router, app, watch) = (router.clone(), of_bodies.clone(), Arc::clone(&of_answers));
        async move {
            let is_file =
                is_upload(request.uri().path(), request.headers()) && !request.body().is_end_stream();
            let (request, charge) = bodies::gather(&app, request.map(Body::new)).await;
            // A request counts as working once its body is read; the handler of uploads reads files itself.
            if !is_file {
                permit.works();
            }
            let answer = router.oneshot(request).await;
            drop(charge);
            answer.map(|answer| {
                let is_download = answer.extensions().get::<Download>().is_some();
                if is_download || answer.extensions().get::<OpenStream>().is_some() {
                    let answer = answer.map(|body| guarded(body, Working(permit)));
                    return if is_download { answer.map(|body| watch.begin(body)) } else { answer };
                }
                permit.waits();
                answer
            })
        }
    });
    let timer = HeaderTimer::new(app.config.timeouts);
    let stream: Accepted<_> = watch.notice(timer.notice(stream));
    let connection = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(app.config.timeouts.header)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // An error is a peer that went away or spoke another protocol: nothing to do about it.
        _ = &mut connection => return,
        // The connection limit needs room for another one.
        () = permit.ended() => return,
        () = watch.stalled(app.config.timeouts.download) => return,
        () = app.stopping.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    // A peer that does not read its answer delays the shutdown no longer than this.
    let _ = tokio::time::timeout(app.config.timeouts.goodbye, connection).await;
}

/// The guard of a body during which the connection is busy, so that it does not give way to others.
struct Working(Permit);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.waits();
    }
}

/// Counts a connection. Those of proxies and of this machine count only in all: many people are behind them.
fn permit(app: &AppState, Peer(peer): Peer) -> Option<Permit> {
    let address = peer.ip().to_canonical();
    let shared = address.is_loopback() || app.config.trusts(address);
    app.connections.open((!shared).then(|| Network::of(address)))
}
