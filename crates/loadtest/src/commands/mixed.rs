//! The command `loadtest mixed`: people also edit, react, join, leave and broadcast.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::run::{Outcome, Plan, run as carry_out};

use super::judge;

/// Mixed load: people also edit, react, join, leave, change roles and broadcast.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Server binary under test
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Approximate duration in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the test, and prints the result.
pub(crate) async fn run(Arguments { server, store, seconds }: Arguments) -> io::Result<bool> {
    let Outcome { findings, summary } = carry_out(&plan(server, &store, seconds)).await?;
    Ok(judge(&format!("{store}, mixed"), &findings, &summary))
}

/// Returns a plan with twenty people, each with up to twenty actions per second; the memory store gets no more than it
/// keeps of one log.
pub(crate) fn plan(server: PathBuf, store: &str, seconds: u32) -> Plan {
    let people = 20;
    let seconds_of = usize::try_from(seconds).unwrap_or(usize::MAX).max(1);
    let each = if store == "memory" { (1_400 / (people * seconds_of)).clamp(1, 20) } else { 20 };
    Plan {
        server,
        store: store.into(),
        plant: None,
        people,
        messages: people * each * seconds_of,
        kills: 0,
        cuts: 400,
        mixed: Some(Duration::from_millis(1_000 / each as u64)),
        seed: 1,
        limit: Duration::from_secs(u64::from(seconds) * 4 + 60),
    }
}
