//! A provider of OpenID Connect on this machine.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chat::{Clock, Provider, ProviderSignUp, SystemClock};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::keys::{CLIENT_SECRET, Keys, Signing};

/// A provider, until it is dropped.
pub(super) struct FakeProvider {
    addr: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    issuer: String,
    keys: Keys,
    state: Mutex<ProviderState>,
}

#[derive(Default)]
struct ProviderState {
    /// The sign-ins that wait for their code to be exchanged.
    codes: HashMap<String, Grant>,
    next: u32,
    /// Values that replace those of the metadata.
    metadata: BTreeMap<String, Value>,
    key_names: String,
    key_requests: usize,
    /// The claims of the userinfo endpoint.
    userinfo: Option<Value>,
    /// The status of the token endpoint, if it fails.
    token_status: Option<u16>,
    /// The ID token for every code.
    replayed: Option<String>,
    last_token: Option<String>,
}

#[derive(Clone)]
struct Grant {
    challenge: String,
    redirect_uri: String,
    token: TokenDraft,
}

/// An ID token before it is signed.
#[derive(Clone)]
pub(super) struct TokenDraft {
    pub(super) header: Value,
    pub(super) claims: Value,
    pub(super) signing: Signing,
    /// Changes the finished token.
    pub(super) after: fn(String) -> String,
}

/// The id under which the server is registered at every provider.
pub(super) const CLIENT_ID: &str = "hubbub:client";

impl FakeProvider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = ProviderState { key_names: "first".into(), ..ProviderState::default() };
        let issuer = format!("http://{addr}");
        let shared = Arc::new(Shared { issuer, keys: Keys::new(), state: Mutex::new(state) });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { addr, shared, serving }
    }

    /// Returns the settings of a server for this provider.
    pub(super) fn settings(&self, id: &str) -> Provider {
        Provider {
            id: id.into(),
            name: id.to_uppercase(),
            issuer: self.issuer().into(),
            client_id: CLIENT_ID.into(),
            client_secret: Some(CLIENT_SECRET.into()),
            scopes: vec!["openid".into(), "profile".into()],
            sign_up: ProviderSignUp::On,
            email_domains: Vec::new(),
            require: BTreeMap::new(),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// Lets a user sign in at the address that the server has sent the browser to; returns the query with which the
    /// browser comes back.
    pub(super) fn authorize(&self, url: &str, subject: &str, change: impl FnOnce(&mut TokenDraft)) -> String {
        let (endpoint, query) = url.split_once('?').unwrap();
        assert_eq!(endpoint, format!("http://{}/authorize", self.addr));
        let asked: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT_ID));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{asked:?}");
        let mut state = self.shared.state.lock();
        let kid = format!("{}-rsa", state.key_names);
        let mut token = TokenDraft {
            header: json!({ "alg": "RS256", "typ": "JWT", "kid": kid }),
            claims: json!({
                "iss": self.issuer(), "aud": CLIENT_ID, "sub": subject, "nonce": asked["nonce"],
                "iat": now(), "exp": now() + 300, "preferred_username": subject,
            }),
            signing: Signing::Rsa,
            after: |token| token,
        };
        change(&mut token);
        state.next += 1;
        let code = format!("code {}", state.next);
        let (challenge, redirect_uri) = (asked["code_challenge"].clone(), asked["redirect_uri"].clone());
        state.codes.insert(code.clone(), Grant { challenge, redirect_uri, token });
        let mut back = form_urlencoded::Serializer::new(String::new());
        back.append_pair("code", &code).append_pair("state", &asked["state"]);
        back.append_pair("iss", self.issuer()).finish()
    }

    /// Changes a value of the metadata; null removes it.
    pub(super) fn set_metadata(&self, name: &str, value: Value) {
        self.shared.state.lock().metadata.insert(name.into(), value);
    }

    /// Gives the keys other names, as if they were new ones.
    pub(super) fn rename_keys(&self, names: &str) {
        self.shared.state.lock().key_names = names.into();
    }

    pub(super) fn key_requests(&self) -> usize {
        self.shared.state.lock().key_requests
    }

    pub(super) fn set_userinfo(&self, claims: Value) {
        self.shared.state.lock().userinfo = Some(claims);
    }

    pub(super) fn fail_tokens(&self, status: Option<u16>) {
        self.shared.state.lock().token_status = status;
    }

    /// Answers every code with the last ID token.
    pub(super) fn replay_tokens(&self) {
        let mut state = self.shared.state.lock();
        state.replayed = state.last_token.clone();
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(super) fn now() -> i64 {
    SystemClock.now().0 / 1_000
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", shared.issuer);
    let mut metadata = json!({
        "issuer": shared.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo"),
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in &shared.state.lock().metadata {
        metadata[name] = value.clone();
    }
    Json(metadata)
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut state = shared.state.lock();
    state.key_requests += 1;
    Json(shared.keys.set(&state.key_names))
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut state = shared.state.lock();
    if let Some(status) = state.token_status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET));
    let wanted = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    if headers.get(AUTHORIZATION).is_none_or(|given| given != wanted.as_str()) {
        return refuse("invalid_client");
    }
    // A code counts once.
    let Some(Grant { challenge, redirect_uri, token }) = state.codes.remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let given = BASE64URL_NOPAD.encode(&Sha256::digest(form["code_verifier"].as_bytes()));
    if given != challenge
        || form["redirect_uri"] != redirect_uri
        || form["grant_type"] != "authorization_code"
    {
        return refuse("invalid_grant");
    }
    let signed = (token.after)(shared.keys.sign(&token.header, &token.claims, token.signing));
    let signed = state.replayed.clone().unwrap_or(signed);
    state.last_token = Some(signed.clone());
    Json(json!({ "access_token": "a key", "token_type": "Bearer", "id_token": signed })).into_response()
}

async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if headers.get(AUTHORIZATION).is_none_or(|given| given != "Bearer a key") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match shared.state.lock().userinfo.clone() {
        Some(claims) => Json(claims).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
