//! The stages of a benchmark and their expected durations.

use std::fmt;
use std::time::Duration;

use probe::fanout::WARM_UP;
use probe::idle::SETTLE;

use super::args::Plan;

/// One measurement, with a server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    OneAtATime,
    ManyAtOnce,
    Idle,
    Steady,
    FlatOut,
}

/// The approximate time a server takes to start.
const START: Duration = Duration::from_millis(150);
/// The approximate time to open a connection.
const OPEN: Duration = Duration::from_micros(250);

impl Stage {
    pub(super) const ALL: [Self; 5] =
        [Self::OneAtATime, Self::ManyAtOnce, Self::Idle, Self::Steady, Self::FlatOut];

    /// Returns the scenario that the stage belongs to.
    pub(super) const fn scenario(self) -> &'static str {
        match self {
            Self::OneAtATime | Self::ManyAtOnce => "fan-out",
            Self::Idle => "idle",
            Self::Steady | Self::FlatOut => "durable-send",
        }
    }

    /// Describes the load of the stage.
    pub(super) const fn load(self) -> &'static str {
        match self {
            Self::OneAtATime => "one message at a time",
            Self::ManyAtOnce => "many messages at once",
            Self::Idle => "people who are only there",
            Self::Steady => "messages in no hurry",
            Self::FlatOut => "messages flat out",
        }
    }

    /// Returns the connections that are opened first, as far as the stage waits for them.
    pub(super) const fn connections(self, plan: &Plan) -> u32 {
        match self {
            Self::OneAtATime | Self::ManyAtOnce => plan.subscribers,
            Self::Idle => plan.connections,
            Self::Steady | Self::FlatOut => 0,
        }
    }

    /// Returns the approximate time to start a server and open this many connections.
    pub(super) fn opening(connections: u32) -> Duration {
        START + OPEN * connections
    }

    /// Returns the approximate duration of the stage.
    pub(super) fn length(self, plan: &Plan) -> Duration {
        let rest = match self {
            // Two periods of settling, then the measurement.
            Self::Idle => 2 * plan.time.min(SETTLE) + plan.time,
            _ => WARM_UP + plan.time,
        };
        Self::opening(self.connections(plan)) + rest
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.scenario(), self.load())
    }
}
