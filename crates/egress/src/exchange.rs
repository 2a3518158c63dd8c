//! One request and its answer, over a pool of connections.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chat::{HttpFailure, UrlFault};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;

use crate::connector::{Connector, OpenConnections};
use crate::failures;
use crate::redirects::Hop;

/// The pool of one policy.
pub(crate) struct Pool {
    connector: Connector,
    client: Mutex<Client<Connector, Full<Bytes>>>,
    open: OpenConnections,
    /// The most connections, with those that are idle.
    most: usize,
}

/// The time for which an idle connection is kept, and the most of them at a host.
const IDLE: Duration = Duration::from_secs(20);
const IDLE_PER_HOST: usize = 2;

/// The longest header of an answer, in bytes.
const HEADER_BYTES: usize = 64 * 1024;

impl Pool {
    pub(crate) fn new(connector: Connector, most: usize) -> Self {
        let (client, open) = (Mutex::new(client(&connector)), connector.open.clone());
        Self { connector, client, open, most }
    }

    /// Sends a request. If a kept connection was closed before anything of the request was sent, it goes out over another
    /// one; after that, never again.
    ///
    /// # Errors
    /// The reason that there is no answer.
    pub(crate) async fn send(&self, hop: &Hop) -> Result<Response<Incoming>, HttpFailure> {
        let wrong = HttpFailure::UrlBad(UrlFault::Syntax);
        let uri: Uri = hop.url.as_str().parse().map_err(|_| wrong)?;
        // Two parsers that see different hosts would be a way around the check.
        if uri.host() != hop.url.host_str() {
            return Err(wrong);
        }
        let mut request = Request::new(Full::new(hop.body.clone()));
        *request.method_mut() = hop.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = hop.headers.clone();
        self.client().request(request).await.map_err(|error| failures::of(&error))
    }

    /// Returns the client. If too many connections are open, most of them are idle, and they end with a client that goes.
    fn client(&self) -> Client<Connector, Full<Bytes>> {
        let mut current = self.client.lock();
        if self.open.count() >= self.most {
            *current = client(&self.connector);
        }
        current.clone()
    }
}

fn client(connector: &Connector) -> Client<Connector, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http1_max_buf_size(HEADER_BYTES)
        .retry_canceled_requests(true)
        .build(connector.clone())
}

/// Reads a body up to a limit, and returns it with true if there is more.
///
/// # Errors
/// The reason that it cannot be read.
pub(crate) async fn read_body(mut body: Incoming, limit: usize) -> Result<(Bytes, bool), HttpFailure> {
    let mut bytes = BytesMut::new();
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| failures::of(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = limit - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((bytes.freeze(), true));
        }
    }
    Ok((bytes.freeze(), false))
}
