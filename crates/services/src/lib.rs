//! Real services for tests: PostgreSQL, Redis and NATS, as Debian installs them.
//!
//! [`postgres`], [`redis`] and [`nats`] start one service for all tests of a process, each on a free port of the loopback
//! and in a temporary folder. A test that kills or stops a service starts its own, such as [`Redis::start`]. A [`Link`]
//! in front of a service cuts, delays and freezes its connections. Every service ends with the process that started
//! it, however that ends.
//!
//! If a program is not installed, the functions print one line and return none, and the test is skipped. With
//! `HUBBUB_SERVICES=required` in the environment it fails instead.
//!
//! The crate is for tests only: no product crate depends on it. Start reading at [`Service`].

mod link;
mod nats;
mod postgres;
mod programs;
mod redis;
mod service;
mod small_disk;

pub use link::{Link, Mode};
pub use nats::{Nats, nats};
pub use postgres::{Postgres, TemporaryDatabase, postgres};
pub use redis::{Redis, redis};
pub use service::Service;
