//! The opening handshake of WebSockets.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use broker::websocket::accept;
use chat::{Caller, Error, Freshness, Network};
use http::header::{
    CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use wire::{CloseCode, Refusal};

use super::connection;
use super::connection_limits::SocketPermit;
use super::goodbye;
use super::stream::{Raw, Stream};
use crate::http::listener::Peer;
use crate::http::problem::Problem;
use crate::middleware::{address, is_own_origin};
use crate::server::AppState;

/// `GET /ws`: the endpoint of live messages. The handshake is RFC 6455 section 4.2, by hand: the code after it reads
/// and writes the socket itself.
pub(crate) async fn upgrade(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
) -> Response {
    if app.chat.freshness() == Freshness::Stale {
        return Problem::from(Refusal::Unavailable).into_response();
    }
    let (caller, origin) = match admit(&app, request.headers(), caller).await {
        Ok(admitted) => admitted,
        Err(no) => return Problem::from(no).into_response(),
    };
    let Some(accept) = handshake(&request) else {
        return with(Problem::from(Refusal::HandshakeNeeded).into_response(), SEC_WEBSOCKET_VERSION, "13");
    };
    let user = caller.signed_in().map(|me| caller.key(me.id));
    let permit =
        app.connection_limits.acquire(user, Network::of(address(&app.config, request.headers(), peer)));
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = app.tasks.clone();
    // Tracked, so that the shutdown waits for it.
    tasks.spawn(async move {
        // An error is a peer that went away in between.
        if let Ok(upgraded) = upgrade.await
            && let Ok((stream, early)) = Raw::of(upgraded)
        {
            match stream {
                Raw::Tcp(stream) => serve(stream, &early, app, caller, origin, permit),
                #[cfg(unix)]
                Raw::Pumped(stream) => serve(stream, &early, app, caller, origin, permit),
            }
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    *response.body_mut() = Body::empty();
    let response = with(with(response, CONNECTION, "upgrade"), UPGRADE, "websocket");
    with(response, SEC_WEBSOCKET_ACCEPT, &accept)
}

/// Decides whether a socket may be opened from the page of an origin. Pages of this server may. Others may if the
/// application of their token lists the origin; without a token, if some application does. Then no cookie counts, and
/// the origin is returned: the socket has to authenticate first.
async fn admit(
    app: &AppState,
    headers: &HeaderMap,
    caller: Caller,
) -> Result<(Caller, Option<Box<str>>), Error> {
    if is_own_origin(&app.config, headers) {
        return Ok((caller, None));
    }
    let mut lines = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (lines.next().and_then(|line| line.to_str().ok()), lines.next()) else {
        return Err(Refusal::OriginForeign.into());
    };
    let has_token = caller.api_token.is_some() || caller.grant.is_some() && caller.session.is_none();
    if has_token {
        let allows = app.chat.allows_origin(&caller, origin).await?;
        return if allows { Ok((caller, None)) } else { Err(Refusal::OriginForeign.into()) };
    }
    if !app.chat.some_application_allows(origin).await? {
        return Err(Refusal::OriginForeign.into());
    }
    Ok((Caller { from: caller.from, ..Caller::default() }, Some(origin.into())))
}

/// Spawns the connection's task, which is as small as possible: it may run for days.
fn serve<S: Stream>(
    stream: S,
    early: &[u8],
    app: AppState,
    caller: Caller,
    origin: Option<Box<str>>,
    permit: Option<SocketPermit>,
) {
    let tasks = app.tasks.clone();
    match permit {
        Some(permit) => tasks.spawn(connection::begin(stream, early, app, caller, origin, permit).serve()),
        // A browser learns the reason only from a close frame.
        None => tasks.spawn(goodbye::turn_away(stream, CloseCode::TooMany, app.config.timeouts.goodbye)),
    };
}

/// Returns the `Sec-WebSocket-Accept` of an opening handshake; none if the request is not one.
fn handshake(request: &Request) -> Option<String> {
    let headers = request.headers();
    let asks = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && says(headers, &CONNECTION, "upgrade")
        && says(headers, &UPGRADE, "websocket")
        && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| asks).and_then(|key| accept(key.as_bytes()))
}

/// Returns true if a header with a list of tokens has this one.
fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|said| said.trim().eq_ignore_ascii_case(word))
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
