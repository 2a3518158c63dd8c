//! The figures of a benchmark, as the JSON report has them.

use probe::durable::Acknowledged;
use probe::fanout::Measured;
use probe::idle::Rest;
use serde::Serialize;

use super::machine::Machine;

/// All figures of a benchmark.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// `sqlite` or `memory`.
    pub(super) store: &'static str,
    /// The duration of each measurement, in seconds.
    pub(super) seconds: u64,
    pub(super) machine: Machine,
    pub(super) fan_out: FanoutFigures,
    pub(super) idle: IdleFigures,
    pub(super) durable_send: SendFigures,
}

/// Fan-out: the speed at which a message reaches many subscribers.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FanoutFigures {
    pub(super) subscribers: u32,
    pub(super) one_at_a_time: Measured,
    pub(super) many_at_once: Measured,
}

/// The cost of idle connections.
#[derive(Clone, Debug, Serialize)]
pub(super) struct IdleFigures {
    pub(super) connections: u32,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// Durable sends: the time until a message is committed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SendFigures {
    pub(super) senders: u32,
    /// The steady load that is offered, in messages per second.
    pub(super) offered_per_s: u32,
    pub(super) steady: Acknowledged,
    pub(super) flat_out: Acknowledged,
}
