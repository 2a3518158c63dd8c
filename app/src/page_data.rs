//! Page data: resources that the server fetches and carries in the page.

use std::future::Future;

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The data of a page: fetched by the server before it responds, carried in the page, and fetched again when the
/// source changes.
pub(crate) type PageData<T> = Resource<T, Bytes>;

/// JSON that is parsed from bytes, as server functions and the socket do: one deserializer for each type instead of
/// two made the page's wasm 5 KB smaller as transferred.
pub(crate) struct Bytes;

impl<T: Serialize> Encoder<T> for Bytes {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Bytes {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}

/// Fetches the data of a page; the page waits for it.
pub(crate) fn page_data<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Send + Sync + 'static,
) -> PageData<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, fetch, true)
}
