//! Requests to providers of OpenID Connect: metadata and keys, which are cached, the token of a code, and claims.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::BASE64;
use form_urlencoded::Serializer;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use wire::{Refusal, Timestamp};

use crate::auth::provider::{IdToken, IdTokenFault, Provider, ProviderKeys, ProviderMetadata, Wanted};
use crate::ports::http_client::{HttpClient, HttpMethod, HttpPolicy, HttpRequest};

/// The time for which metadata and keys count, in milliseconds. Older metadata counts as long as the provider is down.
const FRESH_MS: i64 = 3_600_000;
/// The time in which a failed request for metadata is not repeated.
const FAILED_MS: i64 = 5_000;
/// The time in which the keys are not read again because a token names an unknown one.
const REFETCH_MS: i64 = 60_000;
/// The most bytes of an answer.
const ANSWER_BYTES: usize = 256 * 1_024;

/// A provider that is configured, with what is known of it.
pub(crate) struct KnownProvider {
    pub(crate) provider: Provider,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    metadata: Option<(Arc<ProviderMetadata>, Timestamp)>,
    failed: Option<Timestamp>,
    keys: Option<(ProviderKeys, Timestamp)>,
    refetched: Option<Timestamp>,
}

/// The tokens that a provider gives for a code.
pub(crate) struct Tokens {
    pub(crate) id_token: String,
    access_token: Option<String>,
}

/// A failed request to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderFailure {
    /// It gives no answer, or an error of its own.
    Down(String),
    /// Its answer is not what the protocol says.
    Answer(String),
    /// The code is used or expired.
    CodeOver,
    /// An ID token fails a check.
    Token(IdTokenFault),
}

impl KnownProvider {
    pub(crate) fn new(provider: Provider) -> Self {
        Self { provider, cache: Mutex::default() }
    }

    /// Returns the metadata. The first request needs it, so a provider that is down keeps no server from starting.
    pub(crate) async fn metadata(
        &self,
        http: &dyn HttpClient,
        now: Timestamp,
    ) -> Result<Arc<ProviderMetadata>, ProviderFailure> {
        let known = {
            let cache = self.cache.lock();
            match &cache.metadata {
                Some((metadata, read)) if is_within(*read, now, FRESH_MS) => return Ok(Arc::clone(metadata)),
                known => {
                    let known = known.as_ref().map(|(metadata, _)| Arc::clone(metadata));
                    if cache.failed.is_some_and(|failed| is_within(failed, now, FAILED_MS)) {
                        return known.ok_or_else(|| ProviderFailure::Down("it failed just now".into()));
                    }
                    known
                }
            }
        };
        match self.read_metadata(http).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let mut cache = self.cache.lock();
                cache.metadata = Some((Arc::clone(&metadata), now));
                cache.failed = None;
                Ok(metadata)
            }
            Err(failure) => {
                self.cache.lock().failed = Some(now);
                known.ok_or(failure)
            }
        }
    }

    async fn read_metadata(&self, http: &dyn HttpClient) -> Result<ProviderMetadata, ProviderFailure> {
        let issuer = &self.provider.issuer;
        let answer =
            send(http, HttpMethod::Get, &ProviderMetadata::address(issuer), Vec::new(), None).await?;
        let answer = answer.ok_or_status()?;
        let wrong = |wrong| ProviderFailure::Answer(format!("the metadata is not right: {wrong}"));
        let metadata = ProviderMetadata::read(&answer, issuer).map_err(wrong)?;
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            let checked = http.check_url(url, HttpPolicy::Trusted);
            checked.map_err(|failure| wrong(format!("{url:?}: {failure}")))?;
        }
        Ok(metadata)
    }

    /// Exchanges a code for tokens.
    pub(crate) async fn exchange(
        &self,
        http: &dyn HttpClient,
        metadata: &ProviderMetadata,
        [code, redirect_uri, verifier]: [&str; 3],
    ) -> Result<Tokens, ProviderFailure> {
        let (url, (headers, form)) = (
            &metadata.token_endpoint,
            token_request(&self.provider, metadata, [code, redirect_uri, verifier]),
        );
        let answer = send(http, HttpMethod::Post, url, headers, Some(form)).await?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status >= 400 && answer.status < 500 {
            return Err(match json["error"].as_str() {
                Some("invalid_grant") => ProviderFailure::CodeOver,
                error => ProviderFailure::Answer(format!(
                    "the token endpoint refuses: {} {}",
                    answer.status,
                    error.unwrap_or_default().escape_debug()
                )),
            });
        }
        answer.ok_or_status()?;
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let missing = || ProviderFailure::Answer("the token endpoint gives no id_token".into());
        Ok(Tokens { id_token: text("id_token").ok_or_else(missing)?, access_token: text("access_token") })
    }

    /// Verifies an ID token. If it names an unknown key, the keys are read again, but not too often.
    pub(crate) async fn verify(
        &self,
        http: &dyn HttpClient,
        metadata: &ProviderMetadata,
        token: &str,
        wanted: Wanted<'_>,
        now: Timestamp,
    ) -> Result<IdToken, ProviderFailure> {
        let known = self.cache.lock().keys.clone();
        let known = known.filter(|(_, read)| is_within(*read, now, FRESH_MS)).map(|(keys, _)| keys);
        if let Some(keys) = known {
            match IdToken::verify(token, &keys, wanted) {
                Err(IdTokenFault::KeyUnknown) if self.may_refetch(now) => {}
                verified => return verified.map_err(ProviderFailure::Token),
            }
        }
        let answer =
            send(http, HttpMethod::Get, &metadata.jwks_uri, Vec::new(), None).await?.ok_or_status()?;
        let wrong = |wrong| ProviderFailure::Answer(format!("the keys are not right: {wrong}"));
        let keys = ProviderKeys::read(&answer).map_err(wrong)?;
        self.cache.lock().keys = Some((keys.clone(), now));
        IdToken::verify(token, &keys, wanted).map_err(ProviderFailure::Token)
    }

    fn may_refetch(&self, now: Timestamp) -> bool {
        let mut cache = self.cache.lock();
        let may = cache.refetched.is_none_or(|refetched| !is_within(refetched, now, REFETCH_MS));
        if may {
            cache.refetched = Some(now);
        }
        may
    }

    /// Returns the claims of the userinfo endpoint about a subject; none if there is no such endpoint, or if it refuses.
    pub(crate) async fn userinfo(
        &self,
        http: &dyn HttpClient,
        metadata: &ProviderMetadata,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Map<String, Value>, ProviderFailure> {
        let (Some(url), Some(token)) = (&metadata.userinfo_endpoint, &tokens.access_token) else {
            return Ok(Map::new());
        };
        let headers = vec![("authorization".into(), format!("Bearer {token}"))];
        let answer = match send(http, HttpMethod::Get, url, headers, None).await {
            Ok(answer) => answer.ok_or_status(),
            Err(failure) => Err(failure),
        };
        // The ID token may say enough without it.
        let Ok(answer) = answer else { return Ok(Map::new()) };
        let claims: Map<String, Value> = serde_json::from_slice(&answer).unwrap_or_default();
        if claims.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(ProviderFailure::Answer("the userinfo endpoint answers about somebody else".into()));
        }
        Ok(claims)
    }

    /// Returns the refusal of a failure, and logs what the operator needs to know.
    pub(crate) fn refusal(&self, failure: &ProviderFailure) -> Refusal {
        let Provider { id, name, .. } = &self.provider;
        let provider = name.clone();
        if *failure == ProviderFailure::CodeOver {
            return Refusal::SignInOver;
        }
        tracing::warn!("the sign-in by the provider {id} failed: {failure}");
        match failure {
            ProviderFailure::Down(_) => Refusal::ProviderDown { provider },
            _ => Refusal::ProviderAnswerBad { provider },
        }
    }
}

/// An answer of a provider.
struct Answer {
    status: u16,
    body: Bytes,
}

impl Answer {
    /// Returns the body of a success.
    fn ok_or_status(&self) -> Result<Bytes, ProviderFailure> {
        match self.status {
            200 => Ok(self.body.clone()),
            status @ 500.. => Err(ProviderFailure::Down(format!("it answers {status}"))),
            status => Err(ProviderFailure::Answer(format!("it answers {status}"))),
        }
    }
}

async fn send(
    http: &dyn HttpClient,
    method: HttpMethod,
    url: &str,
    mut headers: Vec<(String, String)>,
    body: Option<String>,
) -> Result<Answer, ProviderFailure> {
    headers.push(("accept".into(), "application/json".into()));
    let body = body.unwrap_or_default().into();
    let request = HttpRequest {
        headers,
        body,
        max_body: ANSWER_BYTES,
        policy: HttpPolicy::Trusted,
        ..HttpRequest::new(method, url)
    };
    let answer = http.send(request).await.map_err(|failure| ProviderFailure::Down(failure.to_string()))?;
    if answer.truncated {
        return Err(ProviderFailure::Answer(format!("an answer is longer than {ANSWER_BYTES} bytes")));
    }
    Ok(Answer { status: answer.status, body: answer.body })
}

/// Returns the headers and the form that exchange a code.
fn token_request(
    provider: &Provider,
    metadata: &ProviderMetadata,
    [code, redirect_uri, verifier]: [&str; 3],
) -> (Vec<(String, String)>, String) {
    let Provider { client_id, client_secret, .. } = provider;
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code");
    form.append_pair("code", code).append_pair("redirect_uri", redirect_uri);
    form.append_pair("code_verifier", verifier);
    let mut headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
    match client_secret {
        Some(secret) if !metadata.takes_secret_in_body() => {
            headers.push(("authorization".into(), basic(client_id, secret)));
        }
        secret => {
            form.append_pair("client_id", client_id);
            if let Some(secret) = secret {
                form.append_pair("client_secret", secret);
            }
        }
    }
    (headers, form.finish())
}

/// Returns the credentials of a client for the header, each form-encoded first (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret));
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

/// Returns true if something happened within a time before now. A clock that was set back makes it longer ago.
const fn is_within(then: Timestamp, now: Timestamp, millis: i64) -> bool {
    let since = now.0.saturating_sub(then.0);
    since >= 0 && since < millis
}

/// English, for logs.
impl fmt::Display for ProviderFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(wrong) | Self::Answer(wrong) => f.write_str(wrong),
            Self::CodeOver => f.write_str("the code is used or expired"),
            Self::Token(fault) => fault.fmt(f),
        }
    }
}
