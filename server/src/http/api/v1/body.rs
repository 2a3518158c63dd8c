//! JSON bodies of API requests.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use wire::Refusal;

use super::error::ApiError;
use crate::http::negotiation::is_media_type;

/// The body of a request, read from JSON. Unknown fields are ignored.
pub(crate) struct Body<T>(pub(crate) T);

/// The body of a request that may be left out, or be `null`: then it is `{}`.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<S: Send + Sync, T: Default + DeserializeOwned> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(head.clone(), body), state).await;
        let bytes = bytes.map_err(|_| Refusal::RequestBad)?;
        if matches!(bytes.trim_ascii(), b"" | b"null") {
            return Ok(Self(T::default()));
        }
        let Body(read) = Body::from_request(Request::from_parts(head, bytes.into()), state).await?;
        Ok(Self(read))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_media_type(request.headers(), "application/json") {
            return Err(Refusal::ContentTypeWrong { wants: "application/json".into() }.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Refusal::RequestBad)?;
        // Otherwise an array would be read as the fields in their order.
        if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            return Err(ApiError::body("The body is one JSON object.".into()));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            if error.is_data() {
                let wrong = error.to_string();
                // The names of Rust's types mean nothing to the author of the request.
                let wrong = ["u16", "u32", "u64", "usize"].iter().fold(wrong, |wrong, name| {
                    wrong.replace(&format!("expected {name}"), "expected a whole number, 0 or more")
                });
                ApiError::body(format!("The body is not what this route reads: {wrong}."))
            } else {
                Refusal::JsonBad.into()
            }
        })
    }
}
