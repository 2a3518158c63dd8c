//! Routes of broadcasts: one text to many conversations.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Audience, Broadcast, Caller, SendResult, Sent};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Refusal, Refused, SendId, Seq};

use super::body::Body;
use super::conversations::{path_name, topic};
use super::error::{ApiError, Problem};
use super::messages::send_id;
use super::paging::Paging;
use crate::server::AppState;

/// A broadcast to be sent.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewBroadcast {
    /// The text, Markdown of at most 16 KiB.
    text: String,
    /// Your id for it, 1 to 128 visible ASCII characters: the same id with the same text and recipients is the same
    /// broadcast. The header `Idempotency-Key` means the same.
    id: Option<String>,
    /// The conversations, at most 1000: your keys, `id:` and their ids, or directs.
    to: Option<Vec<String>>,
    /// Instead of `to`: `mine` for every conversation of the user of `Hubbub-As`; of the application, every one with a
    /// key.
    audience: Option<BroadcastAudience>,
}

/// A named audience of a broadcast.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BroadcastAudience {
    /// Every conversation of the sender.
    Mine,
}

/// A broadcast.
#[derive(Serialize, ToSchema)]
pub(crate) struct BroadcastItem {
    /// Its id.
    id: String,
    /// Its text.
    text: String,
    /// The time at which it was accepted, RFC 3339 UTC.
    timestamp: String,
    /// The number of its recipients.
    count: usize,
    /// The number of messages that were sent so far.
    sent: usize,
    /// True while some of its messages wait to be sent.
    pending: bool,
}

/// A broadcast with results.
#[derive(Serialize, ToSchema)]
pub(crate) struct BroadcastResults {
    /// The broadcast.
    broadcast: BroadcastItem,
    /// The results for some of the conversations, in the order in which they were given.
    items: Vec<BroadcastResult>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The result of a broadcast for one conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct BroadcastResult {
    /// The name of the conversation in paths.
    conversation: String,
    /// The name of its log, for the socket.
    topic: String,
    /// `sent`, `refused`, `pending`, or `failed`: it was not sent, or is no longer kept.
    state: BroadcastState,
    /// The number of the message, if it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// The code of the refusal, if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// The state of one message of a broadcast.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BroadcastState {
    /// The message is in the conversation.
    Sent,
    /// The conversation did not take it.
    Refused,
    /// Its turn has not come yet.
    Pending,
    /// It was not sent, or is no longer kept.
    Failed,
}

/// Some broadcasts.
#[derive(Serialize, ToSchema)]
pub(crate) struct BroadcastList {
    /// The broadcasts, the newest first. There may be fewer than asked for, or none, also if more follow.
    items: Vec<BroadcastItem>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Sends one text to many conversations: as the user of `Hubbub-As`, or as the application. Each may refuse it on its
/// own. The answer has the first results; ask again for what is pending.
#[utoipa::path(
    post, path = "/broadcasts", tag = "messages", request_body = NewBroadcast,
    params(("Idempotency-Key" = Option<String>, Header, description = "Your id for the broadcast")),
    responses((status = 202, body = BroadcastResults), (status = "default", body = Problem))
)]
pub(crate) async fn send(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(new): Body<NewBroadcast>,
) -> Result<Response, ApiError> {
    let id = send_id(&app, &headers, new.id)?;
    let audience = match (new.to, new.audience) {
        (Some(names), None) if names.len() <= wire::limits::BROADCAST_TARGETS => {
            let mut topics = Vec::with_capacity(names.len());
            for name in names {
                topics.push(topic(&app, &caller, &name).await?);
            }
            Audience::These(topics)
        }
        (None, Some(BroadcastAudience::Mine)) => Audience::MyGroups,
        _ => return Err(Refusal::TargetsBad.into()),
    };
    let broadcast = app.chat.broadcast(&caller, id, &new.text, audience).await?;
    let (_, answer) = results(&app, &caller, broadcast).await?;
    Ok((StatusCode::ACCEPTED, answer).into_response())
}

/// Lists the broadcasts of the user of `Hubbub-As`, or of the application.
#[utoipa::path(
    get, path = "/broadcasts", tag = "messages", params(Paging),
    responses((status = 200, body = BroadcastList), (status = "default", body = Problem))
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let before = match paging.after()? {
        Some(seq) => Some(number(&seq).map(Seq).ok_or(Refusal::CursorBad)?),
        None => None,
    };
    let (found, before) = app.chat.broadcasts(&caller, before, paging.limit()?).await?;
    let before = before.map(|seq| seq.to_string());
    let (next, link) = paging.next("/broadcasts", before.as_deref());
    let items = found.iter().map(BroadcastItem::of).collect();
    Ok((link, Json(BroadcastList { items, next })).into_response())
}

/// Returns a broadcast with its results, at most 100 at a time.
#[utoipa::path(
    get, path = "/broadcasts/{broadcast}", tag = "messages",
    params(("broadcast" = String, Path, description = "The id of the broadcast"), Paging),
    responses((status = 200, body = BroadcastResults), (status = "default", body = Problem))
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(broadcast): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, ApiError> {
    let id = SendId::new(&broadcast).map_err(|_| Refusal::NotFound)?;
    let from = match paging.after()? {
        Some(from) => number(&from).and_then(|from| usize::try_from(from).ok()).ok_or(Refusal::CursorBad)?,
        None => 0,
    };
    let seq = app.chat.broadcast_seq(&caller, &id).await?;
    let found = app.chat.broadcast_results(&caller, seq, from).await?;
    Ok(results(&app, &caller, found).await?.into_response())
}

/// Returns a broadcast with its results, and the link to the next ones.
async fn results(
    app: &AppState,
    caller: &Caller,
    broadcast: Broadcast,
) -> Result<(HeaderMap, Json<BroadcastResults>), ApiError> {
    let item = BroadcastItem::of(&broadcast);
    let from = broadcast.next.map(|next| next.to_string());
    let path = format!("/broadcasts/{}", percent_encoding::utf8_percent_encode(&item.id, PATH));
    let (next, link) = Paging::default().next(&path, from.as_deref());
    let mut items = Vec::with_capacity(broadcast.results.len());
    for Sent { to, result } in broadcast.results {
        let topic = to.topic();
        let (state, seq, code) = match result {
            SendResult::Sent(seq) => (BroadcastState::Sent, Some(seq.0), None),
            SendResult::Refused(why) => (BroadcastState::Refused, None, Some(Refused::from(&why).code)),
            SendResult::Pending => (BroadcastState::Pending, None, None),
            SendResult::Failed => (BroadcastState::Failed, None, None),
        };
        let conversation = path_name(app, caller, &topic).await?;
        items.push(BroadcastResult { conversation, topic: topic.as_str().to_owned(), state, seq, code });
    }
    Ok((link, Json(BroadcastResults { broadcast: item, items, next })))
}

/// The characters of a path segment that are percent-encoded.
const PATH: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;

/// Reads a number that a cursor has.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| i64::try_from(*number).is_ok())
}

impl BroadcastItem {
    fn of(broadcast: &Broadcast) -> Self {
        Self {
            id: broadcast.id.to_string(),
            text: broadcast.text.clone(),
            timestamp: broadcast.at.to_string(),
            count: broadcast.count,
            sent: broadcast.sent,
            pending: broadcast.is_pending,
        }
    }
}
