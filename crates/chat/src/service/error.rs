//! Errors of the service: refusals, which are expected and shown, and faults, which are logged.

use std::fmt;

use tokio::time::Instant;
use wire::Refusal;

use crate::service::fault_log::{FAULTS, Open};

/// The error of a call: a refusal or a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// An expected refusal, shown to the caller.
    Refusal(Refusal),
    /// An outage or a bug: logged where it happened, opaque outside.
    Fault(Fault),
}

/// An outage or a bug. Its text is for the log; outside it is [`Refusal::Unavailable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    what: String,
}

impl Fault {
    /// Creates a fault with the details that the operator needs. The log has it once; the same fault again is counted,
    /// and the count is logged when it is [over](Self::over), or when it has not happened for a minute.
    #[must_use]
    pub fn new(place: &'static str, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        if FAULTS.begins(place, &what, Instant::now()) {
            tracing::error!(fault.place = place, fault.what = what, "fault");
        }
        Self { what }
    }

    /// Creates a fault that its requester sees in full, such as an operator at a command: the log need not have it.
    #[must_use]
    pub fn unlogged(what: impl fmt::Display) -> Self {
        Self { what: what.to_string() }
    }

    /// Ends the faults of this place: it works again.
    pub fn over(place: &'static str) {
        FAULTS.over(place).iter().for_each(log_end);
    }

    /// Ends the faults that have not happened for a minute.
    pub(crate) fn sweep() {
        FAULTS.quiet(Instant::now()).iter().for_each(log_end);
    }
}

fn log_end(fault: &Open) {
    let Open { place, what, count, .. } = fault;
    tracing::error!(fault.place = place, fault.what = what, fault.count = count, "the fault is over");
}

impl Error {
    /// Returns the refusal that is shown outside.
    #[must_use]
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refusal(refusal) => refusal,
            Self::Fault(_) => Refusal::Unavailable,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
