//! Messages in the forms that clients ask for by `Accept`: JSON, plain text and events.

use axum::Json;
use axum::response::{IntoResponse, Response};
use chat::Caller;
use chat::store::{Range, event_of, version_of};
use http::header::VARY;
use http::{HeaderMap, HeaderValue};
use wire::{Refusal, Seq, Topic};

use super::entity_tag::etag;
use super::error::ApiError;
use super::messages::{LogEntry, Slice, log};
use crate::http::event_stream;
use crate::http::languages::texts_for;
use crate::http::negotiation::Representation;
use crate::http::transcript;
use crate::server::AppState;

/// The forms of a list of messages, the usual one first.
pub(crate) const LIST: [Representation; 3] =
    [Representation::Json, Representation::Text, Representation::Events];
/// The forms of one message.
pub(crate) const ONE: [Representation; 2] = [Representation::Json, Representation::Text];

/// Returns entries of a conversation in a form of [`LIST`].
pub(crate) async fn list_as(
    app: &AppState,
    caller: Caller,
    topic: Topic,
    slice: &Slice,
    headers: &HeaderMap,
    form: Representation,
) -> Result<Response, ApiError> {
    match form {
        Representation::Events => {
            Ok(event_stream::follow(app, caller, headers, topic, slice.since.as_deref()).await?)
        }
        Representation::Text => {
            let page = app.chat.events(&caller, &topic, slice.range()?).await?;
            Ok(transcript::answer(texts_for(headers), &page.entries))
        }
        Representation::Json | Representation::Html => {
            Ok(log(app.chat.history_json(&caller, &topic, slice.range()?).await?))
        }
    }
}

/// Marks an answer whose form `Accept` decides.
pub(crate) fn varying(mut response: Response) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

/// Returns a message in one of its forms; with [`Representation::Events`] what comes after it.
pub(crate) async fn read_as(
    app: &AppState,
    caller: Caller,
    topic: Topic,
    seq: Seq,
    headers: &HeaderMap,
    form: Representation,
) -> Result<Response, ApiError> {
    let range = Range { after: Some(Seq(seq.0.saturating_sub(1))), limit: 1, ..Range::default() };
    let page = app.chat.history(&caller, &topic, range).await?;
    let entry = page.entries.into_iter().next();
    let entry = entry.filter(|entry| entry.seq == seq).ok_or(Refusal::NotFound)?;
    match form {
        Representation::Events => {
            let since = format!("{}:{seq}", page.epoch);
            Ok(event_stream::follow(app, caller, headers, topic, Some(&since)).await?)
        }
        Representation::Text => {
            let entry = entry.map(|data| event_of(&data));
            Ok(transcript::answer(texts_for(headers), [&entry]))
        }
        Representation::Json | Representation::Html => {
            Ok((etag(version_of(&entry.data)), Json(LogEntry::from(entry))).into_response())
        }
    }
}
