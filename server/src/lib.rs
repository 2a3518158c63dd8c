//! The axum server: what turns HTTP and sockets into calls on [`chat::Chat`], and pages into HTML.
//!
//! It holds every side effect of the server: the listener, routes, the WebSocket gateway, cookies, files,
//! signals. It must never decide who may do what in a conversation; that is `chat`'s.
//!
//! Start reading at [`Server::start`], then `routes.rs`, then `gateway/`.

mod bench;
mod bodies;
mod boot;
mod compression;
mod config;
mod connections;
mod forms;
mod gateway;
mod guard;
mod health;
mod listener;
mod metrics;
mod negotiation;
mod ops;
mod pages;
mod pictures;
mod problem;
mod renders;
mod routes;
mod session;
mod signals;
mod site;
mod topics;

pub use bench::{Report, Unmeasured, Wish, bench};
pub use boot::{Running, Server};
pub use config::{Cli, Config, Connections, OpenTopics, Patience, Sockets, StoreChoice, Task, Wrong};
pub use ops::{Diagnosis, back_up, doctor, reset_link, restore};
pub use routes::ROUTES;
pub use signals::until_told_to_stop;
