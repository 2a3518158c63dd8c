//! Live entries of a log as server-sent events (HTML Living Standard, section 9.2): what a WebSocket delivers, one way,
//! for `EventSource` and `curl -N`.
//!
//! The id of an event is the cursor after it, so a client that reconnects with `Last-Event-ID` goes on where it was.

mod connection;
mod event;

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
use crate::http::negotiation::Representation;
use crate::server::AppState;

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
    if app.chat.freshness() == Freshness::Stale {
        return Err(Refusal::Unavailable.into());
    }
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    let since = match last {
        Some(id) => Some(cursor(id, "Last-Event-ID")?),
        None => since.map(|id| cursor(id, "since")).transpose()?,
    };
    let user = caller.signed_in().map(|me| caller.key(me.id));
    let network = Network::of(caller.from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let permit = app.connection_limits.acquire(user, network).ok_or(Refusal::TooManyConnections)?;
    let connection = Connection::open(app, caller, topic, since).await?;
    // One chunk, besides the buffer of the connection: a client that does not read keeps nothing more waiting.
    let (chunks, body) = mpsc::channel(1);
    app.tasks.spawn(async move {
        connection.serve(chunks).await;
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
    Ok(response)
}
