//! The route of receipts: the progress of the recipients of a message.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use chat::Caller;
use chat::store::RecipientReceipt;
use serde::Serialize;
use utoipa::ToSchema;
use wire::DeliveryState;

use super::conversations::topic;
use super::error::{ApiError, Problem};
use super::messages::place;
use crate::server::AppState;

/// The receipts of a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct Receipts {
    /// The recipients: those of a message to some members, or the other members who had joined before it.
    recipients: Vec<MessageReceipt>,
    /// The number of recipients.
    sent: usize,
    /// The number of those who have it on a device.
    delivered: usize,
    /// The number of those who have read it.
    read: usize,
}

/// The receipt of one recipient. It only advances.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageReceipt {
    /// The recipient: your key for them, or `id:` and their id.
    user: String,
    /// The progress: the server has it, a device of theirs has it, or they have read it.
    state: ReceiptState,
}

/// The progress of a message towards a recipient.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReceiptState {
    Sent,
    Delivered,
    Read,
}

/// Returns how far the recipients of a message are, for its author and for the application.
#[utoipa::path(
    get, path = "/conversations/{conversation}/messages/{seq}/receipts", tag = "read states",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
    ),
    responses((status = 200, body = Receipts), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
) -> Result<Json<Receipts>, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    let found = app.chat.receipts(&caller, &topic, place(&seq)?).await?;
    let from = |state| found.iter().filter(move |one| one.receipt.state >= state).count();
    let (sent, delivered, read) = (found.len(), from(DeliveryState::Delivered), from(DeliveryState::Read));
    let recipients = found.into_iter().map(MessageReceipt::from).collect();
    Ok(Json(Receipts { recipients, sent, delivered, read }))
}

impl From<RecipientReceipt> for MessageReceipt {
    fn from(RecipientReceipt { receipt, key }: RecipientReceipt) -> Self {
        let user = key.map_or_else(|| format!("id:{}", receipt.user), |key| key.to_string());
        let state = match receipt.state {
            DeliveryState::Sent => ReceiptState::Sent,
            DeliveryState::Delivered => ReceiptState::Delivered,
            DeliveryState::Read => ReceiptState::Read,
        };
        Self { user, state }
    }
}
