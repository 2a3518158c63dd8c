//! The end of an attempt of a job.

use crate::ports::store::{JobEnd, Write};

/// The end of an attempt, and what is committed with it.
pub(super) struct Ended {
    pub(super) end: JobEnd,
    pub(super) then: Vec<Write>,
}

impl From<JobEnd> for Ended {
    fn from(end: JobEnd) -> Self {
        Self { end, then: Vec::new() }
    }
}
