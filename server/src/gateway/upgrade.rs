use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::{IntoResponse, Response};
use chat::Caller;
use http::HeaderMap;
use wire::limits::FRAME_BYTES;
use wire::{CloseCode, Refusal};

use super::connection;
use crate::boot::App;
use crate::guard::{address, is_own_origin};
use crate::listener::Peer;
use crate::problem::Problem;

/// What is read at once; the library's own default is zeroed, and kept, by every idle connection.
const READ_BUFFER: usize = 4 * 1024;
/// How much is gathered before the library writes by itself; a flush writes the rest.
const WRITE_BUFFER: usize = 64 * 1024;
/// The most that may wait to be written. What is drained at once, one frame, and room for the answers.
const MOST_WAITING: usize = 512 * 1024;
/// What is over [`FRAME_BYTES`] but not by much is refused with a sentence; what is over this ends the socket.
const HARD_FRAME_BYTES: usize = FRAME_BYTES + FRAME_BYTES / 2;

/// `GET /ws`: the one door for live messages.
pub(crate) async fn upgrade(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !is_own_origin(&app.config, &headers) {
        return Problem(Refusal::OriginForeign).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let user = caller.me.as_ref().map(|me| me.id);
    let tasks = app.tasks.clone();
    let Some(seat) = app.census.sit(user, address(&app.config, &headers, peer)) else {
        // A browser learns why only from a close frame.
        let patience = app.config.patience.goodbye;
        return upgrade.on_upgrade(move |socket| {
            tasks.track_future(connection::turn_away(socket, CloseCode::TooMany, patience))
        });
    };
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MOST_WAITING)
        .max_message_size(HARD_FRAME_BYTES)
        .max_frame_size(HARD_FRAME_BYTES)
        .on_upgrade(move |socket| {
            let connection = connection::run(socket, app, caller, seat);
            // Under the tracker, so that the shutdown waits for it.
            tasks.track_future(connection)
        })
}
