use std::fmt;
use std::time::Duration;

use crowd::fanout::WARM_UP;
use crowd::idle::SETTLE;

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

/// About how long it takes until a server serves.
const START: Duration = Duration::from_millis(150);
/// About how long it takes to open a connection.
const OPEN: Duration = Duration::from_micros(250);

impl Stage {
    pub(super) const ALL: [Self; 5] =
        [Self::OneAtATime, Self::ManyAtOnce, Self::Idle, Self::Steady, Self::FlatOut];

    /// To which scenario it belongs.
    pub(super) const fn scenario(self) -> &'static str {
        match self {
            Self::OneAtATime | Self::ManyAtOnce => "fan-out",
            Self::Idle => "idle",
            Self::Steady | Self::FlatOut => "durable-send",
        }
    }

    /// What goes on in it.
    pub(super) const fn load(self) -> &'static str {
        match self {
            Self::OneAtATime => "one message at a time",
            Self::ManyAtOnce => "many messages at once",
            Self::Idle => "people who are only there",
            Self::Steady => "messages in no hurry",
            Self::FlatOut => "messages flat out",
        }
    }

    /// How many connections it opens first, as far as one waits for them.
    pub(super) const fn connections(self, plan: &Plan) -> u32 {
        match self {
            Self::OneAtATime | Self::ManyAtOnce => plan.subscribers,
            Self::Idle => plan.connections,
            Self::Steady | Self::FlatOut => 0,
        }
    }

    /// About how long it takes until so many connections are open.
    pub(super) fn opening(connections: u32) -> Duration {
        START + OPEN * connections
    }

    /// About how long it takes as a whole.
    pub(super) fn length(self, plan: &Plan) -> Duration {
        let rest = match self {
            // It settles twice, and then it is measured.
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
