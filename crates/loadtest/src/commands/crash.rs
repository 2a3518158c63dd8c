//! The command `loadtest crash`: kills the server while people send.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::run::{Plan, run as carry_out};

use super::{judge, write};

/// Crash test: a group, messages, kills, and a check of the result.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Server binary under test
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory; a killed server loses its memory, so use 0 kills with it
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Number of people
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// Number of messages of all people together
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Number of kills of the server
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Average number of frames after which a connection breaks; 0 for never
    #[arg(long, default_value_t = 0)]
    cuts: usize,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Timeout of the run in seconds
    #[arg(long, default_value_t = 300)]
    limit_seconds: u64,
    /// Planted bug to activate, for binaries that have one
    #[arg(long)]
    plant: Option<String>,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Runs the test, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let outcome = carry_out(&arguments.plan()).await?;
    write(arguments.json.as_deref(), &outcome)?;
    Ok(judge("crash", &outcome.findings, &outcome.summary))
}

impl Arguments {
    /// Returns the plan that these arguments describe.
    fn plan(&self) -> Plan {
        Plan {
            server: self.server.clone(),
            store: self.store.clone(),
            plant: self.plant.clone(),
            people: self.people.max(1),
            messages: self.messages,
            kills: self.kills,
            cuts: self.cuts,
            mixed: None,
            seed: self.seed,
            limit: Duration::from_secs(self.limit_seconds),
        }
    }
}
