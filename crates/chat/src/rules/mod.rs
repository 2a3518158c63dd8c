//! The rules: pure functions from what is known to what becomes true, or to a refusal.

mod membership;
mod resume;

pub use membership::{found, join, leave, promote};
pub use resume::{Resume, resume};
