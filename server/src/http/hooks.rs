//! Incoming webhooks: `POST /hooks/{token}`, with the requests and answers of Slack's.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chat::{Ack, Error};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::{Refusal, SendId};

use crate::http::problem::Worded;
use crate::server::AppState;

/// The sender's id for the message: a retry with the same id is the same message.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The field of a form that has the payload.
const PAYLOAD: &str = "payload";
/// The header in which GitHub names the event of its own webhooks.
const GITHUB_EVENT: HeaderName = HeaderName::from_static("x-github-event");
/// The answer to such an event: GitHub shows it among the recent deliveries of the webhook.
const GITHUB_HINT: &str = "no_text: an event of GitHub has no text of its own. Post from a workflow of GitHub Actions \
    instead: a JSON object with \"text\", as to Slack.";
/// The bytes that JSON takes for white space.
const SPACE: &[u8] = b" \t\r\n";

/// `POST /hooks/{token}`: posts a message in Slack's format to the group of an incoming webhook. The answer is a word of
/// plain text.
pub(crate) async fn post(
    State(app): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take(&app, &token, &headers, body).await {
        Ok(_) => word(StatusCode::OK, "ok"),
        Err(no) => refused(no, headers.contains_key(GITHUB_EVENT)),
    }
}

async fn take(app: &AppState, token: &str, headers: &HeaderMap, body: Bytes) -> Result<Ack, Error> {
    let caller = app.chat.authenticate_hook(token).await?.ok_or(Refusal::NotFound)?;
    let id = headers.get(IDEMPOTENCY_KEY).map(|key| {
        let key = key.to_str().map_err(|_| Refusal::SendIdBad)?;
        SendId::new(key)
    });
    app.chat.post_by_hook(&caller, payload(body), id.transpose()?).await
}

/// Returns the payload of a body: the body itself if it is JSON, whatever its `Content-Type` says, or else the field of a
/// form. What is neither is no JSON.
fn payload(body: Bytes) -> Bytes {
    if body.iter().find(|b| !SPACE.contains(b)) == Some(&b'{') {
        return body;
    }
    let field = form_urlencoded::parse(&body).find(|(name, _)| name == PAYLOAD);
    field.map(|(_, payload)| Bytes::from(payload.into_owned())).unwrap_or_default()
}

/// Returns the answer that Slack gives to the same mistake; for any other the code of the refusal.
fn refused(no: Error, is_of_github: bool) -> Response {
    let refusal = no.into_refusal();
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &refusal {
        // Unknown, replaced and deleted look the same.
        Refusal::NotFound => word(StatusCode::FORBIDDEN, "invalid_token"),
        Refusal::Archived => word(StatusCode::GONE, "channel_is_archived"),
        Refusal::TextEmpty if is_of_github => word(StatusCode::BAD_REQUEST, GITHUB_HINT),
        Refusal::TextEmpty => word(StatusCode::BAD_REQUEST, "no_text"),
        Refusal::JsonBad | Refusal::JsonNotObject => word(StatusCode::BAD_REQUEST, "invalid_payload"),
        Refusal::TooFast { .. } => word(status, "rate_limited"),
        other => word(status, other.code()),
    };
    if let Some(millis) = refusal.retry_ms() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(millis.div_ceil(1_000)));
    }
    response
}

fn word(status: StatusCode, word: &'static str) -> Response {
    let mut response = (status, word).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.extensions_mut().insert(Worded);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_or_a_form_with_json_in_it() {
        for (body, found) in [
            (r#"{"text":"tea"}"#, r#"{"text":"tea"}"#),
            (" \r\n{}", " \r\n{}"),
            ("payload=%7B%22text%22%3A%22a+b%26c%22%7D", r#"{"text":"a b&c"}"#),
            ("x=1&payload={}", "{}"),
            ("text=tea", ""),
            ("", ""),
            ("[]", ""),
            ("payload", ""),
        ] {
            assert_eq!(payload(Bytes::from_static(body.as_bytes())), found, "{body}");
        }
    }
}
