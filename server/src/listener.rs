use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::boot::App;

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How long to rest after the system refused a connection; usually it is out of descriptors.
const REST: Duration = Duration::from_millis(100);

/// Accepts connections until the server stops. Our own loop, because `axum::serve` has no header timer: a
/// connection that sends half a request would stay for ever.
pub(crate) async fn run(listener: TcpListener, router: Router, app: App) {
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // Frames are small and written whole; waiting for more would only delay them.
            Ok((stream, _)) if stream.set_nodelay(true).is_err() => {}
            Ok((stream, peer)) => {
                let serving = serve(stream, Peer(peer), router.clone(), app.clone());
                app.tasks.spawn(serving);
            }
            Err(error) => {
                tracing::warn!(error = %error, "accept failed");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    app: App,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.patience.header)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // An error is a peer that went away or spoke something else than HTTP: nothing to do about it.
        _ = &mut connection => return,
        () = app.stopping.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    // Whoever asked and does not take the answer keeps nobody from ending.
    let _ = tokio::time::timeout(app.config.patience.goodbye, connection).await;
}
