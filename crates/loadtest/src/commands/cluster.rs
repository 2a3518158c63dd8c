//! The command `loadtest cluster`: several nodes on one database, with faults while people send.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use loadtest::cluster::{BusKind, ClusterPlan};

use super::{judge, missing, write};

/// Cluster test: several nodes on one database and one bus, messages, rights that end, faults of every part, and a check
/// of the result.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Server binary under test
    #[arg(long)]
    server: PathBuf,
    /// Number of nodes
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// Number of people
    #[arg(long, default_value_t = 60)]
    people: usize,
    /// Bus between the nodes [default: redis for an odd seed, nats for an even one]
    #[arg(long, value_enum)]
    bus: Option<BusArgument>,
    /// Least number of messages of all people together; they send until the last fault has ended
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Messages of all people per second [default: as many as are acknowledged]
    #[arg(long)]
    rate: Option<u32>,
    /// Number of faults of nodes, database, bus, and of connections to these
    #[arg(long, default_value_t = 20)]
    faults: usize,
    /// Time for which a node or the database fails, in ms
    #[arg(long, default_value_t = 2_500)]
    hold_ms: u64,
    /// Pause of each group's admin between two rights that end, in ms
    #[arg(long, default_value_t = 400)]
    rights_pause_ms: u64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Timeout of the run in seconds
    #[arg(long, default_value_t = 600)]
    limit_seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The bus between the nodes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum BusArgument {
    /// No bus
    None,
    /// Redis, started by the test
    Redis,
    /// NATS, started by the test
    Nats,
}

/// Runs the test, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let plan = ClusterPlan {
        server: arguments.server,
        bus: match arguments.bus {
            Some(BusArgument::None) => BusKind::None,
            Some(BusArgument::Redis) => BusKind::Redis,
            Some(BusArgument::Nats) => BusKind::Nats,
            None => BusKind::of_seed(arguments.seed),
        },
        nodes: arguments.nodes.max(1),
        people: arguments.people.max(1),
        messages: arguments.messages,
        rate: arguments.rate,
        faults: arguments.faults,
        hold: Duration::from_millis(arguments.hold_ms),
        rights_pause: Duration::from_millis(arguments.rights_pause_ms),
        seed: arguments.seed,
        limit: Duration::from_secs(arguments.limit_seconds),
    };
    let outcome = plan.run().await?.ok_or_else(|| missing("PostgreSQL or the bus"))?;
    write(arguments.json.as_deref(), &outcome)?;
    Ok(judge("cluster", &outcome.findings, &outcome.summary))
}
