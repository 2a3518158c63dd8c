//! A crowd of people over real sockets, and the checker that judges what they saw.
//!
//! It starts a real server process, has people introduce themselves, join a group, talk and listen, kills
//! the server in between, and writes down everything that was sent, answered and read. The [`checker`] then
//! looks for anything that was promised and not kept. It speaks only the public surface and must never know
//! of ours but `wire`.
//!
//! How fast is another question than how right: [`fanout`], [`idle`] and [`durable`] measure, and judge nothing.
//! [`slow_consumer`], [`resume_storm`], [`churn`], [`soak`], [`groups`] and [`end_to_end`] do both: their readers, thousands of them in
//! `listener/`, note what they read for the checker too.
//! What the product has of all this, as `hubbub bench`, does without the feature `people` and tells a [`watch::Watcher`] how
//! far it is.
//!
//! Start reading at [`checker::check`], then [`run::run`], then `person/`.

pub mod busy;
pub mod checker;
pub mod churn;
pub mod drift;
pub mod durable;
pub mod end_to_end;
pub mod fanout;
mod gathering;
pub mod groups;
mod guest;
mod history;
pub mod history_page;
mod http;
pub mod idle;
mod listener;
pub mod metrics;
pub mod pages;
#[cfg(feature = "people")]
pub mod person;
pub mod process;
mod quantiles;
pub mod raw;
pub mod record;
pub mod resume_storm;
#[cfg(feature = "people")]
pub mod run;
pub mod server;
pub mod slow_consumer;
pub mod soak;
mod speaker;
pub mod watch;
mod websocket;
