use std::fmt;

use wire::Refusal;

/// The two kinds of no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum No {
    /// An expected no, for whoever asked.
    Refusal(Refusal),
    /// An outage or a bug: logged where it happened, opaque outside.
    Fault(Fault),
}

/// An outage or a bug. What it says is for the log; outside it is [`Refusal::Unavailable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    what: String,
}

impl Fault {
    /// A fault with what the operator needs to know; logs it, once.
    #[must_use]
    pub fn new(place: &'static str, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        tracing::error!(fault.place = place, fault.what = what, "fault");
        Self { what }
    }
}

impl No {
    /// What the world outside may see of it.
    #[must_use]
    pub fn outside(self) -> Refusal {
        match self {
            Self::Refusal(refusal) => refusal,
            Self::Fault(_) => Refusal::Unavailable,
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Fault> for No {
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
