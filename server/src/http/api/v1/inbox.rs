//! The route of the inbox: everything new for a user, in one list.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::{Caller, Inbox, InboxReset};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{Expected, Refusal};

use super::error::{ApiError, Problem};
use super::message_forms::varying;
use super::messages::LogEntry;
use crate::http::event_stream;
use crate::server::AppState;

/// The part of the inbox that is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxPart {
    /// The `cursor` of the part before; without one the inbox begins with the oldest entries.
    after: Option<String>,
    /// The most entries, 1 to 100.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// With `Accept: text/event-stream`: the same as `after`, as in other streams.
    since: Option<String>,
}

/// A part of a user's inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxEntries {
    /// The entries of all logs of the user, in the order in which they were committed.
    entries: Vec<LogEntry>,
    /// The cursor of the next part. Passing it confirms that the user has everything up to it.
    cursor: String,
    /// True if there are more entries now.
    more: bool,
    /// The topics that have lost entries since the cursor that was passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reset: Vec<Lost>,
}

/// A loss of entries in an inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lost {
    /// The topic whose entries are lost; left out if it is the whole inbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// The reason: `epoch_changed`, `trimmed` or `not_member`.
    reason: &'static str,
}

/// Returns what is new for the user of `Hubbub-As`: entries of their own log, of their conversations since they joined,
/// and of their directs. With `Accept: text/event-stream` the entries come as they are committed, each an event, until the
/// connection is closed.
#[utoipa::path(
    get, path = "/inbox", tag = "inbox", params(InboxPart),
    responses(
        (status = 200, content((InboxEntries = "application/json"), (String = "text/event-stream"))),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(part): Query<InboxPart>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if event_stream::is_wanted(&headers) {
        let after = part.since.as_deref().or(part.after.as_deref());
        return Ok(varying(event_stream::follow_inbox(&app, caller, &headers, after).await?));
    }
    let Inbox { entries, cursor, more, resets } =
        app.chat.inbox(&caller, part.after.as_deref(), part.limit()?).await?;
    let entries = entries.into_iter().map(LogEntry::from).collect();
    let reset = resets.into_iter().map(Lost::from).collect();
    Ok(varying(Json(InboxEntries { entries, cursor, more, reset }).into_response()))
}

impl InboxPart {
    fn limit(&self) -> Result<usize, Refusal> {
        let wrong = Refusal::FieldWrong { field: "limit".into(), wants: Expected::PageLimit };
        let Some(limit) = &self.limit else { return Ok(100) };
        limit.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or(wrong)
    }
}

impl From<InboxReset> for Lost {
    fn from(InboxReset { topic, reason }: InboxReset) -> Self {
        Self { topic: topic.map(|topic| topic.as_str().to_owned()), reason: reason.as_str() }
    }
}
