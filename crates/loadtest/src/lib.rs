//! Load tests: simulated people over real sockets, and the checker that judges what they saw.
//!
//! It starts a real server process, has people sign up, join a group, send and listen, kills the server in between, and
//! records everything that was sent, answered and read. The [`checker`] then looks for violations of what the server
//! promised. It uses only the public interface; of our crates it must know nothing but `wire`, `probe`, which has the
//! measurements that `hubbub bench` also makes, and `services`. The server never depends on it.
//!
//! [`cluster`] does so with several nodes, on services that it starts and lets fail, while rights end.
//!
//! [`slow_consumer`], [`resume_storm`], [`churn`], [`soak`], [`groups`], [`end_to_end`] and [`nodes`] measure and check: their
//! readers, thousands of them in `listener/`, keep records for the checker. [`background_work`], [`half_sent`],
//! [`history_page`], [`pages`] and [`tenants`] only measure.
//!
//! Start reading at [`checker::check`], then [`run::run`], then `person/`.

pub mod background;
pub mod background_work;
pub mod baseline;
pub mod checker;
pub mod churn;
pub mod cluster;
pub mod end_to_end;
pub mod groups;
pub mod half_sent;
mod history;
pub mod history_page;
pub mod lateness;
pub mod leak_check;
mod listener;
pub mod nodes;
pub mod pages;
pub mod person;
pub mod record;
pub mod resume_storm;
pub mod run;
pub mod slow_consumer;
pub mod soak;
mod speaker;
pub mod tenants;
