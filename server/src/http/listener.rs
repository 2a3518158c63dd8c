use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use chat::Network;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::http::connection_limits::Permit;
use crate::server::AppState;

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How long to rest after the system refused a connection; usually it is out of descriptors.
const REST: Duration = Duration::from_millis(100);
/// The largest header of a request, and how much of a body is read at once.
const BUFFER_BYTES: usize = 16 * 1024;
/// The longest a peer may leave an answer unacknowledged or take nothing of it.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Accepts connections until the server stops. Our own loop, because `axum::serve` has no header timer: a
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
                // Once, until it works again.
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
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    // Frames are small and written whole; waiting for more would only delay them.
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
    let of_requests = permit.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let permit = of_requests.clone();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(permit.clone());
        // With a body, the request is here once the body is.
        if request.body().is_end_stream() {
            permit.works();
        }
        let answer = router.clone().oneshot(request.map(Body::new));
        async move {
            let answer = answer.await;
            permit.waits();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.patience.header)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // An error is a peer that went away or spoke something else than HTTP: nothing to do about it.
        _ = &mut connection => return,
        // There are others who need the place.
        () = permit.ended() => return,
        () = app.stopping.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    // Whoever asked and does not take the answer keeps nobody from ending.
    let _ = tokio::time::timeout(app.config.patience.goodbye, connection).await;
}

/// Counts a connection. Those of proxies and of this machine count together only: many people are behind them.
fn permit(app: &AppState, Peer(peer): Peer) -> Option<Permit> {
    let address = peer.ip().to_canonical();
    let shared = address.is_loopback() || app.config.trusts(address);
    app.connections.open((!shared).then(|| Network::of(address)))
}
