//! Measurements of a running server, as `hubbub bench` makes them: fan-out, durable sends, idle connections and
//! the REST API.
//!
//! It starts a server process, creates users and groups over HTTP, and opens raw sockets. It uses only the public
//! interface, checks nothing, and of our crates it must know nothing but `wire`. The load tests in `loadtest` build on
//! it. Progress goes to a [`watch::Watcher`].
//!
//! Start reading at [`fanout`], [`idle`] and [`durable`].

pub mod durable;
pub mod fanout;
pub mod guest;
pub mod http;
pub mod idle;
pub mod metrics;
pub mod process;
pub mod quantiles;
pub mod rest;
pub mod server;
pub mod setup;
pub mod watch;
pub mod websocket;
