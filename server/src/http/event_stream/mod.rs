//! Live entries of a log or an inbox as server-sent events (HTML Living Standard, section 9.2): what a WebSocket delivers, one way,
//! for `EventSource` and `curl -N`.
//!
//! The id of an event is the cursor after it, so a client that reconnects with `Last-Event-ID` goes on where it was.

mod client;
mod connection;
mod event;
mod inbox;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chat::{Caller, Error, Freshness, Network};
use futures::stream::{self, StreamExt as _};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::mpsc;
use wire::{Refusal, Topic};

use self::connection::Connection;
use self::event::cursor;
use self::inbox::InboxConnection;
use crate::http::negotiation::Representation;
use crate::server::AppState;
use crate::websocket::SocketPermit;

/// The header of the last event that a client has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Keeps nginx from collecting events before it passes them on.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Marks the response of an open stream: its connection is busy as long as there is more to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenStream;

/// Returns true if a client prefers events to a page of entries.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    Representation::preferred(headers, [Representation::Json, Representation::Events])
        == Representation::Events
}

/// Follows a log: from the event that `Last-Event-ID` or `since` names, or else from now on. The stream ends when the
/// right to read, the token or the server does.
///
/// # Errors
/// Those of [`Chat::subscribe`](chat::Chat::subscribe), [`Refusal::TooManyConnections`], [`Refusal::FieldWrong`] if the
/// id of the last event is malformed, and [`Refusal::Unavailable`] while this node has lost its store.
pub(crate) async fn follow(
    app: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    topic: Topic,
    since: Option<&str>,
) -> Result<Response, Error> {
    let since = match last_event_id(headers) {
        Some(id) => Some(cursor(id, "Last-Event-ID")?),
        None => since.map(|id| cursor(id, "since")).transpose()?,
    };
    let permit = admit(app, &caller)?;
    let connection = Connection::open(app, caller, topic, since).await?;
    Ok(answer(app, permit, |chunks| connection.serve(chunks)))
}

/// Follows the inbox of a user: from the event that `Last-Event-ID` or `after` names, or else from now on. The stream ends
/// when the session, the token or the server does.
///
/// # Errors
/// Those of [`Chat::follow_inbox`](chat::Chat::follow_inbox), [`Refusal::TooManyConnections`], and
/// [`Refusal::Unavailable`] while this node has lost its store.
pub(crate) async fn follow_inbox(
    app: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    after: Option<&str>,
) -> Result<Response, Error> {
    let permit = admit(app, &caller)?;
    let connection = InboxConnection::open(app, caller, last_event_id(headers).or(after)).await?;
    Ok(answer(app, permit, |chunks| connection.serve(chunks)))
}

/// Returns the id of the last event that a client has.
fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default())
}

/// Counts a stream as a socket of its user and network.
fn admit(app: &AppState, caller: &Caller) -> Result<SocketPermit, Refusal> {
    if app.chat.freshness() == Freshness::Stale {
        return Err(Refusal::Unavailable);
    }
    let user = caller.signed_in().map(|me| caller.key(me.id));
    let network = Network::of(caller.from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    app.connection_limits.acquire(user, network).ok_or(Refusal::TooManyConnections)
}

/// Returns the answer whose body a task writes.
fn answer<F>(app: &AppState, permit: SocketPermit, serve: impl FnOnce(mpsc::Sender<Bytes>) -> F) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    // One chunk, besides the buffer of the connection: a client that does not read keeps nothing more waiting.
    let (chunks, body) = mpsc::channel(1);
    let serving = serve(chunks);
    app.tasks.spawn(async move {
        serving.await;
        drop(permit);
    });
    let body = stream::unfold(body, async |mut body| {
        let chunk: Bytes = body.recv().await?;
        Some((Ok::<_, Infallible>(chunk), body))
    });
    let mut response = Response::new(Body::from_stream(body.boxed()));
    response.extensions_mut().insert(OpenStream);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(Representation::Events.media()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    response
}
