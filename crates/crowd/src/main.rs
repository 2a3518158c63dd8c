//! The command `crowd`.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use crowd::checker::Finding;
use crowd::durable::{Acknowledged, Durable};
use crowd::fanout::Measured;
use crowd::fanout::compare::{Comparison, Line, Peer};
use crowd::idle::{Idle, Rest};
use crowd::run::{Outcome, Plan, run};
use serde::Serialize;

/// People over real sockets, and a checker of what they saw.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One run: a group, messages, kills, a verdict
    Crash(Crash),
    /// One run in which people also edit, react, come and go, rise, fall and broadcast
    Mixed {
        /// The binary under test
        #[arg(long)]
        server: PathBuf,
        /// sqlite or memory
        #[arg(long, default_value = "sqlite")]
        store: String,
        /// About how long people go on
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// How fast one message reaches many, beside other servers if they are named
    Fanout(FanoutArguments),
    /// What it costs that many are there and nothing happens
    Idle(IdleArguments),
    /// How fast what is sent is a fact
    Durable(DurableArguments),
    /// A server that only writes, to be measured beside the others: the most that one thread can do
    Raw {
        /// How many subscribers will come before the publisher
        subscribers: usize,
        /// Where to listen
        addr: SocketAddr,
    },
    /// A short run of each kind, for the tests
    Check {
        /// The binary under test
        #[arg(long)]
        server: PathBuf,
        /// A binary with deliberate bugs, which must be found
        #[arg(long)]
        planted: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct FanoutArguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// Another server to measure in turn: its name, how it is spoken to (echo, joined, nats, socketio), and the command,
    /// to which the address is added where it shall listen
    #[arg(long, value_name = "NAME=DIALECT=COMMAND")]
    beside: Vec<Peer>,
    /// How many subscribers
    #[arg(long, default_value_t = 1_000)]
    subscribers: u32,
    /// How many messages are under way at most [default: 1, 16 and 128]
    #[arg(long)]
    window: Vec<usize>,
    /// How many messages a second are published, instead of as many as the window allows
    #[arg(long)]
    rate: Vec<u32>,
    /// How many bytes a message carries
    #[arg(long, default_value_t = 128)]
    payload: usize,
    /// For how long each is measured
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often; medians are told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct IdleArguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// How many sockets
    #[arg(long, default_value_t = 8_000)]
    connections: u32,
    /// For how long nothing happens
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DurableArguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// How many senders
    #[arg(long, default_value_t = 64)]
    senders: u32,
    /// How many topics they send to
    #[arg(long, default_value_t = 8)]
    topics: u32,
    /// How many messages a second all of them send; 0 for as fast as they are answered
    #[arg(long, default_values_t = [1_000, 10_000, 0])]
    rate: Vec<u32>,
    /// For how long each is measured
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Crash {
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
}

/// The most resident memory of the server for an idle connection: it is 2.3 KiB, and the system counts in pages.
const MOST_KIB_EACH: f64 = 4.0;

#[tokio::main]
async fn main() -> ExitCode {
    // Sockets are descriptors. Where the system gives no more, opening them fails, and says so.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let good = match Cli::parse().command {
        Command::Crash(crash) => judge("crash", run(&crash.plan()).await),
        Command::Mixed { server, store, seconds } => {
            judge(&format!("{store}, mixed"), run(&mixed(server, &store, seconds)).await)
        }
        Command::Fanout(arguments) => told("fan-out", compare(arguments).await),
        Command::Idle(arguments) => told("idle", idle(arguments).await),
        Command::Durable(arguments) => told("durable", durable(arguments).await),
        Command::Raw { subscribers, addr } => told("raw", crowd::raw::serve(addr, subscribers)),
        Command::Check { server, planted } => all(server, planted).await,
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Twenty people who do something up to twenty times a second each; in memory only as often as it keeps of one log.
fn mixed(server: PathBuf, store: &str, seconds: u32) -> Plan {
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

async fn all(server: PathBuf, planted: Option<PathBuf>) -> bool {
    let short = Crash {
        server,
        store: "sqlite".into(),
        people: 20,
        messages: 1_500,
        kills: 4,
        cuts: 0,
        seed: 1,
        limit_seconds: 120,
        plant: None,
    };
    let killed = judge("sqlite, killed four times", run(&short.plan()).await);
    let cut = Plan { store: "memory".into(), kills: 0, cuts: 400, ..short.plan() };
    let cut = judge("memory, connections cut", run(&cut).await);
    let mut mixes = true;
    for store in ["sqlite", "memory"] {
        let plan = mixed(short.server.clone(), store, 4);
        mixes &= judge(&format!("{store}, a mixed crowd"), run(&plan).await);
    }
    let found = match planted {
        Some(planted) => finds_the_bug(&Plan { server: planted, ..short.plan() }).await,
        None => true,
    };
    let small = idle_is_small(&short.server).await;
    killed && cut && mixes && found && small
}

/// Whether a connection with which nothing happens stays small: what one forgets to give back, or puts into its task, is
/// there ten thousand times.
async fn idle_is_small(server: &Path) -> bool {
    let name = "an idle connection is small";
    let (store, time) = ("memory".into(), Duration::from_secs(1));
    match (Idle { server: server.to_owned(), store, connections: 800, time }).run().await {
        Ok(Rest { rss_kib_each, lost: 0, .. }) if rss_kib_each <= MOST_KIB_EACH => {
            println!("ok {name}: {rss_kib_each:.1} KiB");
            true
        }
        Ok(Rest { rss_kib_each, lost, .. }) => {
            println!("FAILED {name}: {rss_kib_each:.1} KiB each, at most {MOST_KIB_EACH}; {lost} were lost");
            false
        }
        Err(error) => {
            println!("FAILED {name}: {error}");
            false
        }
    }
}

/// Whether the checker finds a server that acknowledges before it commits. A kill must fall between the two,
/// so a few runs may be needed.
async fn finds_the_bug(plan: &Plan) -> bool {
    let name = "a planted ack before the commit is found";
    for seed in 1..=5 {
        let plan = Plan { seed, plant: Some("ack-before-commit".into()), ..plan.clone() };
        match run(&plan).await {
            Ok(outcome) if outcome.findings.iter().any(|finding| matches!(finding, Finding::Lost { .. })) => {
                println!("ok {name} ({} findings)", outcome.findings.len());
                return true;
            }
            Ok(_) => {}
            Err(error) => println!("   {error}"),
        }
    }
    println!("FAILED {name}: five runs found nothing");
    false
}

/// Measures and prints a table.
async fn compare(arguments: FanoutArguments) -> io::Result<()> {
    let FanoutArguments { server, beside, subscribers, window, rate, payload, seconds, rounds, json } =
        arguments;
    let time = Duration::from_secs(seconds);
    let windows = if window.is_empty() && rate.is_empty() { vec![1, 16, 128] } else { window };
    let comparison = Comparison { server, beside, subscribers, windows, rates: rate, payload, time, rounds };
    let lines = comparison.run().await?;
    println!("fan-out to {subscribers}, {payload} bytes, medians of {rounds} times {seconds} s");
    println!(
        "load    server        deliveries/s  median ms    p99 ms  per server-CPU-s  KiB each  surplus  kicked"
    );
    for Line { load, name, measured } in &lines {
        let Measured { deliveries_per_s, median_ms, p99_ms, surplus, kicked, .. } = measured;
        let per_cpu = measured.deliveries_per_cpu_s.unwrap_or_default();
        let each = measured.rss_kib_each.unwrap_or_default();
        let load = load.to_string();
        println!(
            "{load:<6}  {name:<12}  {deliveries_per_s:>12.0}  {median_ms:>9.1}  {p99_ms:>8.1}  {per_cpu:>16.0}  {each:>8.1}  {surplus:>7}  {kicked:>6}"
        );
    }
    write(json.as_deref(), &lines)
}

async fn idle(arguments: IdleArguments) -> io::Result<()> {
    let IdleArguments { server, store, connections, seconds, json } = arguments;
    let idle = Idle { server, store: store.clone(), connections, time: Duration::from_secs(seconds) };
    let rest = idle.run().await?;
    println!("idle, {store}: {connections} sockets, signed in, in one group, for {seconds} s");
    let Rest { rss_kib_each, cpu_us_each, lost } = rest;
    println!("{rss_kib_each:.2} KiB and {cpu_us_each:.2} µs/s each, {lost} lost");
    write(json.as_deref(), &rest)
}

async fn durable(arguments: DurableArguments) -> io::Result<()> {
    let DurableArguments { server, store, senders, topics, rate, seconds, json } = arguments;
    println!("durable, {store}: {senders} senders to {topics} topics, {seconds} s");
    println!("offered/s    acks/s  median ms    p99 ms");
    let mut all = Vec::new();
    for rate in rate {
        let (server, store, time) = (server.clone(), store.clone(), Duration::from_secs(seconds));
        let measured =
            Durable { server, store, senders, topics, rate: (rate > 0).then_some(rate), time }.run().await?;
        let Acknowledged { acks_per_s, median_ms, p99_ms } = measured;
        let offered = if rate > 0 { rate.to_string() } else { "max".into() };
        println!("{offered:<9}  {acks_per_s:>8.0}  {median_ms:>9.2}  {p99_ms:>8.2}");
        all.push((offered, measured));
    }
    write(json.as_deref(), &all)
}

/// Whether it was measured; if not, says why.
fn told(name: &str, measured: io::Result<()>) -> bool {
    if let Err(error) = &measured {
        println!("FAILED {name}: {error}");
    }
    measured.is_ok()
}

fn write(path: Option<&Path>, result: &impl Serialize) -> io::Result<()> {
    match path {
        Some(path) => fs::write(path, serde_json::to_string_pretty(result)?),
        None => Ok(()),
    }
}

fn judge(name: &str, outcome: std::io::Result<Outcome>) -> bool {
    match outcome {
        Ok(Outcome { findings, summary }) if findings.is_empty() => {
            println!("ok {name}: nothing lost, doubled or reordered; {summary}");
            true
        }
        Ok(Outcome { findings, summary }) => {
            println!("FAILED {name}: {} findings; {summary}", findings.len());
            for finding in findings.iter().take(20) {
                println!("   {finding}");
            }
            false
        }
        Err(error) => {
            println!("FAILED {name}: {error}");
            false
        }
    }
}

impl Crash {
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
