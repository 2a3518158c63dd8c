use crowd::durable::Acknowledged;
use crowd::fanout::Measured;
use crowd::idle::Rest;
use serde::Serialize;

use super::machine::Machine;

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// `sqlite` or `memory`.
    pub(super) store: &'static str,
    /// For how long each was measured.
    pub(super) seconds: u64,
    pub(super) machine: Machine,
    pub(super) fan_out: FanoutFigures,
    pub(super) idle: IdleFigures,
    pub(super) durable_send: SendFigures,
}

/// How fast a message reaches many.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FanoutFigures {
    pub(super) subscribers: u32,
    pub(super) one_at_a_time: Measured,
    pub(super) many_at_once: Measured,
}

/// What it costs that many are there.
#[derive(Clone, Debug, Serialize)]
pub(super) struct IdleFigures {
    pub(super) connections: u32,
    #[serde(flatten)]
    pub(super) rest: Rest,
}

/// How fast what is sent is a fact.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SendFigures {
    pub(super) senders: u32,
    /// How many messages a second they send when they are in no hurry.
    pub(super) offered_per_s: u32,
    pub(super) steady: Acknowledged,
    pub(super) flat_out: Acknowledged,
}
