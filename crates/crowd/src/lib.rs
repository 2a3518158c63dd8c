//! Load tests: a crowd of people over real sockets, and the checker that judges what they saw.
//!
//! It starts a real server process, has people sign up, join a group, send and listen, kills the server in between, and
//! records everything that was sent, answered and read. The [`checker`] then looks for violations of what the server
//! promised. It uses only the public interface, and of our crates it must know nothing but `wire`.
//!
//! Speed and correctness are different questions: [`fanout`], [`idle`], [`half_sent`] and [`durable`] measure, and
//! check nothing.
//! [`slow_consumer`], [`resume_storm`], [`churn`], [`soak`], [`groups`] and [`end_to_end`] do both: their readers,
//! thousands of them in `listener/`, keep records for the checker too.
//! The part that the product uses, as `hubbub bench`, does without the feature `people` and reports its progress to a
//! [`watch::Watcher`].
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
pub mod half_sent;
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
