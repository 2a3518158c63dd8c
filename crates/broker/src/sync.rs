//! The locks and atomics of this crate: those of the standard library, or those of a scheduler that decides at each of
//! them who goes on, so that `tests/schedules` can search through the orders. `Notify` stays tokio's: here it is only
//! rung and polled, never waited for by a thread, so to the scheduler each of both is one step.

#[cfg(feature = "schedules")]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(feature = "schedules"))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};
