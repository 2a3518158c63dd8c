//! Request body limits: memory and time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chat::Network;
use http::Method;
use http_body::Body as _;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};
use wire::Refusal;

use crate::http::listener::Peer;
use crate::http::problem::Problem;
use crate::http::routes::{BODY_BYTES, is_upload};
use crate::middleware;
use crate::server::AppState;

/// The time for any body, however small, and the bytes per second that it must bring beyond that.
const GRACE: Duration = Duration::from_secs(10);
const BYTES_PER_SECOND: u64 = 8 * 1024;

/// Counts the bytes of bodies in memory, so that nobody fills it. A body counts with the bytes received, not with its
/// declared length: a slow sender takes no room from others.
#[derive(Debug)]
pub(crate) struct Bodies {
    /// The most bytes in all, and for each network.
    all: usize,
    network: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    networks: HashMap<Network, usize>,
}

/// The counted bytes of one body; released when it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    bodies: Arc<Bodies>,
    network: Network,
    bytes: usize,
}

/// The deadline of a body, which each received byte extends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Bodies {
    pub(crate) fn new(all: usize, network: usize) -> Self {
        Self { all, network, counts: Mutex::default() }
    }

    pub(crate) fn begin(self: &Arc<Self>, network: Network) -> Charge {
        Charge { bodies: Arc::clone(self), network, bytes: 0 }
    }
}

impl Charge {
    /// Counts up to this many bytes.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if that exceeds a limit.
    pub(crate) fn grow(&mut self, to: usize) -> Result<(), Refusal> {
        let more = to.saturating_sub(self.bytes);
        let mut counts = self.bodies.counts.lock();
        let of_network = counts.networks.get(&self.network).copied().unwrap_or_default();
        if counts.all + more > self.bodies.all || of_network + more > self.bodies.network {
            return Err(Refusal::Unavailable);
        }
        if more > 0 {
            counts.all += more;
            counts.networks.insert(self.network, of_network + more);
            self.bytes += more;
        }
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut counts = self.bodies.counts.lock();
        counts.all -= self.bytes;
        if let Some(of_network) = counts.networks.get_mut(&self.network) {
            *of_network -= self.bytes;
            if *of_network == 0 {
                counts.networks.remove(&self.network);
            }
        }
    }
}

impl Deadline {
    /// Returns the deadline of a body that begins now.
    pub(crate) fn begin() -> Self {
        Self(Instant::now() + GRACE)
    }

    /// Waits for more of a body of which this many bytes were received.
    ///
    /// # Errors
    /// [`Refusal::RequestSlow`] if nothing comes in time.
    pub(crate) async fn wait<T>(&self, bytes: usize, more: impl Future<Output = T>) -> Result<T, Refusal> {
        let earned = Duration::from_secs(bytes as u64 / BYTES_PER_SECOND);
        timeout_at(self.0 + earned, more).await.map_err(|_| Refusal::RequestSlow)
    }
}

/// A body that could not be read, and the reason. An extension of its request.
#[derive(Clone, Debug)]
struct Unread(Refusal);

/// Reads the body of a request into one buffer before the router sees it. The charge counts the body until it is
/// dropped.
///
/// hyper yields a body in pieces as they come from the network, and each keeps its whole read buffer: for a body sent
/// one byte per packet that is thousands of times its size. While a body arrives slowly, neither the router nor its
/// layers hold memory for the request.
pub(crate) async fn gather(app: &AppState, request: Request) -> (Request, Option<Charge>) {
    let (mut parts, body) = request.into_parts();
    if body.is_end_stream() {
        return (Request::from_parts(parts, Body::empty()), None);
    }
    // No handler reads the body of a GET, and that of an upload is read by its own.
    if is_upload(parts.uri.path(), &parts.headers) || matches!(parts.method, Method::GET | Method::HEAD) {
        return (Request::from_parts(parts, body), None);
    }
    // A request that may not come from where it comes from is refused by its header alone.
    if let Err(refusal) = middleware::check_source(&app.config, &parts) {
        parts.extensions.insert(Unread(refusal));
        return (Request::from_parts(parts, Body::empty()), None);
    }
    let mut charge = app.bodies.begin(network_of(app, &parts));
    let read = if body.size_hint().lower() > BODY_BYTES as u64 {
        Err(Refusal::BodyTooLarge { max: BODY_BYTES })
    } else {
        read(body, &mut charge).await
    };
    match read {
        Ok(body) => (Request::from_parts(parts, Body::from(body)), Some(charge)),
        Err(refusal) => {
            parts.extensions.insert(Unread(refusal));
            (Request::from_parts(parts, Body::empty()), None)
        }
    }
}

/// Middleware: refuses a request whose body could not be read.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    match request.extensions().get::<Unread>() {
        Some(Unread(refusal)) => Problem::from(refusal.clone()).into_response(),
        None => next.run(request).await,
    }
}

/// Returns the network that a request comes from.
pub(crate) fn network_of(app: &AppState, parts: &http::request::Parts) -> Network {
    let peer = parts.extensions.get::<Peer>().copied();
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    Network::of(peer.map_or(unknown, |peer| middleware::address(&app.config, &parts.headers, peer)))
}

async fn read(mut body: Body, charge: &mut Charge) -> Result<Bytes, Refusal> {
    let deadline = Deadline::begin();
    let mut read = Vec::new();
    while let Some(frame) = deadline.wait(read.len(), body.frame()).await? {
        // An error is a body that ends too early or is encoded incorrectly.
        let frame = frame.map_err(|_| Refusal::RequestBad)?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > BODY_BYTES {
            return Err(Refusal::BodyTooLarge { max: BODY_BYTES });
        }
        charge.grow(read.len() + data.len())?;
        reserve(&mut read, data.len());
        read.extend_from_slice(&data);
    }
    Ok(read.into())
}

/// Reserves room for more bytes. `Vec` would double its capacity; a body that waits half-sent would hold twice its
/// size.
fn reserve(read: &mut Vec<u8>, more: usize) {
    if read.capacity() - read.len() < more {
        read.reserve_exact(more + read.len() / 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_fills_its_share_leaves_room_for_others_and_gets_it_back() {
        let bodies = Arc::new(Bodies::new(10, 6));
        let [home, away] = ["127.0.0.1", "2001:db8::1"].map(|ip| Network::of(ip.parse().unwrap()));
        let mut first = bodies.begin(home);
        first.grow(4).unwrap();
        first.grow(4).unwrap();
        let mut second = bodies.begin(home);
        assert_eq!(second.grow(3), Err(Refusal::Unavailable), "home has six");
        second.grow(2).unwrap();
        let mut third = bodies.begin(away);
        assert_eq!(third.grow(5), Err(Refusal::Unavailable), "all have ten");
        third.grow(4).unwrap();
        drop(first);
        second.grow(6).unwrap();
        drop((second, third));
        let counts = bodies.counts.lock();
        assert_eq!((counts.all, counts.networks.len()), (0, 0));
    }
}
