//! Topics over HTTP: publishing to open ones, and the history of any as JSON.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as AxumJson};
use chat::store::Range;
use chat::{Ack, Caller};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use wire::limits::PAGE_ENTRIES;
use wire::{ClientFrame, Expected, Refusal, Seq, Topic};

use crate::http::negotiation::is_media_type;
use crate::http::problem::Problem;
use crate::server::AppState;

/// `POST /publish`: publishes any JSON to an open topic.
pub(crate) async fn publish(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if !is_media_type(&headers, "application/json") {
        return Err(Refusal::ContentTypeWrong { wants: "application/json".into() }.into());
    }
    let text = std::str::from_utf8(&body).map_err(|_| Refusal::JsonBad)?;
    let (topic, id, data) = ClientFrame::decode_publish(text)?;
    let Ack { id, topic, seq, timestamp, duplicate } = app.chat.publish(&caller, topic, id, data).await?;
    let answer = json!({
        "id": id, "topic": topic, "seq": seq, "timestamp": timestamp, "duplicate": duplicate
    });
    Ok(AxumJson(answer).into_response())
}

/// The requested slice of a log.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct HistoryQuery {
    after: Option<String>,
    before: Option<String>,
    limit: Option<String>,
}

/// `GET /topics/{topic}/history`: a slice of a log, a JSON array, oldest first. The headers say where the log begins
/// and ends, and name its epoch.
pub(crate) async fn history(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(rest): Path<String>,
    Query(slice): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let name = rest.strip_suffix("/history").ok_or(Refusal::NotFound)?;
    let topic = Topic::new(name)?;
    let page = app.chat.history_json(&caller, &topic, slice.range()?).await?;
    let mut response = page.entries.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(epoch) = HeaderValue::from_str(&page.epoch.to_string()) {
        headers.insert("x-hubbub-epoch", epoch);
    }
    headers.insert("x-hubbub-begins", HeaderValue::from(page.begins.0));
    headers.insert("x-hubbub-head", HeaderValue::from(page.head.0));
    Ok(response)
}

impl HistoryQuery {
    fn range(&self) -> Result<Range, Refusal> {
        let limit = number("limit", self.limit.as_deref())?;
        Ok(Range {
            after: number("after", self.after.as_deref())?.map(Seq),
            before: number("before", self.before.as_deref())?.map(Seq),
            limit: limit.map_or(PAGE_ENTRIES, |limit| usize::try_from(limit).unwrap_or(PAGE_ENTRIES)),
        })
    }
}

/// Reads a number of a query.
pub(crate) fn number(field: &'static str, text: Option<&str>) -> Result<Option<u64>, Refusal> {
    let wrong = Refusal::FieldWrong { field: field.into(), wants: Expected::Count };
    // No log has an entry beyond i64, and no store has a number for it.
    text.map(|text| text.parse::<u64>().ok().filter(|n| i64::try_from(*n).is_ok()).ok_or(wrong)).transpose()
}
