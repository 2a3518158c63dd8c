//! Routes of reactions and pins.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use chat::Caller;
use wire::{Amendment, Emoji};

use super::error::{ApiError, Problem};
use super::messages::{Acknowledgement, amend};
use crate::server::AppState;

/// Adds a reaction to a message.
#[utoipa::path(
    put, path = "/conversations/{conversation}/messages/{seq}/reactions/{emoji}", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
        ("emoji" = String, Path, description = "One emoji"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn add(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq, emoji)): Path<(String, String, String)>,
) -> Result<Json<Acknowledgement>, ApiError> {
    let amendment = Amendment::React(Emoji::new(&emoji)?, true);
    amend(&app, &caller, (&conversation, &seq), app.chat.new_send_id(), amendment, None).await
}

/// Takes back a reaction to a message.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/messages/{seq}/reactions/{emoji}", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
        ("emoji" = String, Path, description = "One emoji"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn remove(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq, emoji)): Path<(String, String, String)>,
) -> Result<Json<Acknowledgement>, ApiError> {
    let amendment = Amendment::React(Emoji::new(&emoji)?, false);
    amend(&app, &caller, (&conversation, &seq), app.chat.new_send_id(), amendment, None).await
}

/// Pins a message.
#[utoipa::path(
    put, path = "/conversations/{conversation}/messages/{seq}/pin", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn pin(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
) -> Result<Json<Acknowledgement>, ApiError> {
    amend(&app, &caller, (&conversation, &seq), app.chat.new_send_id(), Amendment::Pin(true), None).await
}

/// Unpins a message.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/messages/{seq}/pin", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn unpin(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
) -> Result<Json<Acknowledgement>, ApiError> {
    amend(&app, &caller, (&conversation, &seq), app.chat.new_send_id(), Amendment::Pin(false), None).await
}
