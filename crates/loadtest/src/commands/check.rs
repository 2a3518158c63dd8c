//! The command `loadtest check`: a short run of every test.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use loadtest::checker::Finding;
use loadtest::churn::Churn;
use loadtest::cluster::{BusKind, ClusterPlan};
use loadtest::half_sent::{Growth, HalfSent};
use loadtest::resume_storm::ResumeStorm;
use loadtest::run::{Outcome, Plan, run as carry_out};
use loadtest::slow_consumer::SlowConsumer;

use super::{idle, judge, mixed, told};

/// A short run of each test.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Server binary under test
    #[arg(long)]
    server: PathBuf,
    /// Binary with planted bugs, which must be found
    #[arg(long)]
    planted: Option<PathBuf>,
    /// The server's allocator keeps freed memory: it is not checked
    #[arg(long)]
    keeps_memory: bool,
    /// More messages, kills, connections and time
    #[arg(long)]
    long: bool,
}

/// Runs all tests; returns true if each is good.
pub(crate) async fn run(Arguments { server, planted, keeps_memory, long }: Arguments) -> bool {
    let pick = |short: u32, in_long: u32| if long { in_long } else { short };
    let kills = pick(4, 40);
    let plan = Plan {
        server: server.clone(),
        store: "sqlite".into(),
        plant: None,
        people: 20,
        messages: pick(1_500, 20_000) as usize,
        kills: kills as usize,
        cuts: 0,
        mixed: None,
        seed: 1,
        limit: Duration::from_secs(u64::from(pick(120, 1_200))),
    };
    let mut good = judged(&format!("sqlite, killed {kills} times"), carry_out(&plan).await);
    let cut = Plan { store: "memory".into(), kills: 0, cuts: 400, messages: 1_500, ..plan.clone() };
    good &= judged("memory, connections cut", carry_out(&cut).await);
    for store in ["sqlite", "memory"] {
        let mixed = mixed::plan(server.clone(), store, pick(4, 60));
        good &= judged(&format!("{store}, mixed load"), carry_out(&mixed).await);
    }
    for seed in 1..=u64::from(pick(1, 2)) {
        good &= cluster(&server, seed, long).await;
    }
    if let Some(planted) = planted {
        good &= finds_the_bug(&Plan { server: planted, messages: 1_500, kills: 4, ..plan }).await;
    }
    good &= idle::is_small(&server).await;
    good &= half_sent(&server, keeps_memory).await;
    let name = "some stop reading, and read again";
    let slow = SlowConsumer {
        server: server.clone(),
        subscribers: pick(300, 1_000),
        stalled: pick(100, 200),
        rate: 100,
        payload: 512,
        time: Duration::from_secs(u64::from(pick(4, 30))),
    };
    good &= told(name, slow.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())));
    let name = "all fall away, and come back at once";
    let storm = ResumeStorm { server: server.clone(), connections: pick(400, 5_000), messages: 200 };
    good &= told(name, storm.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())));
    let name = "many come and go";
    let churn = Churn { server, rate: 100, time: Duration::from_secs(u64::from(pick(3, 60))) };
    good & told(name, churn.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())))
}

/// Returns true if three nodes keep their promises: over Redis for an odd seed, over NATS for an even one.
async fn cluster(server: &Path, seed: u64, long: bool) -> bool {
    let (messages, faults, rate, limit_s) =
        if long { (500_000, 100, None, 7_200) } else { (6_000, 9, Some(400), 240) };
    let plan = ClusterPlan {
        server: server.to_owned(),
        bus: BusKind::of_seed(seed),
        nodes: 3,
        people: 60,
        messages,
        rate,
        faults,
        hold: Duration::from_millis(if long { 2_500 } else { 1_200 }),
        rights_pause: Duration::from_millis(if long { 800 } else { 300 }),
        seed,
        limit: Duration::from_secs(limit_s),
    };
    match plan.run().await {
        Ok(Some(outcome)) => judge("cluster", &outcome.findings, &outcome.summary),
        // Not installed; the line that says so is printed.
        Ok(None) => true,
        Err(error) => told("cluster", Err(error)),
    }
}

/// The most that the server's memory may grow, in MiB: while a thousand requests are half-sent, and afterwards.
const MOST_DURING_MIB: f64 = 64.0;
const MOST_AFTER_MIB: f64 = 8.0;

/// Returns true if half-sent requests take little memory, and give it back.
async fn half_sent(server: &Path, keeps_memory: bool) -> bool {
    let name = "half-sent requests take little memory and give it back";
    // With an allocator that keeps memory there is nothing to wait for.
    let enough_mib = if keeps_memory { f64::INFINITY } else { MOST_AFTER_MIB };
    let load = HalfSent { server: server.to_owned(), requests: 1_000, bytes: 30 * 1_024, enough_mib };
    match load.run().await {
        Ok(Growth { during_mib, after_mib }) => {
            let good = during_mib <= MOST_DURING_MIB && (keeps_memory || after_mib <= MOST_AFTER_MIB);
            let verdict = if good { "ok" } else { "FAILED" };
            println!(
                "{verdict} {name}: {during_mib:.1} MiB more while they wait, at most {MOST_DURING_MIB}; {after_mib:.1} \
                 afterwards, at most {MOST_AFTER_MIB}"
            );
            good
        }
        Err(error) => {
            println!("FAILED {name}: {error}");
            false
        }
    }
}

fn judged(name: &str, outcome: io::Result<Outcome>) -> bool {
    told(name, outcome.map(|Outcome { findings, summary }| judge(name, &findings, &summary)))
}

/// Returns true if the checker finds a server that acknowledges before it commits. A kill must fall between the two, so
/// a few runs may be needed.
async fn finds_the_bug(plan: &Plan) -> bool {
    let name = "a planted ack before the commit is found";
    for seed in 1..=5 {
        let plan = Plan { seed, plant: Some("ack-before-commit".into()), ..plan.clone() };
        match carry_out(&plan).await {
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
