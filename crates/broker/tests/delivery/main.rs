//! Publishing, fan-out and recovery through the broker, as connections use it.

// With that feature every lock needs a scheduler, and these tests run without one.
#![cfg(not(feature = "schedules"))]

mod admission;
mod applications;
mod backpressure;
mod connection;
mod fan_out;
mod subscriptions;
