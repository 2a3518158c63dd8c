//! The axum server: HTTP and WebSockets to calls on [`chat::Chat`], and pages to HTML.
//!
//! It holds every side effect of the server: the listener, routes, WebSockets, cookies, files, signals. It must never
//! decide who may do what in a conversation; that is `chat`'s.
//!
//! Start reading at [`Server::start`], then `http/routes.rs`, then `websocket/`.

mod bench;
mod config;
mod http;
mod middleware;
mod open;
mod ops;
mod server;
mod websocket;

pub use crate::http::api::v1::openapi;
pub use crate::http::routes::ROUTES;
pub use crate::ops::service_manager::{notify_ready, notify_stopping};
pub use crate::ops::signals::StopSignals;
pub use crate::server::{Server, ServerHandle};
pub use bench::{BenchArgs, BenchError, Report, bench};
pub use config::{Cli, Config, ConfigError, Connections, OpenTopics, Sockets, StoreChoice, Task, Timeouts};
pub use ops::{
    Diagnosis, Import, ImportFormat, Manage, MoveArgs, back_up, doctor, export, import, list_nodes, manage,
    move_data, reset_link, restore,
};
