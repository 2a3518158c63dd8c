//! HTTP: routes, pages, conversations for programs, languages, forms, open topics, webhooks, avatars, assets and health,
//! and the limits on connections, bodies and rendering.

pub(crate) mod api;
pub(crate) mod assets;
pub(crate) mod avatars;
pub(crate) mod bodies;
pub(crate) mod compression;
pub(crate) mod connection_limits;
pub(crate) mod conversations;
pub(crate) mod download_watch;
pub(crate) mod event_stream;
pub(crate) mod files;
pub(crate) mod forms;
pub(crate) mod guarded_body;
pub(crate) mod header_timer;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod languages;
pub(crate) mod listener;
pub(crate) mod negotiation;
pub(crate) mod pages;
pub(crate) mod problem;
pub(crate) mod render_limit;
pub(crate) mod routes;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod topics;
pub(crate) mod transcript;
