//! Settings that are one of several words.

use clap::ValueEnum;
use serde::Deserialize;

/// The meaning of a PostgreSQL standby that took over, as the operator writes it.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailoverChoice {
    /// It may lack the last messages: open pages load anew
    Epoch,
    /// It was synchronous and has every message: everything goes on
    Lossless,
}

/// The people who may join without an account, as the operator writes it.
#[derive(Clone, Copy, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignUpChoice {
    /// Everybody
    Open,
    /// Those with an invite to a group
    Invite,
    /// Nobody
    Closed,
}
