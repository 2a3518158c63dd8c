use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crowd::run::{Plan, run as carry_out};

use super::{judge, write};

/// One run: a group, messages, kills, a verdict.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary under test
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory; a memory that is killed has forgotten, so kill it 0 times
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// How many people
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// How many messages in all
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// How often the server is killed
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// After about how many frames a connection breaks; 0 for never
    #[arg(long, default_value_t = 0)]
    cuts: usize,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When the run is given up
    #[arg(long, default_value_t = 300)]
    limit_seconds: u64,
    /// A deliberate bug, for binaries that have one
    #[arg(long)]
    plant: Option<String>,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Runs it, and says what came of it.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let outcome = carry_out(&arguments.plan()).await?;
    write(arguments.json.as_deref(), &outcome)?;
    Ok(judge("crash", &outcome.findings, &outcome.summary))
}

impl Arguments {
    /// What shall happen.
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
