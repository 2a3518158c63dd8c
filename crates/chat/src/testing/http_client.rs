//! An HTTP client for tests: it answers as a test scripts it, and keeps the requests.

use std::collections::VecDeque;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::ports::http_client::{HttpAnswer, HttpClient, HttpFailure, HttpPolicy, HttpRequest};

/// The reply to a request.
pub type HttpReply = Result<HttpAnswer, HttpFailure>;

/// A client that sends nothing. Replies come in the order in which they were scripted, the usual one after that. Without
/// any the connection fails. Every URL passes its check, but those that a test refuses.
pub struct ScriptedHttpClient {
    script: Mutex<Script>,
    /// The number of requests so far.
    received: watch::Sender<usize>,
    is_open: watch::Sender<bool>,
}

#[derive(Default)]
struct Script {
    requests: Vec<HttpRequest>,
    next: VecDeque<HttpReply>,
    usual: Option<HttpReply>,
    /// Beginnings of URLs, with their failure.
    refused: Vec<(String, HttpFailure)>,
}

impl Default for ScriptedHttpClient {
    fn default() -> Self {
        Self {
            script: Mutex::default(),
            received: watch::Sender::default(),
            is_open: watch::Sender::new(true),
        }
    }
}

impl ScriptedHttpClient {
    /// Adds a reply for one request.
    pub fn reply_once(&self, reply: HttpReply) {
        self.script.lock().next.push_back(reply);
    }

    /// Sets the reply for all requests that have no other.
    pub fn reply_always(&self, reply: HttpReply) {
        self.script.lock().usual = Some(reply);
    }

    /// Makes URLs that begin so fail, in checks and in requests.
    pub fn refuse_urls(&self, beginning: &str, failure: HttpFailure) {
        self.script.lock().refused.push((beginning.to_owned(), failure));
    }

    /// Returns the requests so far, the oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.script.lock().requests.clone()
    }

    /// Waits until there were at least so many requests, and returns them.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<HttpRequest> {
        // An error would mean that the client is gone, and it cannot be: this is one of its methods.
        let _ = self.received.subscribe().wait_for(|received| *received >= count).await;
        self.requests()
    }

    /// Makes requests wait from now on, after they were received.
    pub fn hold(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets waiting requests continue.
    pub fn release(&self) {
        self.is_open.send_replace(true);
    }

    fn refusal(&self, url: &str) -> Option<HttpFailure> {
        let script = self.script.lock();
        let refused = script.refused.iter().find(|(beginning, _)| url.starts_with(beginning));
        refused.map(|(_, failure)| *failure)
    }
}

#[async_trait]
impl HttpClient for ScriptedHttpClient {
    async fn send(&self, request: HttpRequest) -> HttpReply {
        let refusal = self.refusal(&request.url);
        self.script.lock().requests.push(request);
        self.received.send_modify(|received| *received += 1);
        // An error would mean that the client is gone, and it cannot be: this is one of its methods.
        let _ = self.is_open.subscribe().wait_for(|is_open| *is_open).await;
        if let Some(failure) = refusal {
            return Err(failure);
        }
        let mut script = self.script.lock();
        let next = script.next.pop_front().or_else(|| script.usual.clone());
        next.unwrap_or(Err(HttpFailure::ConnectionFailed))
    }

    fn check_url(&self, url: &str, _: HttpPolicy) -> Result<String, HttpFailure> {
        self.refusal(url).map_or_else(|| Ok(url.to_owned()), Err)
    }
}

/// Returns an answer with a status and a body.
#[must_use]
pub fn http_answer(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        truncated: false,
        url: String::new(),
    }
}
